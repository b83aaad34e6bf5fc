"""A whole house under budgets: what a policy does where there is no room, and what its owner can do then."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.fixtures.house import Running

pytestmark = pytest.mark.real

TEN = "sim:sim-tokens-10"
DEAR = "sim:sim-fast"
POLICY = """
budgets: {{on_exceeded: {on_exceeded}}}
models:
  sim:sim-tokens-10: {{price: {{input: 0, output: 10000}}}}
  sim:sim-fast: {{price: {{input: 0, output: 100000}}}}
"""
KNOBS = {"max_output_tokens": 10}


async def policy(http: httpx2.AsyncClient, on_exceeded: str) -> None:
    put = await http.put("/api/policies", content=POLICY.format(on_exceeded=on_exceeded))
    assert put.status_code in (200, 201), put.text


async def ask(http: httpx2.AsyncClient, model: str = TEN, *, wait: float = 30, **fields: Any) -> dict[str, Any]:
    said = {"model": model, "content": "Say something.", "knobs": KNOBS, **fields}
    found: dict[str, Any] = (await http.post(f"/api/turns?wait={wait}", json=said)).raise_for_status().json()
    return found


async def waiting(http: httpx2.AsyncClient, budget: str, count: int) -> dict[str, Any]:
    """The budget's status, once so many turns wait for it."""
    async with asyncio.timeout(30):
        while True:
            status: dict[str, Any] = (await http.get(f"/api/budgets/{budget}/status")).raise_for_status().json()
            if len(status["waiting"]) == count:
                return status
            await asyncio.sleep(0.05)


async def ended(http: httpx2.AsyncClient, turn_id: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            turn: dict[str, Any] = (await http.get(f"/api/turns/{turn_id}")).raise_for_status().json()
            if turn["result"]:
                return turn
            await asyncio.sleep(0.05)


async def test_a_turn_waits_until_it_is_approved_the_limit_is_raised_or_it_is_cancelled(house: Running) -> None:
    async with house.http() as http:
        await policy(http, "wait")
        said = {"scope": "workspace", "limit": "0.15", "period": "total"}
        budget = (await http.post("/api/budgets", json=said)).raise_for_status().json()["id"]
        assert (await ask(http))["state"] == "completed"
        turns = [(await ask(http, wait=0))["id"] for _ in range(3)]
        status = await waiting(http, budget, 3)
        assert {one["turn_id"] for one in status["waiting"]} == set(turns)
        assert (status["spent"], status["reserved"], status["available"]) == ("0.1", "0", "0.05")

        approved = (await http.post(f"/api/turns/{turns[0]}/approve-budget")).raise_for_status().json()
        assert approved == {"turn_id": turns[0], "budget_id": budget, "raised_by": "0.05"}
        assert (await ended(http, turns[0]))["state"] == "completed"
        await http.post(f"/api/turns/{turns[1]}/cancel")
        assert (await ended(http, turns[1]))["state"] == "cancelled"
        await http.patch(f"/api/budgets/{budget}", json={"limit": "1"})
        last = await ended(http, turns[2])
        assert last["state"] == "completed"
        assert [one["action"] for one in last["audit"]] == ["budget.waited_for", "turn.completed"]
        status = await waiting(http, budget, 0)
        assert (status["spent"], status["reserved"]) == ("0.3", "0")
        assert {one["kind"] for one in status["events"]} == {"threshold", "exhausted"}


async def test_a_dearer_model_gives_way_to_a_cheaper_one_where_the_policy_downgrades(house: Running) -> None:
    async with house.http() as http:
        await policy(http, "downgrade")
        said = {"scope": "workspace", "limit": "0.50", "period": "total"}
        budget = (await http.post("/api/budgets", json=said)).raise_for_status().json()["id"]
        planned = await ask(http, DEAR)
        assert planned["state"] == "completed", planned["result"]
        first = planned["plan"]["candidates"][0]
        assert f"in place of {DEAR}, for which a budget has no room" in first["reason"]
        chained = await ask(http, DEAR, models=[TEN])
        assert (chained["state"], chained["result"]["model"]["model"]) == ("completed", "sim-tokens-10")
        await policy(http, "reject")
        refused = await ask(http, DEAR)
        assert (refused["state"], refused["result"]["error_kind"]) == ("failed", "budget_exceeded")
        assert refused["result"]["error_detail"]["budget_id"] == budget
