"""`/api/models`: every filter, pages, names, what is away, what is discovered, and the workspace's policy."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from temporalio.client import Client

from activities.classifying import Classifying
from activities.health_view import HealthView
from activities.planning import Planner
from contracts.catalog import DiscoveredModel
from contracts.errors import ErrorKind, ProviderError
from contracts.health import Breaker, BreakerKey
from contracts.policies import ModelPolicy, Policy
from domain.catalog import Catalogs, offer
from domain.policies.force import FixedPolicies
from storage import breakers, discovered, provider_checks
from storage.provider_checks import Check
from tests.api.conftest import Open, opening

pytestmark = pytest.mark.real

VENDORS = ("openai", "anthropic", "google", "mistral")
POLICY = Policy(
    models={
        "gpt-4o-mini": ModelPolicy(aliases=("house-model",), tags=("approved",), quality=0.42),
        "anthropic:claude-3-haiku": ModelPolicy(enabled=False),
    }
)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def listed(postgres_dsn: str, temporal_client: Client) -> AsyncIterator[Open]:
    """Doors over the price list of four vendors, a server of one's own whose models were found, and the simulator."""
    real = [offer(name, own_server=False, simulated=False) for name in VENDORS]
    house = offer("house", own_server=True, simulated=False, address="http://127.0.0.1:8000/v1", price_list="")
    catalogs = Catalogs([*real, house, offer("sim", own_server=True, simulated=True)], on=now().date())
    catalogs.update(found={"house": (DiscoveredModel(name="org/tiny:q4", window=9_000),)})
    policies = FixedPolicies(POLICY)
    planner = Planner(catalogs, policies, HealthView(now, lambda: 1800), Classifying())
    async with opening(postgres_dsn, temporal_client, catalogs=catalogs, planner=planner, policies=policies) as opened:
        yield opened


async def got(opened: Open, path: str, status: int = 200, **asked: Any) -> dict[str, Any]:
    async with opened.http() as http:
        answer = await http.get(path, params=asked)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def names(opened: Open, path: str = "/api/models", **asked: Any) -> list[str]:
    return [one["id"] for one in (await got(opened, path, limit=200, **asked))["data"]]


async def test_each_filter_holds_for_all_that_it_finds(listed: Open) -> None:
    async def data(**asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await got(listed, "/api/models", limit=200, **asked))["data"]
        assert found, asked
        return found

    everything = (await got(listed, "/api/models"))["total"]
    able = await data(capability=["tools", "audio"])
    assert all({"tools", "audio"} <= set(one["capabilities"]) for one in able)
    assert {one["provider"] for one in await data(provider=["mistral", "sim"])} == {"mistral", "sim"}
    assert all("code" in one["tags"] for one in await data(tag="code"))
    assert all(set(one["regions"]) & {"eu", "local"} for one in await data(region=["eu", "local"]))
    assert all("no_training" in one["privacy"] for one in await data(privacy="no_training"))
    assert all(one["window"] >= 1_000_000 for one in await data(min_window=1_000_000))
    assert all(Decimal(one["prices"]["blended"]) <= Decimal("0.3") for one in await data(max_price="0.3"))
    assert all("sonnet" in one["model"] for one in await data(q="claude SONNET"))
    assert not any(one["chats"] for one in await data(chats="false"))
    assert (await got(listed, "/api/models", deprecated="true"))["total"] > everything
    together = await names(listed, provider="google", capability="images", max_price=1, min_window=500_000, q="flash")
    assert "google:gemini-2.5-flash" in together
    assert (await got(listed, "/api/models", q="no such words")) == {"data": [], "total": 0, "next_cursor": None}


async def test_pages_hold_every_model_once(listed: Open) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await got(listed, "/api/models", limit=77, **({"cursor": cursor} if cursor else {}))
        seen += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == page["total"]
    assert "house:org/tiny:q4" in seen


BAD = (
    ({"capability": "telepathy"}, "capability"),
    ({"provider": "nobody"}, "provider"),
    ({"min_window": "0"}, "min_window"),
    ({"min_window": "many"}, "min_window"),
    ({"max_price": "-1"}, "max_price"),
    ({"max_price": "cheap"}, "max_price"),
    ({"q": "x" * 201}, "q"),
    ({"chats": "perhaps"}, "chats"),
    ({"limit": "0"}, "limit"),
    ({"cursor": "nonsense"}, "cursor"),
)


