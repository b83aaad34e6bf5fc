"""Servers of one test's own, since they are killed, and processes of Perdure over them."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.simulator.control import Simulator
from storage.keys import new_secret
from tests.fixtures.postgres import PostgresServer
from tests.kill.processes import Processes
from workers.embedded.ports import any_free
from workers.embedded.temporal import EmbeddedTemporal


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="perdure-kill-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def temporal(folder: Path) -> Iterator[EmbeddedTemporal]:
    server = EmbeddedTemporal(folder / "temporal", port=any_free(), ui_port=any_free())
    asyncio.run(server.start())
    yield server
    server.stop()


@pytest.fixture
def processes(
    private_postgres: PostgresServer, temporal: EmbeddedTemporal, simulator: Simulator, folder: Path
) -> Iterator[Processes]:
    made = Processes(private_postgres.dsn, temporal.address, simulator, new_secret(), any_free(), folder)
    try:
        yield made
    finally:
        made.end()
        # Shown by pytest where the test fails.
        sys.stdout.write(made.logs())
