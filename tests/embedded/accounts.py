"""Running Python as an ordinary user, where the tests run as root."""

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STRANGER = pwd.getpwnam("nobody")


def environment(**more: str) -> dict[str, str]:
    """The environment without anybody's keys and servers."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_API_KEY") and not name.startswith(("PERDURE_", "TEMPORAL_", "PYTEST_"))
    }
    return {**kept, **more}


def identity() -> dict[str, Any]:
    """What makes `subprocess` run something as an ordinary user."""
    return {"user": STRANGER.pw_uid, "group": STRANGER.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def run_python(script: str, *arguments: str, as_stranger: bool = False) -> "subprocess.CompletedProcess[str]":
    """Run a script in the project's folder."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT), HOME="/nonexistent"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **(identity() if as_stranger else {}),
    )
