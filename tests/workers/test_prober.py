"""Probing over a real database and the simulator: one worker asks, and what is back is noticed by all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from activities.credentials import SharedCredentials
from activities.health import Health
from activities.limiting import SharedLimiter
from contracts.errors import ErrorKind
from contracts.health import BreakerKey, Observed
from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.policies import Policy
from contracts.requests import ModelRequest
from providers.collect import complete
from providers.protocol import Credential, Provider, ProviderConfig
from providers.registry import build
from providers.simulator.calls import key_name
from providers.simulator.control import Simulator
from storage import provider_checks
from storage.database import Database
from storage.limits import PostgresBuckets
from storage.migrating import migrate
from workers.health import running_health
from workers.prober import Prober

pytestmark = pytest.mark.real

MODEL = ModelRef(provider="sim", model="sim-fast")


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker's health, limiter, providers and prober."""

    health: Health
    limiter: SharedLimiter
    providers: dict[str, Provider]
    prober: Prober
    name: str

    async def look(self) -> None:
        """What its loops do in a round, and the end of what they began."""
        await self.health.tell()
        await self.health.look()
        await self.prober.look()
        await self.prober.settled()


@dataclass(frozen=True, slots=True)
class Place:
    """Workers that share a database."""

    database: Database
    simulator: Simulator
    clock: Clock
    stack: AsyncExitStack

    def worker(self, name: str, *, credentials: tuple[Credential, ...] = ()) -> Worker:
        health = Health(self.database, process=name, clock=self.clock, policy=Policy)
        limiter = SharedLimiter(PostgresBuckets(self.database))
        keeper = SharedCredentials(health, limiter, self.clock)
        config = ProviderConfig("sim", "openai-chat", "sim-key", self.simulator.openai_url, credentials=credentials)
        providers = build([config], keeper=keeper)
        self.stack.push_async_callback(providers["sim"].close)
        prober = Prober(health, self.database, providers, process=name, clock=self.clock)
        return Worker(health, limiter, providers, prober, name)


@pytest.fixture
async def place(postgres_dsn: str, simulator: Simulator) -> AsyncIterator[Place]:
    database = Database(postgres_dsn, pool_size=8)
    await migrate(database)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        yield Place(database, simulator, Clock(), stack)


def probes(simulator: Simulator) -> list[str]:
    return [row["model"] for row in simulator.calls() if (row["client_request_id"] or "").startswith("probe/")]


async def open_breaker(worker: Worker, clock: Clock, kind: ErrorKind = ErrorKind.OVERLOADED) -> None:
    for _ in range(5):
        worker.health.observe(Observed(MODEL, clock(), 0.1, kind=kind, status=503), counted=False)
    await worker.health.tell()
    assert worker.health.view.of(MODEL).breaker == "open"


async def test_one_of_two_workers_probes_in_time_and_both_know(place: Place) -> None:
    one, two = place.worker("one"), place.worker("two")
    await open_breaker(one, place.clock)
    await asyncio.gather(one.look(), two.look())
    assert probes(place.simulator) == []
    # Within fifteen seconds, half a second of which passes before a worker looks.
    place.clock.ahead += timedelta(seconds=14.4)
    await asyncio.gather(one.look(), two.look())
    assert probes(place.simulator) == ["sim-fast"]
    await asyncio.gather(one.health.look(), two.health.look())
    assert one.health.view.of(MODEL).breaker == two.health.view.of(MODEL).breaker == "closed"


async def test_what_is_still_away_stays_open(place: Place) -> None:
    one = place.worker("one")
    await open_breaker(one, place.clock)
    place.simulator.scenario({"error": {"kind": "overloaded"}}, times=1)
    place.clock.ahead += timedelta(seconds=15)
    await one.look()
    assert one.health.view.of(MODEL).breaker == "open"
    await one.look()
    assert len(probes(place.simulator)) == 1
    place.clock.ahead += timedelta(seconds=15)
    await one.look()
    assert one.health.view.of(MODEL).breaker == "closed"
    assert len(probes(place.simulator)) == 2


