"""What providers list, kept for other processes, and whose turn it is to be asked."""

import asyncio
from datetime import timedelta
from typing import cast

from contracts.catalog import DiscoveredModel
from contracts.errors import ErrorKind, ProviderError
from contracts.routing import Capability
from storage import discovered
from storage.database import Database
from storage.discovered import CLAIM, Discovery
from tests.storage.scenes import NOW

FRESH = timedelta(hours=1)
RETRY = timedelta(minutes=5)
MODELS = (
    DiscoveredModel(
        name="qwen3:8b",
        window=40_960,
        max_output=8_000,
        can=frozenset({Capability.TOOLS}),
        cannot=frozenset({Capability.IMAGES}),
        tags=frozenset({"house"}),
        aliases=("qwen",),
        deprecated=True,
    ),
    DiscoveredModel(name="another \u2603"),
)


async def claimed(database: Database, *providers: str, at: timedelta = timedelta()) -> list[str]:
    async with database.begin() as connection:
        return await discovered.claim(connection, providers, now=NOW + at, fresh=FRESH, retry=RETRY)


async def stored(database: Database, *models: DiscoveredModel, at: timedelta = timedelta()) -> None:
    async with database.begin() as connection:
        await discovered.store(connection, "ollama", models, checked_at=NOW + at)


async def failed(database: Database, at: timedelta = timedelta()) -> None:
    error = ProviderError(ErrorKind.AUTHENTICATION, "ollama does not take our key", provider="ollama")
    async with database.begin() as connection:
        await discovered.store_failure(connection, "ollama", error, checked_at=NOW + at)


async def state(database: Database) -> Discovery:
    async with database.begin() as connection:
        (found,) = await discovered.states(connection)
    return found


async def kept(database: Database) -> dict[str, tuple[DiscoveredModel, ...]]:
    async with database.begin() as connection:
        return await discovered.models(connection)


async def revision(database: Database) -> int:
    async with database.begin() as connection:
        return await discovered.revision(connection)


async def test_what_is_stored_is_read_again_in_its_order(database: Database) -> None:
    assert await claimed(database, "ollama", "groq") == ["groq", "ollama"]
    await stored(database, *MODELS)
    assert await kept(database) == {"ollama": MODELS}
    await stored(database, MODELS[1])
    assert await kept(database) == {"ollama": (MODELS[1],)}
    await stored(database)
    assert await kept(database) == {}


async def test_one_worker_asks_at_a_time_until_its_claim_runs_out(database: Database) -> None:
    assert await claimed(database, "ollama") == ["ollama"]
    assert await claimed(database, "ollama", at=CLAIM - timedelta(seconds=1)) == []
    assert await claimed(database, "ollama", at=CLAIM) == ["ollama"]


async def test_many_workers_that_start_together_ask_each_provider_once(database: Database) -> None:
    names = [f"provider-{number}" for number in range(6)]
    found = await asyncio.gather(*(claimed(database, *names) for _ in range(8)))
    assert sorted(name for each in found for name in each) == names


async def test_a_provider_is_asked_again_when_its_answer_is_old(database: Database) -> None:
    await claimed(database, "ollama")
    await stored(database, *MODELS)
    assert await claimed(database, "ollama", at=FRESH - timedelta(seconds=1)) == []
    assert await claimed(database, "ollama", at=FRESH) == ["ollama"]


async def test_a_failure_keeps_what_was_found_and_is_tried_sooner(database: Database) -> None:
    await claimed(database, "ollama")
    await stored(database, *MODELS)
    await claimed(database, "ollama", at=FRESH)
    await failed(database, FRESH)
    found = await state(database)
    assert (found.models, found.found_at, found.checked_at) == (2, NOW, NOW + FRESH)
    assert (found.error_kind, found.error_message) == ("authentication", "ollama does not take our key")
    assert (await kept(database))["ollama"] == MODELS
    assert await claimed(database, "ollama", at=FRESH + RETRY - timedelta(seconds=1)) == []
    assert await claimed(database, "ollama", at=FRESH + RETRY) == ["ollama"]
    await stored(database, *MODELS, at=FRESH + RETRY)
    assert (await state(database)).error_kind is None


async def test_a_wish_makes_a_provider_due_and_is_pending_until_it_was_asked_since(database: Database) -> None:
    await claimed(database, "ollama")
    await stored(database, *MODELS)
    wished = timedelta(seconds=10)
    async with database.begin() as connection:
        await discovered.request(connection, ["ollama"], now=NOW + wished)
        await discovered.request(connection, ["ollama"], now=NOW)
    found = await state(database)
    assert (found.pending, found.requested_at) == (True, NOW + wished)
    assert await claimed(database, "ollama", at=wished) == ["ollama"]
    # An answer that was asked for before the wish does not fulfil it.
    await stored(database, *MODELS, at=wished - timedelta(seconds=1))
    assert (await state(database)).pending
    await stored(database, *MODELS, at=wished)
    assert not (await state(database)).pending


async def test_a_wish_for_a_provider_that_was_never_asked(database: Database) -> None:
    async with database.begin() as connection:
        await discovered.request(connection, ["ollama"], now=NOW)
    assert (await state(database)).pending
    assert await claimed(database, "ollama") == ["ollama"]
    await failed(database)
    assert not (await state(database)).pending


async def test_the_revision_changes_with_what_is_kept_and_not_with_failures(database: Database) -> None:
    assert await revision(database) == 0
    await claimed(database, "ollama", "groq")
    assert await revision(database) == 0
    await stored(database, *MODELS)
    first = await revision(database)
    await failed(database)
    assert await revision(database) == first > 0
    await stored(database)
    assert await revision(database) > first


async def test_nobody_is_asked_for_nothing(database: Database) -> None:
    assert await claimed(database) == []
    assert await kept(database) == {}
    async with database.begin() as connection:
        assert cast(list[Discovery], await discovered.states(connection)) == []
