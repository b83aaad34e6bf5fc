"""Conversations through the whole house: history, the lane, streams that resume, cancelling."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from tests.fixtures.house import Running

pytestmark = pytest.mark.real

SLOW = "sim:sim-tokens-60-rate-30"


async def begin(http: httpx2.AsyncClient, **fields: Any) -> str:
    made = (await http.post("/api/conversations", json={"models": ["sim:sim-fast"], **fields})).raise_for_status()
    return str(made.json()["id"])


async def say(
    http: httpx2.AsyncClient, conversation: str, text: str, *, wait: int = 30, **fields: Any
) -> dict[str, Any]:
    path = f"/api/conversations/{conversation}/turns" + (f"?wait={wait}" if wait else "")
    answer: dict[str, Any] = (await http.post(path, json={"content": text, **fields})).raise_for_status().json()
    return answer


async def events(http: httpx2.AsyncClient, turn: str, last: str | None = None) -> list[tuple[str, str, dict[str, Any]]]:
    found, position, name = [], "", ""
    headers = {"Last-Event-ID": last} if last else {}
    async with http.stream("GET", f"/api/turns/{turn}/events", headers=headers) as answer:
        assert answer.status_code == httpx2.codes.OK, await answer.aread()
        async for line in answer.aiter_lines():
            match line.partition(": "):
                case ("id", _, value):
                    position = value
                case ("event", _, value):
                    name = value
                case ("data", _, value):
                    found.append((position, name, json.loads(value)))
                case _:
                    continue
    return found


async def test_the_model_is_sent_the_whole_history_in_order(house: Running) -> None:
    async with house.http() as http:
        conversation = await begin(http)
        first = await say(http, conversation, "one")
        await say(http, conversation, "two", model="anthropic:claude-sonnet-4-5")
        await say(http, conversation, "three", model="google:gemini-2.5-flash")
        page = (await http.get(f"/api/conversations/{conversation}/messages?limit=4")).json()
        rest = (await http.get(f"/api/conversations/{conversation}/messages?cursor={page['next_cursor']}")).json()
        shown = (await http.get(f"/api/conversations/{conversation}")).json()
    assert first["state"] == "completed"
    said = [(message["role"], message["parts"][0]["text"][:3]) for message in [*page["data"], *rest["data"]]]
    assert said == [
        ("user", "one"),
        ("assistant", "Sim"),
        ("user", "two"),
        ("assistant", "Sim"),
        ("user", "thr"),
        ("assistant", "Sim"),
    ]
    inputs = [call["input"] for call in house.simulator.calls()]
    assert inputs == sorted(inputs)
    assert inputs[2] > inputs[0] * 5
    assert [entry["model"] for entry in shown["model_history"]] == [
        "sim:sim-fast",
        "anthropic:claude-sonnet-4-5",
        "google:gemini-2.5-flash",
    ]


async def test_a_busy_conversation_rejects_then_queues(house: Running) -> None:
    async with house.http() as http:
        conversation = await begin(http)
        running = await say(http, conversation, "slowly", wait=0, model=SLOW)
        path = f"/api/conversations/{conversation}/turns"
        refused = await http.post(path, json={"content": "and?"})
        assert (refused.status_code, refused.json()["kind"]) == (409, "conflict")
        assert refused.json()["turn_id"] == running["id"]
        queued = await say(http, conversation, "then this", on_busy="queue")
        ahead = (await http.get(f"/api/turns/{running['id']}")).json()
    assert (ahead["state"], queued["state"]) == ("completed", "completed")
    assert ahead["finished_at"] <= queued["started_at"]


async def test_an_interruption_keeps_the_partial_answer(house: Running) -> None:
    async with house.http() as http:
        conversation = await begin(http)
        running = await say(http, conversation, "slowly", wait=0, model="sim:sim-tokens-400-rate-20")
        async with http.stream("GET", f"/api/turns/{running['id']}/events") as stream:
            async for line in stream.aiter_lines():
                if line == "event: text":
                    break
        queued = await say(http, conversation, "then this", wait=0, on_busy="queue")
        after = await say(http, conversation, "no, this", on_busy="interrupt")
        stopped = (await http.get(f"/api/turns/{running['id']}")).json()
        never = (await http.get(f"/api/turns/{queued['id']}")).json()
    assert (stopped["state"], never["state"], after["state"]) == ("cancelled", "cancelled", "completed")
    assert never["attempts"] == []
    assert stopped["message"]["parts"][0]["text"].startswith("Simulated")
    assert float(stopped["attempts"][0]["cost_usd"]) > 0


async def test_a_stream_resumes_anywhere_and_ends_once(house: Running) -> None:
    async with house.http() as http:
        turn = (await http.post("/api/turns", json={"model": SLOW, "content": "slowly"})).json()
        whole = await events(http, turn["id"])
        positions = [position for position, _, _ in whole]
        middle = len(whole) // 2
        assert await events(http, turn["id"], positions[middle]) == whole[middle + 1 :]
        beyond = await http.get(f"/api/turns/{turn['id']}/events", headers={"Last-Event-ID": positions[-1]})
        row = (await http.get(f"/api/turns/{turn['id']}")).json()
    assert beyond.status_code == 204
    assert len(set(positions)) == len(positions)
    assert "".join(data["text"] for _, name, data in whole if name == "text") == row["message"]["parts"][0]["text"]
    assert [name for _, name, _ in whole].count("end") == 1


async def test_a_cancel_stops_a_silent_call(house: Running) -> None:
    house.simulator.scenario({"first_token_delay": 60})
    async with house.http() as http:
        turn = (await http.post("/api/turns", json={"model": "sim:sim-fast", "content": "hello"})).json()
        while not house.simulator.calls():  # noqa: ASYNC110 - only its log tells
            await asyncio.sleep(0.02)
        assert (await http.post(f"/api/turns/{turn['id']}/cancel")).status_code == 202
        whole = await events(http, turn["id"])
        again = await http.post(f"/api/turns/{turn['id']}/cancel")
    assert whole[-1][2]["state"] == "cancelled"
    assert (again.status_code, again.json()["state"]) == (200, "cancelled")
    assert [call["outcome"] for call in house.simulator.calls()] == ["disconnected"]


async def test_deleting_is_refused_while_it_answers_and_then_for_good(house: Running) -> None:
    async with house.http() as http:
        conversation = await begin(http)
        running = await say(http, conversation, "slowly", wait=0, model=SLOW)
        assert (await http.delete(f"/api/conversations/{conversation}")).status_code == 409
        await events(http, running["id"])
        assert (await http.delete(f"/api/conversations/{conversation}")).status_code == 204
        assert (await http.get(f"/api/conversations/{conversation}")).status_code == 404
        assert (await http.get(f"/api/turns/{running['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"content": "hi", "model": "sim:nothing"}, 404, "model"),
        ({"content": ""}, 400, "content"),
        ({"content": "a\u0000b", "model": "sim:sim-fast"}, 400, "content"),
        ({"content": "hi", "messages": []}, 400, None),
        ({"messages": [{"role": "robot", "parts": []}], "model": "sim:sim-fast"}, 400, "messages.0.role"),
        ({"messages": [], "model": "sim:sim-fast"}, 400, "messages"),
        (
            {
                "model": "sim:sim-fast",
                "messages": [{"role": "tool", "parts": [{"type": "tool_result", "call_id": "c", "content": []}]}],
            },
            400,
            "messages.0",
        ),
        ({"content": "hi", "model": "sim:sim-fast", "modle": "x"}, 400, "modle"),
        ({"content": "hi", "model": "sim:sim-fast", "limits": {"idle": -1}}, 400, "limits.idle"),
    ],
)
async def test_bad_turns_are_refused_and_change_nothing(
    house: Running, body: dict[str, Any], status: int, field: str | None
) -> None:
    async with house.http() as http:
        answer = await http.post("/api/turns", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert house.simulator.calls() == []


async def test_bad_requests_say_what_is_wrong(house: Running) -> None:
    async with house.http() as http:
        broken = await http.post("/api/turns", content=b'{"content": ')
        lone = await http.post("/api/turns", content=b'{"content": "\\ud800", "model": "sim:sim-fast"}')
        cursor = await http.get("/api/conversations?cursor=nonsense")
        position = await http.get(
            "/api/turns/01900000-0000-7000-8000-000000000000/events", headers={"Last-Event-ID": "elephant"}
        )
        unknown = await http.get("/api/turns/01900000-0000-7000-8000-000000000000")
        unnamed = await http.get("/api/turns/elephant")
        large = await http.post("/api/turns", content=b"x" * (house.house.settings.max_request_bytes + 1))
        nowhere = await http.get("/api/elephants")
    assert [answer.status_code for answer in (broken, lone, cursor, position)] == [400] * 4
    assert "not JSON" in broken.json()["detail"]
    assert cursor.json()["field"] == "cursor"
    assert [unknown.status_code, unnamed.status_code, large.status_code, nowhere.status_code] == [404, 404, 413, 404]
    async with httpx2.AsyncClient(base_url=house.url) as stranger:
        assert (await stranger.get("/api/conversations")).status_code == 401
        assert (await stranger.get("/healthz")).json()["status"] == "alive"
        assert (await stranger.get("/readyz")).json()["status"] == "ready"
        assert "perdure_requests_total" in (await stranger.get("/metrics")).text
        document = (await stranger.get("/openapi.json")).json()
    assert {"/v1/chat/completions", "/api/turns/{turn_id}/events"} <= set(document["paths"])
