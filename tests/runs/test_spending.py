"""Who pays for runs: keys, users and tags as at the doors, and budgets of runs and steps that nothing overshoots."""

from decimal import Decimal

import httpx2
import pytest

from storage.verifying import verify
from tests.runs.acting import Document, Runs, states
from workers.compose import utc_now

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

TEN_CENTS = "sim:sim-tokens-10"
PRICES = "models:\n  sim:sim-tokens-10: {price: {input: 0, output: 10000}}\n"


def agent(name: str, prompt: str = "Say something.", **more: object) -> Document:
    return {"id": name, "kind": "agent", "prompt": prompt, "max_output_tokens": 10, **more}


async def sound(runs: Runs) -> None:
    """The ledger and all budgets are as they have to be."""
    async with runs.house.house.database.begin() as connection:
        found = await verify(connection, now=utc_now())
    assert {one.invariant.name: one.examples for one in found if one.broken} == {}


async def made_key(runs: Runs, **body: object) -> tuple[str, httpx2.AsyncClient]:
    made = (await runs.http.post("/api/keys", json=body)).raise_for_status().json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    return made["id"], httpx2.AsyncClient(base_url=runs.house.url, headers=headers, timeout=60)


async def test_questions_in_flight_do_not_overshoot(runs: Runs) -> None:
    (await runs.http.put("/api/policies", content=PRICES)).raise_for_status()
    runs.house.simulator.scenario({"first_token_delay": 0.3}, match={"model": "sim-tokens-10"})
    steps = [agent(f"a{number}", on_error="continue") for number in range(6)]
    run = await runs.run(steps, budget={"cost": 0.25}, defaults={"model": TEN_CENTS})
    assert Decimal(run["cost_usd"]) == Decimal("0.2")
    assert sorted(states(run).values(), key=str) == ["completed"] * 2 + ["failed"] * 4
    assert {one["error"]["kind"] for one in run["steps"] if one["error"]} == {"budget_exceeded"}
    await sound(runs)
    listed = (await runs.http.get("/api/budgets")).json()["data"]
    assert [one for one in listed if one["scope"] == "run"] == []


async def test_a_raised_budget_counts_what_was_spent(runs: Runs) -> None:
    steps = [agent("a"), agent("b", "two {{ a.result }}"), agent("c", "three {{ b.result }}")]
    run = await runs.run(steps, budget={"cost": 0.1}, defaults={"model": TEN_CENTS})
    assert (run["state"], run["error"]["step"], run["cost_usd"]) == ("failed", "b", "0.1")
    answer = await runs.http.patch(f"/api/runs/{run['id']}", json={"budget": {"cost": 0.2, "calls": 5}})
    answer.raise_for_status()
    await runs.act(run["id"], "retry")
    run = await runs.ended(run["id"])
    assert (run["state"], run["error"]["step"], run["cost_usd"]) == ("failed", "c", "0.2")
    (await runs.http.patch(f"/api/runs/{run['id']}", json={"budget": {"calls": 3}})).raise_for_status()
    await runs.act(run["id"], "retry")
    assert (await runs.completed(run["id"]))["calls"] == 3
    await sound(runs)


async def test_each_item_has_its_steps_budget_for_itself(runs: Runs) -> None:
    inner = [agent("a", budget={"calls": 1}), agent("b", "{{ a.result }} {{ item }}")]
    steps = [{"id": "m", "kind": "map", "over": [1, 2, 3], "budget": {"calls": 5}, "steps": inner}]
    run = await runs.run([{**steps[0], "on_item_error": "drop"}])
    assert run["calls"] == 5
    await sound(runs)


async def test_a_run_within_a_run_spends_of_both(runs: Runs) -> None:
    await runs.store({"name": "dear", "defaults": {"model": "sim:sim-fast"}, "steps": [agent("x"), agent("y")]})
    run = await runs.run([{"id": "p", "kind": "pipeline", "pipeline": "dear"}], budget={"calls": 1})
    assert (run["state"], run["error"]["kind"]) == ("failed", "budget_exceeded")
    within = run["steps"][0]["run"]
    assert (await runs.get(within))["calls"] == 1
    await sound(runs)


@pytest.mark.parametrize("scope", ["key", "user", "tag"])
async def test_whoever_starts_a_run_pays_for_it(runs: Runs, scope: str) -> None:
    key_id, http = await made_key(runs, name=f"of {scope}", scopes=["ask"], user_tier="free")
    value = {"key": key_id, "user": "ada", "tag": "team=red"}[scope]
    user = "ada" if scope == "user" else "bob"
    said = {"scope": scope, "value": value, "unit": "requests", "limit": 1, "period": "total"}
    (await runs.http.post("/api/budgets", json=said)).raise_for_status()
    mine = Runs(runs.house, http)
    name = f"paid-by-{scope}"
    await runs.store({"name": name, "defaults": {"model": "sim:sim-fast"}, "steps": [agent("x"), agent("y")]})
    run = await mine.ended(await mine.start(name, user=user, metadata={"team": "red"}))
    assert (run["state"], run["calls"], run["error"]["kind"]) == ("failed", 1, "budget_exceeded")
    await http.aclose()
    await sound(runs)


async def test_no_model_answers_but_the_keys(runs: Runs) -> None:
    _, http = await made_key(runs, name="echo alone", scopes=["ask"], allowed_models=["sim:sim-echo"])
    mine = Runs(runs.house, http)
    assert (await mine.run([agent("x", model="sim:sim-echo")]))["state"] == "completed"
    run = await mine.run([agent("x", model="sim:sim-fast")])
    assert (run["state"], run["error"]["kind"]) == ("failed", "access_denied")
    await http.aclose()
