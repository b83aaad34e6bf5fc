"""Models that a key may not use are not shown to it: by its own list, and by its tier's."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client

from contracts.health import Breaker, BreakerKey
from contracts.policies import Policy, TierAccess
from domain.policies.force import FixedPolicies
from storage import breakers, keys
from storage.keys import KeyRights
from tests.api.conftest import Open, opening

pytestmark = pytest.mark.real
POLICY = Policy(user_tiers={"free": TierAccess(models=("sim:sim-f*", "sim:sim-echo"))})


@pytest.fixture
async def tiered(postgres_dsn: str, temporal_client: Client) -> AsyncIterator[Open]:
    async with opening(postgres_dsn, temporal_client, policies=FixedPolicies(POLICY)) as opened:
        yield opened


async def key_with(opened: Open, **rights: object) -> str:
    secret = keys.new_secret()
    async with opened.doors.database.begin() as connection:
        await keys.add(
            connection,
            secret,
            workspace_id=opened.workspace_id,
            name="limited",
            now=datetime.now(UTC),
            rights=KeyRights(**rights),  # type: ignore[arg-type]
        )
    return secret


async def seen(opened: Open, key: str) -> set[str]:
    """The models that every list shows to a key, which show the same."""
    async with opened.http(key) as http:
        lists = [
            {one["id"] for one in (await http.get(path)).raise_for_status().json()["data"]}
            for path in ("/api/models?limit=200", "/api/models/available?limit=200", "/v1/models")
        ]
        counted = {one["provider"]: one["models"] for one in (await http.get("/api/models/providers")).json()["data"]}
    # `/v1/models` is not cut into pages; the others hold its beginning.
    assert lists[0] == lists[1] <= lists[2]
    assert sum(counted.values()) == len(lists[2])
    return lists[2]


async def test_a_key_sees_what_it_may_use(tiered: Open) -> None:
    everything = await seen(tiered, tiered.key)
    assert {"sim:sim-fast", "sim:sim-echo", "openai:gpt-4o-mini"} <= everything
    by_name = await seen(tiered, await key_with(tiered, allowed_models=("sim:sim-fast", "openai:gpt-4o*")))
    assert by_name == {one for one in everything if one == "sim:sim-fast" or one.startswith("openai:gpt-4o")}
    by_tier = await seen(tiered, await key_with(tiered, user_tier="free"))
    assert by_tier == {one for one in everything if one.startswith("sim:sim-f") or one == "sim:sim-echo"}
    both = await seen(tiered, await key_with(tiered, user_tier="free", allowed_models=("sim:sim-echo", "sim:sim-slow")))
    assert both == {"sim:sim-echo"}


async def test_what_it_may_not_use_is_not_there(tiered: Open) -> None:
    key = await key_with(tiered, allowed_models=("sim:sim-fast",))
    now = datetime.now(UTC)
    opened_at = [
        Breaker(key=BreakerKey("sim", model), state="open", opened_at=now, open_until=now + timedelta(minutes=1))
        for model in ("sim-fast", "sim-echo")
    ]
    async with tiered.doors.database.begin() as connection:
        locked = await breakers.lock(connection, [one.key for one in opened_at])
        await breakers.save(connection, locked, opened_at)
    async with tiered.http(key) as http:
        for path in ("/api/models", "/v1/models"):
            assert (await http.get(f"{path}/sim:sim-fast")).status_code == 200
            for hidden in ("sim:sim-echo", "sim-echo", "no-such-model"):
                answer = await http.get(f"{path}/{hidden}")
                assert answer.status_code == 404
                assert "that this key may use" in answer.text
        away = (await http.get("/api/models/available")).json()["away"]
        assert [one["model"] for one in away] == ["sim-fast"]
        stats = (await http.get("/api/models/stats")).json()
        assert [one["model"] for one in stats["models"]] == ["sim:sim-fast"]
        assert [one["model"] for one in stats["breakers"]] == ["sim-fast"]
