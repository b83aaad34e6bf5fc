"""What moves a plan: the policy in force, what users like, what a conversation had, and a seed."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.fixtures.house import Running

pytestmark = pytest.mark.real

CODE = "Fix this Python function: def f(x): return x[0] if x else None"


def name(candidate: dict[str, Any]) -> str:
    return f"{candidate['model']['provider']}:{candidate['model']['model']}"


async def turn(http: httpx2.AsyncClient, text: str = "Say something.", **fields: Any) -> dict[str, Any]:
    answer = await http.post("/api/turns?wait=30", json={"content": text, **fields})
    shown: dict[str, Any] = answer.raise_for_status().json()
    return shown


async def put_policy(http: httpx2.AsyncClient, **policy: Any) -> str:
    return str((await http.put("/api/policies", json=policy)).raise_for_status().json()["version"])


async def test_a_new_policy_plans_the_next_turn_and_leaves_the_running_one(house: Running) -> None:
    house.simulator.scenario({"hold_until_released": True}, times=1)
    async with house.http() as http:
        before = await put_policy(http, routing_rules={"default_model": "sim:sim-fast"})
        running = (await http.post("/api/turns", json={"content": "Slowly."})).raise_for_status().json()
        while not house.simulator.holding():  # noqa: ASYNC110 - only its log tells
            await asyncio.sleep(0.02)
        after = await put_policy(http, routing_rules={"default_model": "sim:sim-echo"})
        following = await turn(http)
        house.simulator.release()
        ended = await http.get(f"/api/turns/{running['id']}/events")
        held = (await http.get(f"/api/turns/{running['id']}")).json()
    assert ended.status_code == httpx2.codes.OK
    assert before != after
    assert (held["state"], held["plan"]["policy_version"]) == ("completed", before)
    assert following["plan"]["policy_version"] == after
    assert [name(one["plan"]["candidates"][0]) for one in (held, following)] == ["sim:sim-fast", "sim:sim-echo"]


async def test_a_task_is_recognised_and_preferred_by_policy(house: Running) -> None:
    async with house.http() as http:
        await put_policy(http, routing_rules={"task_preferences": {"code": ["anthropic:claude-sonnet-4-5"]}})
        code = await turn(http, CODE)
        other = await turn(http, "Translate to French: good morning")
    assert (code["plan"]["task"], name(code["plan"]["candidates"][0])) == ("code", "anthropic:claude-sonnet-4-5")
    assert "preferred for code work by policy" in code["plan"]["candidates"][0]["reason"]
    assert other["plan"]["task"] == "translation"
    assert name(other["plan"]["candidates"][0]) != "anthropic:claude-sonnet-4-5"


async def test_without_the_classifier_no_task_is_supposed(house: Running) -> None:
    async with house.http() as http:
        await put_policy(http, switches={"classify": False})
        plan = (await turn(http, CODE))["plan"]
        said = (await turn(http, CODE, routing={"task": "code", "difficulty": 0.5}))["plan"]
    assert "task" not in plan
    assert "difficulty" not in plan
    assert (said["task"], said["difficulty"]) == ("code", 0.5)


async def test_wishes_move_the_choice_within_the_policys_bound(house: Running) -> None:
    async with house.http() as http:
        plain = (await turn(http))["plan"]
        first, second = plain["candidates"][0], plain["candidates"][1]
        wish = {"user": "ada", "models": {name(first): -1, name(second): 1}}
        (await http.put("/api/preferences", json=wish)).raise_for_status()
        hers = (await turn(http, knobs={"user": "ada"}))["plan"]
        his = (await turn(http, knobs={"user": "bob"}))["plan"]
        await put_policy(http, routing_rules={"learning": {"bound": 0}})
        bounded = (await turn(http, knobs={"user": "ada"}))["plan"]
    assert name(hers["candidates"][0]) == name(second)
    assert 0 < hers["candidates"][0]["score"] - second["score"] <= 0.2 + 1e-6
    assert name(his["candidates"][0]) == name(first)
    assert name(bounded["candidates"][0]) == name(first)


async def test_feedback_is_for_the_task_that_the_turn_was_taken_for(house: Running) -> None:
    async with house.http() as http:
        answered = await turn(http, CODE, knobs={"user": "ada"})
        first = name(answered["plan"]["candidates"][0])
        path = f"/api/turns/{answered['id']}/feedback"
        kept = (await http.post(path, json={"thumbs": "down", "user": "ada"})).raise_for_status().json()
        own = (await http.post(path, json={"score": -1, "user": "bob", "task": "creative"})).raise_for_status().json()
        code = (await http.get("/api/preferences", params={"user": "ada", "task": "code"})).json()["liked"]
        for _ in range(4):
            again = await turn(http, CODE, knobs={"user": "ada"}, model="auto", models=[first])
            await http.post(f"/api/turns/{again['id']}/feedback", json={"thumbs": "down", "user": "ada"})
        moved = (await turn(http, CODE, knobs={"user": "ada"}))["plan"]
    assert (kept["task"], kept["model"], own["task"]) == ("code", first, "creative")
    assert code[first] < 0
    scores = {name(one): one["score"] for one in (*moved["candidates"], *moved["alternatives"])}
    assert scores.get(first, 0) < answered["plan"]["candidates"][0]["score"]


async def test_a_conversation_stays_with_its_model_until_the_policy_lets_go(house: Running) -> None:
    rules: dict[str, Any] = {"strategy": "quality"}
    models: dict[str, dict[str, float]] = {
        "openai:gpt-4o": {"quality": 1},
        "anthropic:claude-sonnet-4-5": {"quality": 0.99},
    }
    async with house.http() as http:
        await put_policy(http, models=models, routing_rules=rules)
        talk = (await http.post("/api/conversations", json={})).raise_for_status().json()["id"]
        path = f"/api/conversations/{talk}/turns?wait=30"
        plans = [(await http.post(path, json={"content": "Hi"})).raise_for_status().json()["plan"]]
        # Now the other is the better one, but by less than a habit is worth.
        models["openai:gpt-4o"]["quality"] = 0.97
        for minutes in (60, 0):
            await put_policy(http, models=models, routing_rules={**rules, "affinity": {"minutes": minutes}})
            plans.append((await http.post(path, json={"content": "And?"})).raise_for_status().json()["plan"])
    first, stayed, left = (plan["candidates"][0] for plan in plans)
    assert [name(one) for one in (first, stayed, left)] == [
        "openai:gpt-4o",
        "openai:gpt-4o",
        "anthropic:claude-sonnet-4-5",
    ]
    assert stayed["reason"].startswith("the conversation stays with it")


async def test_exploring_is_decided_by_the_turns_own_seed(house: Running) -> None:
    async with house.http() as http:
        await put_policy(http, routing_rules={"learning": {"exploration": 1}})
        plans = [(await turn(http))["plan"] for _ in range(3)]
        await put_policy(http, routing_rules={"learning": {"exploration": 0}})
        settled = [(await turn(http))["plan"] for _ in range(2)]
    assert all("tried in order to learn" in plan["candidates"][0]["reason"] for plan in plans)
    assert len({name(plan["candidates"][0]) for plan in settled}) == 1
    best = name(settled[0]["candidates"][0])
    assert best not in {name(plan["candidates"][0]) for plan in plans}


async def test_a_keyed_turn_explores_the_same_wherever_it_is_planned(house: Running) -> None:
    """The seed is the turn's id, and that follows from the key."""
    async with house.http() as http:
        await put_policy(http, routing_rules={"learning": {"exploration": 0.5}})
        body = {"content": "Say something."}
        one = (await http.post("/api/turns?wait=30", json=body, headers={"Idempotency-Key": "seed"})).json()
        two = (await http.post("/api/turns?wait=30", json=body, headers={"Idempotency-Key": "seed"})).json()
    assert one["plan"] == two["plan"]


