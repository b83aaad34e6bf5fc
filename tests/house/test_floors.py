"""The floors hold, and each of the contracts that guard them fails when it is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "cli",
    "contracts",
    "domain",
    "providers",
    "storage",
    "tools",
    "workflows",
    "activities",
    "workers",
    "api",
    "perdure_client",
)

BREACHES = [
    ("contracts/errors.py", "import storage.tables", "The house has floors"),
    ("api/__init__.py", "import workers.worker", "The house has floors"),
    ("domain/routing/route.py", "import providers.protocol", "The house has floors"),
    ("workflows/fallback.py", "import domain.retries", "Workflows speak only in contracts"),
    ("workflows/fallback.py", "import openai", "Workflows speak only in contracts"),
    ("storage/ids.py", "import temporalio", "Judgement and adapters know nothing of Temporal"),
    ("tools/limits.py", "import storage.ids", "The house has floors"),
    ("tools/limits.py", "import temporalio", "Judgement and adapters know nothing of Temporal"),
    ("api/__init__.py", "import providers.protocol", "The API never calls a provider"),
    ("perdure_client/errors.py", "import contracts.errors", "The client stands alone"),
    ("activities/world.py", "import settings", "Only the front rooms read settings"),
]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The house, copied to where it can be broken."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("settings.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_floors_hold(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("file", "line", "contract"), BREACHES)
def test_a_breach_is_named(copy: Path, file: str, line: str, contract: str) -> None:
    broken = copy / file
    broken.write_text(f"{broken.read_text()}\n{line}\n")
    done = lint_imports(copy)
    assert done.returncode != 0
    assert f"{contract} BROKEN" in done.stdout
    assert file.removesuffix(".py").replace("/", ".").removesuffix(".__init__") in done.stdout
