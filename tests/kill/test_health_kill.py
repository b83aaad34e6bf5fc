"""Workers that share health and limits are killed in the middle: nothing is granted twice, nothing is left hanging."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.health import Health
from activities.limiting import SharedLimiter
from contracts.health import BreakerKey, Measured
from contracts.limiting import Granted, RateLimit
from contracts.policies import Policy
from storage.database import Database
from storage.limits import PostgresBuckets
from storage.migrating import migrate
from tests.kill.health_process import BAD, GOOD

pytestmark = [pytest.mark.real, pytest.mark.kill]

PER_MINUTE = 6000.0
KEY = "sim/shared"
PATIENCE = 30
_ROOT = Path(__file__).parents[2]


class Fleet:
    """Worker processes, each of which writes its grants to a file."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._dsn = dsn
        self._folder = folder
        self.live: list[subprocess.Popen[bytes]] = []
        self._started = 0

    def start(self) -> None:
        self._started += 1
        with (self._folder / f"{self._started}.log").open("wb") as grants:
            command = [sys.executable, "-m", "tests.kill.health_process", self._dsn, KEY, str(PER_MINUTE)]
            self.live.append(subprocess.Popen(command, stdout=grants, stderr=subprocess.DEVNULL, cwd=_ROOT))

    def kill(self) -> None:
        process = self.live.pop(0)
        process.kill()
        process.wait(PATIENCE)

    def grants(self) -> list[float]:
        """The epochs of all grants that a process lived to print whole."""
        lines = [line for log in self._folder.glob("*.log") for line in log.read_text().splitlines(keepends=True)]
        return sorted(float(line) for line in lines if line.endswith("\n"))


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    opened = Database(postgres_dsn, pool_size=4)
    await migrate(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def fleet(database: Database, tmp_path: Path) -> AsyncIterator[Fleet]:
    made = Fleet(database.dsn, tmp_path)
    yield made
    while made.live:
        made.kill()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - another process's output sets no event
            await asyncio.sleep(0.02)


def utc_now() -> datetime:
    return datetime.now(UTC)


async def test_killed_workers_cost_a_slice_at_most(fleet: Fleet, database: Database) -> None:
    fleet.start()
    fleet.start()
    await until(lambda: len(fleet.grants()) > 150)
    fleet.kill()
    count = len(fleet.grants())
    await until(lambda: len(fleet.grants()) > count + 100)
    fleet.start()
    count = len(fleet.grants())
    await until(lambda: len(fleet.grants()) > count + 200)
    reader = Health(database, process="reader", clock=utc_now, policy=Policy)
    await reader.look()
    seen: Measured = reader.view.of(GOOD)
    # What the dead process had told stays; what it had not is a second's worth.
    assert seen.calls == pytest.approx(len(fleet.grants()), rel=0.6)
    assert reader.view.breaker(BreakerKey(BAD.provider, BAD.model)).state == "open"
    while fleet.live:
        fleet.kill()
    grants = fleet.grants()
    per_second = PER_MINUTE / 60
    for at, first in enumerate(grants):
        within = [moment for moment in grants[at:] if moment <= first + 1.0]
        # A second's flow, the full bucket that stood before, and what was granted and printed a moment later.
        assert len(within) <= 2 * per_second * 1.1
    assert len(grants) <= per_second * (grants[-1] - grants[0] + 1) * 1.02 + 1
    # No lock and no lease is left: another takes over at once.
    successor = SharedLimiter(PostgresBuckets(database), {KEY: RateLimit(PER_MINUTE)})
    async with asyncio.timeout(PATIENCE):
        while not isinstance(await successor.acquire(KEY, now=utc_now()), Granted):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