async def test_a_bad_filter_is_refused_by_name(listed: Open) -> None:
    for path in ("/api/models", "/api/models/available"):
        for asked, field in BAD:
            refused = await got(listed, path, 400, **asked)
            assert field in str(refused.get("field")), refused
    refused = await got(listed, "/api/models", 400, provider="nobody")
    assert "openai, anthropic, google, mistral, house, sim" in refused["detail"]


async def test_a_cursor_of_another_question_is_refused(listed: Open) -> None:
    page = await got(listed, "/api/models", provider="openai", limit=1)
    refused = await got(listed, "/api/models", 400, provider="mistral", cursor=page["next_cursor"])
    assert refused["field"] == "cursor"


NAMES = {
    "openai:gpt-4o": "openai:gpt-4o",
    "gpt-4o": "openai:gpt-4o",
    "claude-4.5-sonnet": "anthropic:claude-sonnet-4-5",
    "gpt-4o-2024-08-06": "openai:gpt-4o-2024-08-06",
    "house-model": "openai:gpt-4o-mini",
    "house:org/tiny:q4": "house:org/tiny:q4",
    "house:another/one": "house:another/one",
}


async def test_a_model_by_any_of_its_names(listed: Open) -> None:
    for name, meant in NAMES.items():
        assert (await got(listed, f"/api/models/{name}"))["id"] == meant


async def test_what_is_told_of_a_model(listed: Open) -> None:
    told = await got(listed, "/api/models/anthropic:claude-sonnet-4-5")
    assert told["prices"] == {
        "input": "3",
        "output": "15",
        "cache_read": "0.3",
        "cache_write": "3.75",
        "blended": "6",
    }
    assert (told["window"] > 100_000, told["max_output"], told["tokenizer"]) == (True, 64_000, "claude")
    house = await got(listed, "/api/models/house:org/tiny:q4")
    assert (house["window"], house["prices"], house["source"], house["regions"]) == (
        9_000,
        None,
        "discovered",
        ["local"],
    )


async def test_a_typo_is_told_the_near_names(listed: Open) -> None:
    missing = await got(listed, "/api/models/gpt-4o-mni", 404)
    assert "openai:gpt-4o-mini" in missing["detail"]
    missing = await got(listed, "/api/models/openai:gpt-4o-mni", 404)
    assert "openai:gpt-4o-mini" in missing["detail"]


async def test_the_workspaces_policy_counts(listed: Open) -> None:
    changed = await got(listed, "/api/models/gpt-4o-mini")
    assert (changed["quality"], "approved" in changed["tags"], "house-model" in changed["aliases"]) == (
        0.42,
        True,
        True,
    )
    assert await names(listed, tag="approved") == ["openai:gpt-4o-mini"]
    off = await got(listed, "/api/models/anthropic:claude-3-haiku", 404)
    assert "switched anthropic:claude-3-haiku off" in off["detail"]
    assert "anthropic:claude-3-haiku" not in await names(listed, provider="anthropic", deprecated="true")
    openai_list = [one["id"] for one in (await got(listed, "/v1/models"))["data"]]
    assert "anthropic:claude-3-haiku" not in openai_list
    assert "house:org/tiny:q4" in openai_list


async def test_every_door_wants_a_key(listed: Open) -> None:
    async with httpx2.AsyncClient(base_url=listed.url) as http:
        for path in ("", "/providers", "/available", "/gpt-4o"):
            for headers in ({}, {"Authorization": "Bearer wrong"}):
                assert (await http.get(f"/api/models{path}", headers=headers)).status_code == 401, path
        assert (await http.post("/api/models/refresh")).status_code == 401


async def test_providers_say_how_many_models_they_have_and_what_discovery_found(listed: Open) -> None:
    async with listed.doors.database.begin() as connection:
        await discovered.claim(connection, ["house", "mistral"], now=now(), fresh=timedelta(), retry=timedelta())
        await discovered.store(connection, "house", [DiscoveredModel(name="org/tiny:q4")], checked_at=now())
        refused = ProviderError(ErrorKind.AUTHENTICATION, "mistral does not take our key", provider="mistral")
        await discovered.store_failure(connection, "mistral", refused, checked_at=now())
    shown = {one["provider"]: one for one in (await got(listed, "/api/models/providers"))["data"]}
    assert list(shown) == [*VENDORS, "house", "sim"]
    assert (shown["house"]["models"], shown["house"]["local"], shown["house"]["takes_any_name"]) == (1, True, True)
    assert (shown["house"]["discovery"]["listed"], shown["house"]["discovery"]["error"]) == (1, None)
    assert shown["mistral"]["discovery"]["error"] == {
        "kind": "authentication",
        "message": "mistral does not take our key",
    }
    assert (shown["openai"]["discovery"], shown["sim"]["simulated"]) == (None, True)
    assert shown["anthropic"]["models"] == (await got(listed, "/api/models", provider="anthropic"))["total"]


