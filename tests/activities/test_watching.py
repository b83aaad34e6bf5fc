"""Calls under watch: what they show reaches the others, and an open breaker holds them back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from activities.health import Health
from activities.watching import CIRCUIT_OPEN, watched
from contracts.errors import ErrorKind, PerdureError, ProviderError
from contracts.models import ModelRef
from contracts.policies import Policy
from contracts.usage import Usage
from providers.pool import OWN_LIMIT
from storage.database import Database
from storage.migrating import migrate

pytestmark = pytest.mark.real

MODEL = ModelRef(provider="sim", model="sim-fast")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    opened = Database(postgres_dsn, pool_size=4)
    await migrate(opened)
    yield opened
    await opened.close()


@pytest.fixture
def health(database: Database, clock: Clock) -> Health:
    return Health(database, process="one", clock=clock, policy=Policy)


def broken(kind: ErrorKind = ErrorKind.OVERLOADED, code: str | None = None) -> ProviderError:
    return ProviderError(kind, "it failed", provider="sim", status=503, provider_code=code)


async def fail_often(health: Health, clock: Clock) -> None:
    for _ in range(5):
        async with watched(health, MODEL, clock) as watch:
            watch.saw(error=broken())
    await health.tell()
    clock.pass_seconds(0.001)


async def test_a_call_is_measured_by_its_own_times(health: Health, clock: Clock) -> None:
    async with watched(health, MODEL, clock) as watch:
        await health.tell()
        assert health.view.of(MODEL).in_flight == 1
        clock.pass_seconds(2)
        watch.saw(error=None, first_token_ms=500, usage=Usage(output=90))
    await health.tell()
    found = health.view.of(MODEL)
    assert (found.in_flight, found.calls, found.total, found.tokens_per_second) == (0, 1, 2, 60)


async def test_a_call_that_an_open_breaker_holds_back_is_not_made(health: Health, clock: Clock) -> None:
    await fail_often(health, clock)
    with pytest.raises(ProviderError) as raised:
        async with watched(health, MODEL, clock):
            pytest.fail("the call was made")
    held = raised.value
    assert (held.kind, held.provider_code) == (ErrorKind.OVERLOADED, CIRCUIT_OPEN)
    assert held.retry_after == pytest.approx(15, abs=0.01)


@pytest.mark.parametrize(
    ("error", "stopped", "first", "state"),
    [
        (None, False, 100, "closed"),
        (PerdureError(ErrorKind.INVALID_REQUEST, "no"), False, None, "closed"),
        (broken(ErrorKind.RATE_LIMITED), False, None, "closed"),
        (broken(), False, None, "open"),
        (None, True, 100, "closed"),
        (None, True, None, "half_open"),
        (broken(ErrorKind.RATE_LIMITED, OWN_LIMIT), False, None, "half_open"),
        (PerdureError(ErrorKind.INTERNAL, "ours"), False, None, "half_open"),
    ],
    ids=["answered", "judged", "limited", "failed", "stopped-late", "stopped-early", "own-limit", "ours"],
)
async def test_the_first_call_when_it_is_due_is_the_probe(
    health: Health, clock: Clock, error: PerdureError | None, stopped: bool, first: int | None, state: str
) -> None:
    """Half open: the probe found nothing out, and the next call may be one at once."""
    await fail_often(health, clock)
    clock.pass_seconds(15)
    async with watched(health, MODEL, clock) as watch:
        with pytest.raises(ProviderError):
            async with watched(health, MODEL, clock):
                pytest.fail("two probes at once")
        clock.pass_seconds(0.5)
        watch.saw(error=error, stopped=stopped, first_token_ms=first)
    await health.tell()
    assert health.view.of(MODEL).breaker == state


async def test_a_worker_that_is_stopped_in_a_call_says_nothing_of_the_provider(health: Health, clock: Clock) -> None:
    began = asyncio.Event()

    async def call() -> None:
        async with watched(health, MODEL, clock):
            began.set()
            await asyncio.Event().wait()

    calling = asyncio.create_task(call())
    await began.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await health.tell()
    found = health.view.of(MODEL)
    assert (found.in_flight, found.calls) == (0, 0)