async def test_a_provider_that_is_away_is_asked_nothing_that_costs(place: Place) -> None:
    one = place.worker("one")
    await open_breaker(one, place.clock)
    place.simulator.scenario({"error": {"kind": "unavailable"}}, match={"endpoint": "models"})
    place.clock.ahead += timedelta(seconds=15)
    await one.look()
    assert one.health.view.of(MODEL).breaker == "open"
    assert probes(place.simulator) == []


async def test_a_credential_that_one_worker_found_refused_is_used_by_none_until_it_works(place: Place) -> None:
    credentials = Credential("a", "key-of-a"), Credential("b", "key-of-b", weight=0.0001)
    one, two = (place.worker(name, credentials=credentials) for name in ("one", "two"))
    request = ModelRequest(model=MODEL, messages=(Message(role="user", parts=(TextPart(text="hello"),)),))
    simulator = place.simulator

    async def keys_used(worker: Worker) -> list[str]:
        before = len(simulator.calls())
        await complete(worker.providers["sim"], request, call_id="turn/0/1")
        await worker.health.tell()
        names = {key_name("key-of-a"): "a", key_name("key-of-b"): "b"}
        return [names[row["key"]] for row in simulator.calls()[before:]]

    refusing = simulator.scenario({"error": {"kind": "authentication"}}, match={"key": "key-of-a"})
    assert await keys_used(one) == ["a", "b"]
    await two.health.look()
    assert await keys_used(two) == ["b"]
    assert refusing
    simulator.clear_scenarios()
    place.clock.ahead += timedelta(seconds=15)
    await one.look()
    await two.health.look()
    assert await keys_used(two) == ["a"]


async def test_limits_of_credentials_are_shared(place: Place) -> None:
    credentials = (
        Credential("a", "key-of-a", requests_per_minute=60),
        Credential("b", "key-of-b", requests_per_minute=60),
    )
    one, two = (place.worker(name, credentials=credentials) for name in ("one", "two"))
    request = ModelRequest(model=MODEL, messages=(Message(role="user", parts=(TextPart(text="hello"),)),))
    for worker in (one, two):
        await complete(worker.providers["sim"], request, call_id="turn/0/1")
    with pytest.raises(Exception, match="at their limits"):
        await complete(one.providers["sim"], request, call_id="turn/0/1")
    assert len(place.simulator.totals()) == 2


async def test_providers_are_checked_by_one_worker_and_when_asked(place: Place) -> None:
    one, two = place.worker("one"), place.worker("two")
    await asyncio.gather(one.look(), two.look())
    checks = [row for row in place.simulator.calls() if row["endpoint"] == "models"]
    assert len(checks) == 1
    await asyncio.gather(one.look(), two.look())
    assert len([row for row in place.simulator.calls() if row["endpoint"] == "models"]) == 1
    async with place.database.begin() as connection:
        assert await provider_checks.ask(connection, ["sim", "nobody"], now=place.clock()) == {"sim"}
    await two.look()
    async with place.database.begin() as connection:
        (found,) = await provider_checks.listed(connection)
    assert (found.provider, found.ok) == ("sim", True)
    assert len([row for row in place.simulator.calls() if row["endpoint"] == "models"]) == 2


async def test_it_runs_by_itself_and_tells_the_rest_at_its_end(place: Place) -> None:
    worker, other = place.worker("one"), place.worker("two")
    running = running_health(
        worker.health, worker.limiter, place.database, worker.providers, process=worker.name, clock=place.clock
    )
    async with running:
        await open_breaker(worker, place.clock)
        place.clock.ahead += timedelta(seconds=15)
        async with asyncio.timeout(10):
            while worker.health.view.breaker(BreakerKey("sim", "sim-fast")).state != "closed":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        worker.health.observe(Observed(MODEL, place.clock(), 1.0), counted=False)
    await other.health.look()
    assert other.health.view.of(MODEL).calls == pytest.approx(6, abs=0.1)
