"""Folders that every account may enter, and conditions that are waited for."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.postgres import begun_before


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's own, which no other account may enter: as root the servers run as another.
    made = Path(tempfile.mkdtemp(prefix="perdure-embedded-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def begun(folder: Path) -> Path:
    """The same, with the data of a PostgreSQL that was started there before."""
    begun_before(folder / "postgres")
    return folder


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can change accounts")
