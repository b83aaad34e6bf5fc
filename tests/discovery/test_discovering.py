"""Workers ask, the database keeps, and every process's catalogs follow."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.events import ProviderEvent
from contracts.requests import ModelRequest
from domain.catalog import Catalogs
from providers.protocol import Capabilities, Health, Provider, ProviderConfig
from providers.registry import build
from storage import discovered
from storage.database import Database
from storage.discovered import Discovery
from storage.migrating import migrate
from tests.discovery.serving import KEY, Served, serving
from workers.cataloguing import CatalogWatch
from workers.discovering import FRESH, FRESH_AT_START, RETRY, Discoverer
from workers.offering import offer_of


class Clock:
    """A time that the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Mute:
    """A provider that cannot list its models, as a wire without such an endpoint."""

    config = ProviderConfig("mute", "bedrock", KEY)

    def stream(self, request: ModelRequest, *, call_id: str) -> AsyncIterator[ProviderEvent]:
        raise AssertionError("nobody asks it for an answer")

    async def check_health(self) -> Health:
        raise AssertionError("nobody asks for its health")

    def capabilities(self, model: str) -> Capabilities:
        return Capabilities()

    async def close(self) -> None:
        return None


class Place:
    """A server whose list the test changes, a provider that reaches it, and what a worker and an API make of them."""

    def __init__(self, database: Database, served: Served) -> None:
        self.database = database
        self.served = served
        self.clock = Clock()
        self.configs = [
            ProviderConfig("house", "openai-chat", KEY, f"{served.url}/v1"),
            ProviderConfig("sim", "openai-chat", KEY, f"{served.url}/v1", simulated=True),
        ]
        self.providers: dict[str, Provider] = {**build(self.configs), "mute": Mute()}
        self.catalogs = Catalogs([offer_of(config) for config in self.configs], on=self.clock().date())
        self.watch = CatalogWatch(database, self.catalogs, self.clock)

    def discoverer(self) -> Discoverer:
        return Discoverer(self.database, self.providers, self.clock)

    async def states(self) -> dict[str, Discovery]:
        async with self.database.begin() as connection:
            return {one.provider: one for one in await discovered.states(connection)}

    def house(self) -> list[str]:
        return [ref.model for ref in self.catalogs.plain.models if ref.provider == "house"]


answers: dict[str, Any] = {}


@pytest.fixture
async def place(postgres_dsn: str) -> AsyncIterator[Place]:
    database = Database(postgres_dsn)
    await migrate(database)
    answers.clear()
    answers["/v1/models"] = {"data": [{"id": "one", "context_length": 9_000}, {"id": "two"}]}
    async with serving(answers) as served:
        place = Place(database, served)
        yield place
        for provider in place.providers.values():
            await provider.close()
    await database.close()


async def test_what_a_worker_finds_another_process_knows(place: Place) -> None:
    assert await place.watch.look() is False
    assert await place.discoverer().discover() == ("house", "mute")
    assert place.house() == []
    assert await place.watch.look() is True
    assert place.house() == ["one", "two"]
    entry = place.catalogs.plain.entry(place.catalogs.plain.resolve("house:one"))
    assert (entry.window, entry.source) == (9_000, "discovered")
    assert await place.watch.look() is False


async def test_a_simulated_provider_is_not_asked(place: Place) -> None:
    await place.discoverer().discover()
    assert set(await place.states()) == {"house", "mute"}
    assert place.served.asked == ["GET /v1/models"]


async def test_it_is_asked_again_after_an_hour_and_what_is_gone_is_gone(place: Place) -> None:
    await place.discoverer().discover()
    answers["/v1/models"] = {"data": [{"id": "two"}, {"id": "three"}]}
    place.clock.now += FRESH - timedelta(seconds=1)
    assert "house" not in await place.discoverer().discover()
    place.clock.now += timedelta(seconds=1)
    assert "house" in await place.discoverer().discover()
    await place.watch.look()
    assert place.house() == ["two", "three"]


async def test_a_restart_asks_again_but_not_at_once(place: Place) -> None:
    await place.discoverer().discover(fresh=FRESH_AT_START)
    assert "house" not in await place.discoverer().discover(fresh=FRESH_AT_START)
    place.clock.now += FRESH_AT_START
    assert "house" in await place.discoverer().discover(fresh=FRESH_AT_START)


async def test_a_wish_is_fulfilled_at_the_next_look(place: Place) -> None:
    await place.discoverer().discover()
    place.clock.now += timedelta(seconds=5)
    async with place.database.begin() as connection:
        await discovered.request(connection, ["house"], now=place.clock())
    assert (await place.states())["house"].pending
    assert await place.discoverer().discover() == ("house",)
    assert not (await place.states())["house"].pending


async def test_a_failure_is_told_without_the_key_and_what_was_found_stays(place: Place) -> None:
    await place.discoverer().discover()
    answers["/v1/models"] = 401, {"error": {"message": f"wrong key {KEY}"}}
    place.clock.now += FRESH
    await place.discoverer().discover()
    found = (await place.states())["house"]
    assert (found.error_kind, found.models) == ("authentication", 2)
    assert KEY not in (found.error_message or "")
    await place.watch.look()
    assert place.house() == ["one", "two"]
    answers["/v1/models"] = {"data": [{"id": "back"}]}
    place.clock.now += RETRY
    assert "house" in await place.discoverer().discover()
    await place.watch.look()
    assert place.house() == ["back"]


async def test_a_provider_without_a_list_says_so_and_the_others_are_asked(place: Place) -> None:
    await place.discoverer().discover()
    found = await place.states()
    assert (found["mute"].error_kind, found["house"].error_kind) == ("invalid_request", None)
    assert "no list of models" in (found["mute"].error_message or "")


async def test_ten_workers_ask_once(place: Place) -> None:
    took = await asyncio.gather(*(place.discoverer().discover() for _ in range(10)))
    assert sorted(name for names in took for name in names) == ["house", "mute"]
    assert place.served.asked == ["GET /v1/models"]


async def test_the_watch_follows_the_day(place: Place) -> None:
    before = place.catalogs.plain
    assert before.on is not None
    place.clock.now += timedelta(days=1)
    assert await place.watch.look() is True
    assert place.catalogs.plain.on == before.on + timedelta(days=1)