async def test_a_refresh_is_a_wish_that_workers_see(listed: Open) -> None:
    async with listed.http() as http:
        answer = await http.post("/api/models/refresh")
        assert (answer.status_code, answer.json()["providers"]) == (202, [*VENDORS, "house"])
        named = await http.post("/api/models/refresh", params={"provider": ["house"]})
        assert named.json()["providers"] == ["house"]
        unknown = await http.post("/api/models/refresh", params={"provider": "nobody"})
        assert (unknown.status_code, unknown.json()["field"]) == (400, "provider")
    async with listed.doors.database.begin() as connection:
        states = await discovered.states(connection)
        assert all(one.pending for one in states)
        due = await discovered.claim(
            connection, ["house"], now=now(), fresh=timedelta(hours=1), retry=timedelta(hours=1)
        )
    assert ({one.provider for one in states}, due) == ({*VENDORS, "house"}, ["house"])


async def kept_away(opened: Open, *broken: Breaker) -> None:
    async with opened.doors.database.begin() as connection:
        locked = await breakers.lock(connection, [one.key for one in broken])
        await breakers.save(connection, locked, broken)


async def test_available_leaves_out_what_breakers_and_checks_keep_away(listed: Open) -> None:
    assert await got(listed, "/api/models/available") == {**await got(listed, "/api/models"), "away": []}
    later, before = now() + timedelta(minutes=5), now() - timedelta(minutes=5)
    await kept_away(
        listed,
        Breaker(
            BreakerKey("openai", "gpt-4o"), "open", reason=ErrorKind.OVERLOADED, opened_at=before, open_until=later
        ),
        Breaker(BreakerKey("openai", "gpt-4o-mini"), "open", opened_at=before, open_until=before),
        Breaker(BreakerKey("google"), limited_until=later),
        Breaker(BreakerKey("anthropic", credential="second"), "open", opened_at=before, open_until=later),
        Breaker(BreakerKey("gone-provider"), "open", opened_at=before, open_until=later),
    )
    pairs = [("house", ""), ("mistral", "a"), ("mistral", "b")]
    async with listed.doors.database.begin() as connection:
        await provider_checks.enter(connection, pairs, due_at=before)
        await provider_checks.take(connection, pairs, holder="w", now=now())
        for provider, credential, ok in (("house", "", False), ("mistral", "a", False), ("mistral", "b", True)):
            kind = None if ok else "authentication"
            check = Check(provider, credential, ok, kind, "so", 0.1, None)
            await provider_checks.keep(connection, check, holder="w", now=now(), due_at=later)
    found = await got(listed, "/api/models/available", limit=200)
    assert [(one["provider"], one["model"], one["reason"]) for one in found["away"]] == [
        ("google", None, "rate_limited"),
        ("openai", "gpt-4o", "overloaded"),
        ("house", None, "authentication"),
    ]
    assert datetime.fromisoformat(found["away"][1]["until"]) == later
    here = await names(listed, "/api/models/available", q="gpt-4o")
    assert "openai:gpt-4o" not in here
    assert "openai:gpt-4o-mini" in here, "its time has come: the next call tries it"
    for provider, there in (("google", False), ("house", False), ("mistral", True), ("anthropic", True), ("sim", True)):
        assert bool(await names(listed, "/api/models/available", provider=provider)) is there, provider
    assert await names(listed, provider="google"), "the list itself tells of all"


async def test_the_list_is_answered_soon(listed: Open) -> None:
    async with listed.http() as http:
        await http.get("/api/models")
        took = []
        for _ in range(10):
            began = time.perf_counter()
            await http.get("/api/models", params={"capability": "tools", "q": "mini", "max_price": "2"})
            took.append(time.perf_counter() - began)
    assert min(took) < 0.05
