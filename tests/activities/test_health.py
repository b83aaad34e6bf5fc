"""Health over a real database, with as many processes' worth of it as a test wants."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from activities.health import Admitted, Health, Held
from contracts.errors import ErrorKind
from contracts.health import UNMEASURED, BreakerKey, Observed
from contracts.models import ModelRef
from contracts.policies import Breaker as BreakerPolicy
from contracts.policies import Policy
from storage import breakers, performance
from storage.database import Database
from storage.migrating import migrate

pytestmark = pytest.mark.real

MODEL = ModelRef(provider="sim", model="sim-fast")
OTHER = ModelRef(provider="sim", model="sim-slow")
KEY = BreakerKey("sim", "sim-fast")


class Clock:
    """A clock that a test moves; all processes read the same."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    opened = Database(postgres_dsn, pool_size=8)
    await migrate(opened)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def process(database: Database, clock: Clock) -> Callable[[str], Health]:
    """Another process's health, by its name."""
    return lambda name: Health(database, process=name, clock=clock, policy=Policy)


def answered(clock: Clock, *, seconds: float = 2.0, first: float = 0.5, model: ModelRef = MODEL) -> Observed:
    return Observed(model, clock() - timedelta(seconds=seconds), seconds, first_token=first, output_tokens=90)


def failed(
    clock: Clock, kind: ErrorKind = ErrorKind.UNAVAILABLE, *, status: int | None = 500, retry_after: float | None = None
) -> Observed:
    return Observed(MODEL, clock(), 0.1, kind=kind, status=status, retry_after=retry_after)


def see(health: Health, *seen: Observed) -> None:
    for one in seen:
        health.observe(one, counted=False)


async def open_breaker(health: Health, clock: Clock) -> None:
    see(health, *(failed(clock) for _ in range(5)))
    await health.tell()
    clock.pass_seconds(0.001)


async def test_what_one_process_measured_another_knows(process: Callable[[str], Health], clock: Clock) -> None:
    one, two, reader = process("one"), process("two"), process("reader")
    see(one, *(answered(clock) for _ in range(6)), failed(clock, ErrorKind.OVERLOADED, status=529))
    see(two, *(answered(clock, first=1.0) for _ in range(1)))
    for health in (one, two, reader):
        await health.tell()
    await reader.look()
    found = reader.view.of(MODEL)
    assert found.calls == pytest.approx(8)
    assert found.error_rate == pytest.approx(1 / 8)
    assert found.errors == {"overloaded": pytest.approx(1 / 8)}
    assert found.first_token_p50 == pytest.approx(0.5, rel=0.26)
    assert found.tokens_per_second == pytest.approx(7 * 90 / (6 * 1.5 + 1.0))
    assert reader.view.of(OTHER) is UNMEASURED
    clock.pass_seconds(Policy().routing_rules.learning.half_life_minutes * 60)
    assert reader.view.of(MODEL).calls == pytest.approx(4)
    assert reader.view.of(MODEL).error_rate == pytest.approx(1 / 8)


async def test_telling_twice_counts_once_and_new_calls_add(process: Callable[[str], Health], clock: Clock) -> None:
    one, reader = process("one"), process("reader")
    for expected in (1, 2, 3):
        see(one, answered(clock))
        await one.tell()
        await one.tell()
        await reader.look()
        await reader.look()
        assert reader.view.of(MODEL).calls == pytest.approx(expected)
        assert one.view.of(MODEL).calls == pytest.approx(expected)


async def test_calls_in_flight_are_seen_by_all_and_a_dead_process_has_none(
    process: Callable[[str], Health], database: Database, clock: Clock
) -> None:
    one, two = process("one"), process("two")
    one.began(MODEL)
    one.began(MODEL)
    two.began(MODEL)
    await one.tell()
    await two.tell()
    await one.look()
    assert one.view.of(MODEL).in_flight == 3
    two.left(MODEL)
    one.observe(answered(clock))
    await two.tell()
    await one.tell()
    await one.look()
    assert one.view.of(MODEL).in_flight == 1
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE model_performance SET updated_at = updated_at - interval '6 seconds'")
    reader = process("reader")
    await reader.look()
    assert reader.view.of(MODEL).in_flight == 0


async def test_a_row_has_one_writer_and_a_healthy_model_no_breaker(
    process: Callable[[str], Health], database: Database, clock: Clock
) -> None:
    for name in ("one", "two"):
        health = process(name)
        see(health, *(answered(clock) for _ in range(50)))
        await health.tell()
    async with database.begin() as connection:
        rows, _ = await performance.read(connection)
        assert {row.process for row in rows} == {"one", "two"}
        assert await breakers.read(connection) == {}


async def test_failures_of_two_processes_open_one_breaker(process: Callable[[str], Health], clock: Clock) -> None:
    one, two = process("one"), process("two")
    see(one, *(failed(clock) for _ in range(3)))
    await one.tell()
    see(two, *(failed(clock) for _ in range(2)))
    await two.tell()
    await one.look()
    found = one.view.of(MODEL)
    assert found.breaker == "open"
    assert found.open_until == clock() + timedelta(seconds=15)
    assert one.view.of(OTHER).breaker == "closed"
    refused = await one.admit(MODEL)
    assert refused == Held(clock() + timedelta(seconds=15), ErrorKind.UNAVAILABLE)
    assert await one.admit(OTHER) == Admitted()


