"""A turn's events: live, resumed, and from what is stored where the log is gone."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contracts.parts import TextPart, ToolCallPart
from contracts.streams import RecordKind
from tests.api.conftest import Open, figure
from tests.api.reading import Event, ask, events, stream

pytestmark = pytest.mark.real

LATER = datetime.now(UTC) + timedelta(days=1)


async def test_events_come_live_and_can_be_resumed(opened: Open) -> None:
    async with opened.http() as http:
        turn_id = await ask(http)
        attempt = await opened.attempt(turn_id)
        reading = asyncio.create_task(stream(http, turn_id))
        attempt.begin().say("Hel").say("lo")
        ended = await attempt.end(TextPart(text="Hello"))
        whole = await reading
        assert [(event.id, event.name) for event in whole] == [
            ("1.1", "start"),
            ("1.2", "text"),
            ("1.3", "text"),
            ("1.4", "end"),
        ]
        assert [event.data["text"] for event in whole[1:3]] == ["Hel", "lo"]
        assert whole[-1].data["message_id"] == str(ended.message_id)
        assert await stream(http, turn_id, "1.2") == whole[2:]
        by_query = await http.get(f"/api/turns/{turn_id}/events?after=1.2")
        assert by_query.text.count("event: ") == 2
        beyond = await http.get(f"/api/turns/{turn_id}/events", headers={"Last-Event-ID": "1.4"})
        assert (beyond.status_code, beyond.content) == (204, b"")


async def test_the_events_of_a_new_turn_can_be_the_answer(opened: Open) -> None:
    async with opened.http() as http:
        body = {"model": "sim:sim-fast", "content": "Hi"}
        async with http.stream("POST", "/api/turns", json=body, headers={"Accept": "text/event-stream"}) as answer:
            turn_id = answer.headers["x-perdure-turn-id"]
            assert answer.headers["location"] == f"/api/turns/{turn_id}"
            found = (await http.get(f"/api/turns/{turn_id}")).json()
            attempt = await opened.attempt(UUID(found["id"]))
            await attempt.begin().say("Hi").end()
            assert [event.name async for event in events(answer)] == ["start", "text", "end"]


async def test_where_the_log_is_gone_the_stored_answer_comes(opened: Open) -> None:
    call = ToolCallPart(id="call_1", name="weather", arguments="{}")
    async with opened.http() as http:
        turn_id = await ask(http)
        attempt = await opened.attempt(turn_id)
        await attempt.begin().say("Hel").end(TextPart(text="Hello"), call)
        assert await opened.doors.streams.purge(LATER)
        whole = await stream(http, turn_id, "1.2")
        assert [event.name for event in whole] == ["reset", "part", "part", "end"]
        assert whole[1].data == {"index": 0, "part": {"type": "text", "text": "Hello", "citations": []}}
        assert whole[2].data["part"]["id"] == "call_1"
        assert await stream(http, turn_id, whole[1].id) == whole[2:]
        end = await http.get(f"/api/turns/{turn_id}/events", headers={"Last-Event-ID": whole[-1].id})
        assert end.status_code == 204


async def test_a_turn_that_ended_without_telling_its_stream_is_told_all_the_same(opened: Open) -> None:
    async with opened.http() as http:
        turn_id = await ask(http)
        reading = asyncio.create_task(stream(http, turn_id))
        attempt = await opened.attempt(turn_id)
        await attempt.begin().say("Hel").end(TextPart(text="Hello"), logged=False)
        live = await reading
        assert [event.name for event in live] == ["start", "text", "reset", "part", "end"]
        late = await stream(http, turn_id)
        assert [event.name for event in late] == ["reset", "part", "end"]
        assert [Event("2.1", "reset", late[0].data), *late[1:]] == live[2:]


async def test_attempts_are_told_apart(opened: Open) -> None:
    async with opened.http() as http:
        turn_id = await ask(http)
        await (await opened.attempt(turn_id)).begin().say("Hel").lose()
        attempt = await opened.attempt(turn_id)
        await attempt.begin(RecordKind.RESET).say("Good day").end(TextPart(text="Good day"))
        whole = await stream(http, turn_id)
        assert [(event.id, event.name) for event in whole] == [
            ("1.1", "start"),
            ("1.2", "text"),
            ("2.1", "reset"),
            ("2.2", "text"),
            ("2.3", "end"),
        ]


@pytest.mark.parametrize("position", ["elephant", "1", "1.x", "-1.2", "1.2.3", "9" * 30, "\u0661.\u0662"])
async def test_a_bad_position_is_refused(opened: Open, position: str) -> None:
    async with opened.http() as http:
        turn_id = await ask(http)
        answer = await http.get(f"/api/turns/{turn_id}/events", params={"after": position})
        assert (answer.status_code, answer.json()["field"]) == (400, "after")


async def test_leaving_does_not_stop_the_turn(opened: Open) -> None:
    async with opened.http() as http:
        turn_id = await ask(http)
        attempt = await opened.attempt(turn_id)
        attempt.begin().say("Hel")
        async with http.stream("GET", f"/api/turns/{turn_id}/events") as answer:
            async for event in events(answer):
                if event.name == "text":
                    break
        while figure(opened, "perdure_streams_open"):  # noqa: ASYNC110 - the server notices in its own time
            await asyncio.sleep(0.01)
        assert (await http.get(f"/api/turns/{turn_id}")).json()["cancel_requested"] is False
        await attempt.end()
