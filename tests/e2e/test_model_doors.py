"""Recommendations, estimates, and one prompt by routing's choice, through the whole house."""

import json
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from tests.fixtures.house import Running

pytestmark = pytest.mark.real

NOWHERE = "01900000-0000-7000-8000-000000000000"


async def get(http: httpx2.AsyncClient, path: str, **query: Any) -> Any:
    answer = await http.get(path, params=query)
    assert answer.status_code == httpx2.codes.OK, answer.text
    return answer.json()


async def events(http: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream as (name, data)."""
    found, name = [], ""
    async with http.stream("POST", path, json=body) as answer:
        assert answer.status_code == httpx2.codes.OK, await answer.aread()
        async for line in answer.aiter_lines():
            match line.partition(": "):
                case ("event", _, value):
                    name = value
                case ("data", _, value):
                    found.append((name, json.loads(value)))
                case _:
                    continue
    return found


async def test_recommendations_follow_task_length_and_preference(house: Running) -> None:
    async with house.http() as http:
        path = "/api/models/recommendations"
        cheap = await get(http, path, task_type="simple", cost_preference="cost")
        good = await get(http, path, task_type="code", cost_preference="quality")
        long = await get(http, path, context_length=500_000)
        seeing = await get(http, path, require=["images", "audio"])
    assert (cheap["strategy"], good["strategy"], good["task"]) == ("cost", "quality", "code")
    price = Decimal(cheap["recommended"][0]["likely_cost_usd"])
    assert price < Decimal(good["recommended"][0]["likely_cost_usd"])
    assert all(one["window"] > 500_000 for one in (*long["recommended"], *long["alternatives"]))
    (window,) = [one for one in long["filters"] if one["filter"] == "window"]
    assert window["removed"] > 10
    assert "500,0" in window["wanted"]
    assert [one["filter"] for one in seeing["filters"]] == ["capability"]
    assert all(one["model"].startswith("google:") for one in seeing["recommended"])
    assert house.asked() == []


async def test_recommendations_for_what_is_about_to_be_said(house: Running) -> None:
    async with house.http() as http:
        path = "/api/chat/model-recommendations"
        code = await get(http, path, query="Fix this Python function: def f(x): return x[0] if x else None")
        french = await get(http, path, query="Translate to French: good morning", strategy="cost")
    assert (code["task"], french["task"], french["strategy"]) == ("code", "translation", "cost")
    assert code["recommended"][0]["reason"]


async def test_an_estimate_by_either_spelling(house: Running) -> None:
    async with house.http() as http:
        path = "/api/chat/cost-estimate"
        one = await get(http, path, message="What is durable?", model_id="gpt-4o-mini", max_output_tokens=100)
        two = await get(http, path, message="What is durable?", modelId="gpt-4o-mini", max_output_tokens=100)
        routed = await get(http, path, context_length=10_000)
        long = await get(http, path, context_length=100_000, model="gpt-4o-mini")
    assert one == two
    assert (one["model"], one["most_output_tokens"], one["simulated"], one["priced"]) == (
        "openai:gpt-4o-mini",
        100,
        True,
        True,
    )
    assert Decimal(0) < Decimal(one["low_usd"]) <= Decimal(one["likely_usd"]) <= Decimal(one["worst_usd"])
    # gpt-4o-mini is at $0.15 per million tokens of prompt.
    assert Decimal(long["likely_usd"]) >= Decimal("0.015")
    assert routed["input_tokens"] >= 10_000


async def test_a_conversation_is_estimated_at_its_own_model_with_its_history(house: Running) -> None:
    async with house.http() as http:
        made = (await http.post("/api/conversations", json={"models": ["openai:gpt-4o"]})).json()
        alone = await get(http, "/api/chat/cost-estimate", message="And?", conversationId=made["id"])
        turn = {"content": "word " * 500}
        (await http.post(f"/api/conversations/{made['id']}/turns?wait=30", json=turn)).raise_for_status()
        later = await get(http, "/api/chat/cost-estimate", message="And?", conversation_id=made["id"])
        known = await get(http, "/api/chat/model-recommendations", query="And?", conversationId=made["id"])
    assert alone["model"] == later["model"] == "openai:gpt-4o"
    assert later["input_tokens"] > alone["input_tokens"] + 500
    assert known["recommended"]


async def test_generate_tells_who_answered_and_why(house: Running) -> None:
    async with house.http() as http:
        body = {"prompt": "Say something.", "routing": {"strategy": "cost", "quality_floor": 0.6}}
        answer = await http.post("/api/models/generate", json=body, headers={"Idempotency-Key": "g-1"})
        again = await http.post("/api/models/generate", json=body, headers={"Idempotency-Key": "g-1"})
        plan = (await get(http, f"/api/turns/{answer.json()['turn_id']}"))["plan"]
    shown = answer.json()
    assert shown["text"].startswith("Simulated answer")
    assert shown["reason"] == plan["candidates"][0]["reason"]
    assert shown["reason"].startswith("cheapest of ")
    assert (shown["state"], shown["attempts"], shown["simulated"]) == ("completed", 1, True)
    assert answer.headers["x-perdure-turn-id"] == shown["turn_id"]
    assert again.json() == shown
    assert len(house.asked()) == 1


async def test_a_generation_that_fails_is_an_error(house: Running) -> None:
    async with house.http() as http:
        answer = await http.post("/api/models/generate", json={"prompt": "Hi", "model": "sim:sim-auth"})
        turn = await get(http, f"/api/turns/{answer.json()['turn_id']}")
    assert (answer.status_code, answer.json()["kind"]) == (502, "authentication")
    assert turn["state"] == "failed"


async def test_a_generation_streams_as_the_turns_events(house: Running) -> None:
    async with house.http() as http:
        told = await events(http, "/api/models/stream", {"prompt": "Say something.", "model": "auto:cost"})
    names = [name for name, _ in told]
    assert (names[0], names[-1]) == ("start", "end")
    assert "".join(data["text"] for name, data in told if name == "text").startswith("Simulated answer")
    assert told[-1][1]["model"] == told[0][1]["model"]


async def test_a_test_asks_one_model_once(house: Running) -> None:
    async with house.http() as http:
        chain = {"routing_rules": {"fallback_chain": ["sim:sim-fast"]}}
        (await http.put("/api/policies", json=chain)).raise_for_status()
        good = (await http.post("/api/models/test", json={"model": "gpt-4o-mini"})).raise_for_status().json()
        bad = (await http.post("/api/models/test", json={"model": "sim:sim-down"})).raise_for_status().json()
    assert (good["ok"], good["model"], good["state"]) == (True, "openai:gpt-4o-mini", "completed")
    assert 0 <= good["first_token_ms"] <= good["total_ms"]
    assert Decimal(good["cost_usd"]) > 0
    assert (bad["ok"], bad["error_kind"], bad["attempts"]) == (False, "overloaded", 1)
    assert bad["error"]
    assert [call["model"] for call in house.asked()] == ["gpt-4o-mini", "sim-down"]


@pytest.mark.parametrize(
    ("path", "query", "status", "field"),
    [
        ("/api/models/recommendations", {"task_type": "juggling"}, 400, "task_type"),
        ("/api/models/recommendations", {"context_length": -1}, 400, "context_length"),
        ("/api/models/recommendations", {"context_length": 90_000_000}, 400, "messages"),
        ("/api/models/recommendations", {"cost_preference": "cheap"}, 400, "cost_preference"),
        ("/api/models/recommendations", {"require": "telepathy"}, 400, "require.0"),
        ("/api/chat/model-recommendations", {}, 400, "query"),
        ("/api/chat/model-recommendations", {"query": "Hi", "strategy": "cheap"}, 400, "strategy"),
        ("/api/chat/model-recommendations", {"query": "Hi", "conversationId": "x"}, 404, "conversation_id"),
        ("/api/chat/cost-estimate", {}, 400, "message"),
        ("/api/chat/cost-estimate", {"message": "Hi", "modelId": "gpt-4o-mni"}, 404, "model"),
        ("/api/chat/cost-estimate", {"message": "Hi", "model": "auto:cheap"}, 400, "model"),
        ("/api/chat/cost-estimate", {"message": "Hi", "conversation_id": NOWHERE}, 404, None),
    ],
    ids=[
        "task",
        "negative",
        "too-long",
        "preference",
        "capability",
        "no-query",
        "strategy",
        "no-id",
        "nothing",
        "model",
        "auto",
        "conversation",
    ],
)
async def test_bad_questions_are_refused_by_field(
    house: Running, path: str, query: dict[str, Any], status: int, field: str | None
) -> None:
    async with house.http() as http:
        answer = await http.get(path, params=query)
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text


@pytest.mark.parametrize(
    ("door", "body", "status", "field"),
    [
        ("generate", {}, 400, None),
        ("generate", {"prompt": "Hi", "messages": []}, 400, None),
        ("generate", {"prompt": " "}, 400, "prompt"),
        ("generate", {"prompt": "Hi", "model": "nope"}, 404, "model"),
        ("generate", {"prompt": "Hi", "model": "auto:nope"}, 400, "model"),
        ("generate", {"prompt": "Hi", "routing": {"quality_floor": 1}}, 400, "routing.quality_floor"),
        ("generate", {"prompt": "Hi", "wait": 1}, 400, "wait"),
        ("stream", {"prompt": "Hi", "models": ["sim:sim-fast", "nope"]}, 404, "models.1"),
        ("test", {}, 400, "model"),
        ("test", {"model": "nope"}, 404, "model"),
        ("test", {"model": "sim:sim-fast", "prompt": ""}, 400, "prompt"),
    ],
    ids=[
        "nothing",
        "both",
        "blank",
        "model",
        "strategy",
        "floor",
        "unknown",
        "stream-model",
        "no-model",
        "test-model",
        "empty",
    ],
)
async def test_bad_prompts_are_refused_by_field(
    house: Running, door: str, body: dict[str, Any], status: int, field: str | None
) -> None:
    async with house.http() as http:
        answer = await http.post(f"/api/models/{door}", json=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
    assert house.asked() == []