async def test_many_healthy_calls_elsewhere_keep_a_few_failures_from_opening(
    process: Callable[[str], Health], clock: Clock
) -> None:
    """Successes are kept back while all is well; they count as soon as something fails."""
    one = process("one")
    see(one, *(answered(clock) for _ in range(40)))
    await one.tell()
    for _ in range(10):
        see(one, failed(clock), answered(clock, seconds=0.0))
    await one.tell()
    assert one.view.of(MODEL).breaker == "closed"
    assert sum(part.ok for part in one.view.breaker(KEY).slices) == 50


async def test_one_process_probes_and_its_success_closes_for_all(
    process: Callable[[str], Health], clock: Clock
) -> None:
    one, two = process("one"), process("two")
    await open_breaker(one, clock)
    await two.look()
    clock.pass_seconds(15)
    assert one.view.of(MODEL).breaker == "half_open"
    admitted = await asyncio.gather(one.admit(MODEL), two.admit(MODEL))
    assert sorted(isinstance(one, Admitted) for one in admitted) == [False, True]
    winner, loser = (one, two) if isinstance(admitted[0], Admitted) else (two, one)
    taken = next(found for found in admitted if isinstance(found, Admitted))
    assert taken.probes == (KEY,)
    await winner.probed(taken.probes, ok=True)
    await loser.look()
    assert loser.view.of(MODEL).breaker == winner.view.of(MODEL).breaker == "closed"


async def test_a_failed_probe_opens_it_for_another_while(process: Callable[[str], Health], clock: Clock) -> None:
    one = process("one")
    await open_breaker(one, clock)
    clock.pass_seconds(15)
    admitted = await one.admit(MODEL)
    assert isinstance(admitted, Admitted)
    await one.probed(admitted.probes, ok=False)
    assert await one.admit(MODEL) == Held(clock() + timedelta(seconds=15), ErrorKind.UNAVAILABLE)


async def test_the_lease_of_a_dead_prober_ends(process: Callable[[str], Health], clock: Clock) -> None:
    one, two = process("one"), process("two")
    await open_breaker(one, clock)
    clock.pass_seconds(15)
    assert isinstance(await one.admit(MODEL), Admitted)
    await two.look()
    assert isinstance(await two.admit(MODEL), Held)
    clock.pass_seconds(31)
    assert isinstance(await two.admit(MODEL), Admitted)


async def test_a_limit_opens_nothing_and_is_never_shortened(process: Callable[[str], Health], clock: Clock) -> None:
    one, two = process("one"), process("two")
    see(one, *(failed(clock, ErrorKind.RATE_LIMITED, status=429, retry_after=20) for _ in range(9)))
    await one.tell()
    see(two, failed(clock, ErrorKind.RATE_LIMITED, status=429, retry_after=3))
    await two.tell()
    await one.look()
    assert one.view.of(MODEL).breaker == "closed"
    assert one.view.of(MODEL).limited_until == clock() + timedelta(seconds=20)
    clock.pass_seconds(21)
    assert one.view.of(MODEL).limited_until is None


async def test_a_refused_key_opens_the_whole_provider(process: Callable[[str], Health], clock: Clock) -> None:
    one = process("one")
    see(one, failed(clock, ErrorKind.AUTHENTICATION, status=401))
    await one.tell()
    assert one.view.of(OTHER).breaker == "open"
    await one.reset([KEY, BreakerKey("sim")])
    assert one.view.of(MODEL).breaker == one.view.of(OTHER).breaker == "closed"


async def test_failures_from_before_a_recovery_do_not_open_it_again(
    process: Callable[[str], Health], clock: Clock
) -> None:
    one = process("one")
    await open_breaker(one, clock)
    stale = [failed(clock) for _ in range(20)]
    clock.pass_seconds(15)
    admitted = await one.admit(MODEL)
    assert isinstance(admitted, Admitted)
    await one.probed(admitted.probes, ok=True)
    see(one, *stale)
    await one.tell()
    assert one.view.of(MODEL).breaker == "closed"


async def test_an_opening_reaches_a_running_process_within_a_second(
    process: Callable[[str], Health], clock: Clock
) -> None:
    one, two = process("one"), process("two")
    running = [asyncio.create_task(health.run()) for health in (one, two)]
    try:
        see(one, *(failed(clock) for _ in range(5)))
        async with asyncio.timeout(1):
            await until(lambda: two.view.of(MODEL).breaker == "open")
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_what_could_not_be_told_is_told_later(empty_postgres_dsn: str, clock: Clock) -> None:
    database = Database(empty_postgres_dsn)
    one = Health(database, process="one", clock=clock, policy=Policy)
    see(one, answered(clock), *(failed(clock) for _ in range(5)))
    with pytest.raises(Exception, match="model_performance"):
        await one.tell()
    await migrate(database)
    see(one, failed(clock))
    await one.tell()
    assert one.view.of(MODEL).calls == pytest.approx(7)
    assert one.view.breaker(KEY).failures == 6
    await database.close()


async def test_the_policy_decides_when_it_opens(database: Database, clock: Clock) -> None:
    patient = Policy(breaker=BreakerPolicy(failures=100, minimum=1000, probe_seconds=2))
    one = Health(database, process="one", clock=clock, policy=lambda: patient)
    await open_breaker(one, clock)
    assert one.view.of(MODEL).breaker == "closed"


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what another task reads from a database sets no event
        await asyncio.sleep(0.01)
