"""What workflow code may not touch is refused by the linter."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "code",
    [
        "import time\n\nBEGAN = time.time()\n",
        "from datetime import UTC, datetime\n\nBEGAN = datetime.now(UTC)\n",
        "import random\n\nDRAWN = random.random()\n",
        "import os\n\nHOME = os.environ['HOME']\n",
        "from uuid import uuid4\n\nID = uuid4()\n",
        "print('seen at every replay')\n",
    ],
)
def test_the_linter_refuses(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--stdin-filename", "workflows/broken.py", "-"],
        input=f'"""Broken on purpose."""\n\n{code}',
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "TID251" in done.stdout or "T201" in done.stdout