async def test_a_turn_that_nobody_can_answer_lets_the_next_one_on(house: Running) -> None:
    async with house.http() as http:
        talk = (await http.post("/api/conversations", json={})).raise_for_status().json()["id"]
        path = f"/api/conversations/{talk}/turns"
        house.simulator.scenario({"hold_until_released": True}, times=1)
        first = (await http.post(path, json={"content": "One."})).raise_for_status().json()
        hopeless = {"content": "Two.", "on_busy": "queue", "routing": {"quality_floor": 1}}
        second = (await http.post(path, json=hopeless)).raise_for_status().json()
        third = (await http.post(path, json={"content": "Three.", "on_busy": "queue"})).raise_for_status().json()
        while not house.simulator.holding():  # noqa: ASYNC110 - only its log tells
            await asyncio.sleep(0.02)
        house.simulator.release()
        # Sooner than the twenty seconds after which a turn that waits looks for itself.
        async with asyncio.timeout(15):
            await http.get(f"/api/turns/{third['id']}/events")
        ended = [(await http.get(f"/api/turns/{one['id']}")).json() for one in (first, second, third)]
    assert [one["state"] for one in ended] == ["completed", "failed", "completed"]
    failed = ended[1]["result"]
    assert (failed["error_kind"], failed["error_field"]) == ("invalid_request", "routing.quality_floor")
    assert failed["error_detail"]["filter"] == "quality"
    assert ended[1]["attempts"] == []
