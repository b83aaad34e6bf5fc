"""One prompt to several models at once, each its own durable turn."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from tests.fixtures.house import Running

pytestmark = pytest.mark.real

SLOW = "sim:sim-tokens-60-rate-30"


async def state_of(http: httpx2.AsyncClient, turn_id: str) -> str:
    return str((await http.get(f"/api/turns/{turn_id}")).raise_for_status().json()["state"])


async def finished(http: httpx2.AsyncClient, turn_id: str) -> None:
    """Wait until the turn has ended: its events end then."""
    async with http.stream("GET", f"/api/turns/{turn_id}/events") as told:
        async for _ in told.aiter_lines():
            continue


async def test_every_model_answers_as_its_own_turn(house: Running) -> None:
    body = {"prompt": "Compare this.", "models": ["sim:sim-echo", "gpt-4o-mini", "auto:cost"]}
    async with house.http() as http:
        answers = (await http.post("/api/compare", json=body)).raise_for_status().json()["answers"]
        states = [await state_of(http, one["turn_id"]) for one in answers]
    assert [one["asked"] for one in answers] == ["sim:sim-echo", "openai:gpt-4o-mini", "auto:cost"]
    assert answers[0]["text"] == "Simulated answer: Compare this."
    assert answers[1]["model"] == "openai:gpt-4o-mini"
    assert answers[2]["reason"].startswith("cheapest of ")
    assert len({one["turn_id"] for one in answers}) == 3
    assert states == ["completed"] * 3
    assert len(house.asked()) == 3


async def test_a_failure_stands_beside_the_good_answers(house: Running) -> None:
    """Nor does a policy's chain put another model's answer in its place."""
    async with house.http() as http:
        chain = {"routing_rules": {"fallback_chain": ["sim:sim-fast"]}}
        (await http.put("/api/policies", json=chain)).raise_for_status()
        body = {"prompt": "Hi", "models": ["sim:sim-auth", "sim:sim-echo"]}
        answer = await http.post("/api/compare", json=body)
    assert answer.status_code == httpx2.codes.OK
    bad, good = answer.json()["answers"]
    assert (bad["state"], bad["error_kind"], bad["text"]) == ("failed", "authentication", "")
    assert bad["error"]
    assert (good["state"], good["text"]) == ("completed", "Simulated answer: Hi")
    assert {call["model"] for call in house.asked()} == {"sim-auth", "sim-echo"}


async def test_columns_stream_side_by_side(house: Running) -> None:
    body = {"prompt": "Say something.", "models": [SLOW, "sim:sim-tokens-61-rate-30"]}
    told: list[tuple[str, dict[str, Any]]] = []
    name = ""
    async with house.http() as http, http.stream("POST", "/api/compare?stream=true", json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            match line.partition(": "):
                case ("event", _, value):
                    name = value
                case ("data", _, value):
                    told.append((name, json.loads(value)))
                case _:
                    continue
        texts = [(await http.get(f"/api/turns/{told_turn(told, column)}")).json() for column in (0, 1)]
    for column, turn in enumerate(texts):
        said = "".join(data["text"] for name, data in told if name == "text" and data["column"] == column)
        assert said == turn["message"]["parts"][0]["text"]
    ends = [at for at, (name, _) in enumerate(told) if name == "end"]
    begun = {data["column"]: at for at, (name, data) in reversed(list(enumerate(told))) if name == "text"}
    # Both had begun to speak before either had ended.
    assert max(begun.values()) < min(ends)
    assert len(ends) == 2
    assert {data["asked"] for _, data in told} == set(body["models"])


def told_turn(told: list[tuple[str, dict[str, Any]]], column: int) -> str:
    """The one turn of a column."""
    (turn_id,) = {data["turn_id"] for _, data in told if data["column"] == column}
    return str(turn_id)


async def test_the_turns_go_on_when_the_client_leaves(house: Running) -> None:
    body = {"prompt": "Say something.", "models": [SLOW, "sim:sim-fast"]}
    turns: set[str] = set()
    async with house.http() as http:
        async with http.stream("POST", "/api/compare", json=body, headers={"Accept": "text/event-stream"}) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    turns.add(json.loads(line.removeprefix("data: "))["turn_id"])
                if len(turns) == 2:
                    break
        await asyncio.gather(*(finished(http, turn_id) for turn_id in turns))
        assert [await state_of(http, turn_id) for turn_id in turns] == ["completed"] * 2


async def test_one_key_is_one_turn_for_each_model(house: Running) -> None:
    body = {"prompt": "Hi", "models": ["sim:sim-echo", "sim:sim-echo"]}
    async with house.http() as http:
        first = await http.post("/api/compare", json=body, headers={"Idempotency-Key": "c-1"})
        again = await http.post("/api/compare", json=body, headers={"Idempotency-Key": "c-1"})
        other = await http.post("/api/compare", json={**body, "prompt": "Ho"}, headers={"Idempotency-Key": "c-1"})
    assert first.json() == again.json()
    assert len({one["turn_id"] for one in first.json()["answers"]}) == 2
    assert len(house.asked()) == 2
    assert (other.status_code, other.json()["field"]) == (409, "Idempotency-Key")


@pytest.mark.parametrize(
    ("body", "headers", "status", "field"),
    [
        ({"prompt": "Hi", "models": ["sim:sim-fast"]}, {}, 400, "models"),
        ({"prompt": "Hi", "models": ["sim:sim-fast"] * 11}, {}, 400, "models"),
        ({"prompt": "Hi"}, {}, 400, "models"),
        ({"prompt": "", "models": ["sim:sim-fast"] * 2}, {}, 400, "prompt"),
        ({"models": ["sim:sim-fast"] * 2}, {}, 400, None),
        ({"prompt": "Hi", "models": ["sim:sim-fast", "nope"]}, {}, 404, "models.1"),
        ({"prompt": "Hi", "models": ["sim:sim-fast", "auto:nope"]}, {}, 400, "models.1"),
        ({"prompt": "Hi", "models": ["sim:sim-fast"] * 2}, {"Idempotency-Key": "k" * 254}, 400, "Idempotency-Key"),
    ],
    ids=["one", "eleven", "none", "empty", "nothing", "model", "strategy", "key"],
)
async def test_bad_comparisons_ask_nobody(
    house: Running, body: dict[str, Any], headers: dict[str, str], status: int, field: str | None
) -> None:
    async with house.http() as http:
        answer = await http.post("/api/compare", json=body, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
    assert house.asked() == []
