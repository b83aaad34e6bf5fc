"""Conversations at the door: what is kept, changed, listed, and what a turn may answer."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from contracts.parts import TextPart, ToolCallPart
from tests.api.conftest import Open

pytestmark = pytest.mark.real


async def begin(http: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await http.post("/api/conversations", json={"models": ["sim:sim-fast"], **fields})
    assert answer.status_code == httpx2.codes.CREATED, answer.text
    assert answer.headers["location"] == f"/api/conversations/{answer.json()['id']}"
    made: dict[str, Any] = answer.json()
    return made


async def test_a_conversation_is_kept_and_changed(opened: Open) -> None:
    async with opened.http() as http:
        made = await begin(http, title="First", metadata={"team": "a", "n": 1})
        path = f"/api/conversations/{made['id']}"
        assert (await http.get(path)).json() == made
        changed = (await http.patch(path, json={"title": None, "models": ["gpt-4o-mini", "sim:sim-echo"]})).json()
        assert (changed["title"], changed["models"]) == (None, ["openai:gpt-4o-mini", "sim:sim-echo"])
        assert changed["metadata"] == {"team": "a", "n": 1}
        assert (await http.patch(path, json={"metadata": {}})).json()["metadata"] == {}
        unknown = await http.patch(path, json={"models": ["sim:sim-fast", "nope"]})
        assert (unknown.status_code, unknown.json()["field"]) == (404, "models.1")
        assert (await http.delete(path)).status_code == 204
        assert (await http.delete(path)).status_code == 404


async def test_listings_go_through_every_page_once(opened: Open) -> None:
    async with opened.http() as http:
        made = [(await begin(http))["id"] for _ in range(7)]
        listed, cursor, pages = [], None, 0
        while pages == 0 or cursor is not None:
            params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
            page = (await http.get("/api/conversations", params=params)).json()
            listed += [one["id"] for one in page["data"]]
            cursor, pages = page["next_cursor"], pages + 1
    assert (listed, pages) == (made[::-1], 3)


async def test_a_tools_result_may_answer_a_call_of_an_earlier_turn(opened: Open) -> None:
    async with opened.http() as http:
        made = await begin(http)
        path = f"/api/conversations/{made['id']}/turns"
        turn_id = UUID((await http.post(path, json={"content": "Weather?"})).json()["id"])
        attempt = await opened.attempt(turn_id)
        await attempt.begin().end(ToolCallPart(id="call_1", name="weather", arguments="{}"))
        results = {"type": "tool_result", "call_id": "call_2", "content": [{"type": "text", "text": "Rain."}]}
        wrong = await http.post(path, json={"messages": [{"role": "tool", "parts": [results]}]})
        assert (wrong.status_code, wrong.json()["field"]) == (400, "messages.0")
        results["call_id"] = "call_1"
        right = await http.post(path, json={"messages": [{"role": "tool", "parts": [results]}]})
        assert right.status_code == 202, right.text
        page = (await http.get(f"/api/conversations/{made['id']}/messages")).json()
    assert [message["role"] for message in page["data"]] == ["user", "assistant", "tool"]


async def test_a_finished_turn_shows_its_whole_story(opened: Open) -> None:
    async with opened.http() as http:
        made = await begin(http)
        path = f"/api/conversations/{made['id']}/turns"
        turn_id = UUID((await http.post(path, json={"content": "Hi"})).json()["id"])
        await (await opened.attempt(turn_id)).begin().say("Hel").lose()
        await (await opened.attempt(turn_id)).begin().end(TextPart(text="Hello"))
        shown = (await http.get(f"/api/turns/{turn_id}")).json()
        await http.post(f"/api/turns/{turn_id}/cancel")
        ended = await http.post(f"/api/turns/{turn_id}/cancel")
    assert (shown["state"], shown["conversation_id"]) == ("completed", made["id"])
    assert shown["message"]["parts"][0]["text"] == "Hello"
    assert [attempt["attempt"] for attempt in shown["attempts"]] == [1, 2]
    assert shown["plan"]["candidates"][0]["reason"]
    assert (ended.status_code, ended.json()) == (
        200,
        {"id": str(turn_id), "state": "completed", "cancel_requested": False},
    )


@pytest.mark.parametrize(
    "parts", [[{"type": "tool_call", "id": "1", "name": "f", "arguments": "{}"}], [{"type": "reasoning"}]]
)
async def test_a_role_says_only_what_it_can(opened: Open, parts: list[dict[str, Any]]) -> None:
    async with opened.http() as http:
        body = {"model": "sim:sim-fast", "messages": [{"role": "user", "parts": parts}]}
        answer = await http.post("/api/turns", json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, "messages.0")


async def test_the_same_key_is_the_same_turn_at_both_answers(opened: Open) -> None:
    async with opened.http() as http:
        body = {"model": "sim:sim-fast", "content": "Hi"}
        headers = {"Idempotency-Key": "once"}
        first, second = [await http.post("/api/turns", json=body, headers=headers) for _ in range(2)]
        too_long = await http.post("/api/turns", json=body, headers={"Idempotency-Key": "x" * 256})
        empty = await http.post("/api/turns", json=body, headers={"Idempotency-Key": ""})
    assert first.json()["id"] == second.json()["id"]
    assert opened.doors.metrics.registry.get_sample_value("perdure_turns_accepted_total") == 1
    assert (too_long.status_code, empty.status_code) == (400, 400)
    assert too_long.json()["field"] == "Idempotency-Key"
