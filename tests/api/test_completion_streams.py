"""`/v1/chat/completions` while attempts come and go."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from contracts.errors import ErrorKind
from contracts.parts import TextPart
from contracts.streams import RecordKind
from contracts.turns import TurnResult, TurnState
from storage import turns
from tests.api.conftest import Attempt, Open, figure
from tests.api.reading import Event, events, read_events

pytestmark = pytest.mark.real

BODY = {"model": "sim:sim-fast", "messages": [{"role": "user", "content": "Hi"}], "stream": True}


@contextlib.asynccontextmanager
async def streaming(http: httpx2.AsyncClient, **headers: str) -> AsyncIterator[tuple[UUID, httpx2.Response]]:
    async with http.stream("POST", "/v1/chat/completions", json=BODY, headers=headers) as answer:
        assert answer.status_code == httpx2.codes.OK, await answer.aread()
        yield UUID(answer.headers["x-perdure-turn-id"]), answer


def said(found: list[Event]) -> str:
    deltas = [choice["delta"] for event in found if event.data for choice in event.data.get("choices", ())]
    return "".join(delta.get("content", "") for delta in deltas)


async def until_said(answer: httpx2.Response, text: str) -> None:
    got = ""
    async for event in events(answer):
        got += said([event])
        if got == text:
            return


async def state(http: httpx2.AsyncClient, turn_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get(f"/api/turns/{turn_id}")).json()
    return found


async def finish(opened: Open, first: Attempt, *more: str, answer: str) -> None:
    """Lose the first attempt, and answer with another."""
    await first.lose()
    second = (await opened.attempt(first.turn.id)).begin(RecordKind.RESET)
    for piece in more:
        second.say(piece)
    await second.end(TextPart(text=answer))


async def test_what_a_new_attempt_repeats_is_sent_once(opened: Open) -> None:
    async with opened.http() as http, streaming(http) as (turn_id, answer):
        first = (await opened.attempt(turn_id)).begin().say("Hello wor")
        reading = asyncio.create_task(read_events(answer))
        await finish(opened, first, "Hel", "lo world", answer="Hello world")
        found = await reading
    assert said(found) == "Hello world"
    assert found[-1].data is None
    assert found[-2].data["perdure"]["attempts"] == 2


async def test_what_a_new_attempt_contradicts_ends_in_a_typed_error(opened: Open) -> None:
    async with opened.http() as http, streaming(http) as (turn_id, answer):
        first = (await opened.attempt(turn_id)).begin().say("Hello")
        await until_said_through(answer, "Hello", then=finish(opened, first, "Good day", answer="Good day"))
        whole = await state(http, turn_id)
    assert whole["message"]["parts"][0]["text"] == "Good day"
    assert figure(opened, "perdure_streams_diverged_total") == 1


async def until_said_through(answer: httpx2.Response, text: str, *, then: Any) -> None:
    """Read `text`, do what follows, and find the stream ended by the typed error."""
    got, last = "", None
    async for event in events(answer):
        got, last = got + said([event]), event
        if got == text and then is not None:
            await then
            then = None
    assert got == text
    assert last is not None
    error = last.data["error"]
    assert (error["code"], error["type"]) == ("stream_diverged", "server_error")
    assert error["turn_id"] in error["message"]


async def test_a_failed_turn_ends_in_its_error(opened: Open) -> None:
    async with opened.http() as http, streaming(http) as (turn_id, answer):
        attempt = (await opened.attempt(turn_id)).begin().say("Hel")
        failed = TurnResult(
            turn_id=turn_id, state=TurnState.FAILED, error_kind=ErrorKind.RATE_LIMITED, error_message="Too many."
        )
        async with opened.doors.database.begin() as connection:
            await turns.close(connection, failed, now=opened.doors.clock())
        attempt.writer.append(RecordKind.END, body=failed)
        await attempt.lose()
        found = await read_events(answer)
    assert found[-1].data["error"] == {
        "message": "Too many.",
        "type": "rate_limit_error",
        "param": None,
        "code": "rate_limited",
        "turn_id": str(turn_id),
    }


async def test_a_key_sent_again_reads_the_newest_attempt_alone(opened: Open) -> None:
    key = {"Idempotency-Key": "once"}
    async with opened.http() as http, streaming(http, **key) as (turn_id, _):
        await (await opened.attempt(turn_id)).begin().say("Hello").lose()
        second = (await opened.attempt(turn_id)).begin(RecordKind.RESET).say("Good")
        await second.writer.flush()
        async with streaming(http, **key) as (again, answer):
            assert again == turn_id
            reading = asyncio.create_task(read_events(answer))
            await second.say(" day").end(TextPart(text="Good day"))
            assert said(await reading) == "Good day"
        async with streaming(http, **key) as (_, answer):
            finished = await read_events(answer)
    assert said(finished) == "Good day"
    assert finished[-1].data is None


async def test_the_same_key_for_another_request_is_a_conflict(opened: Open) -> None:
    async with opened.http() as http, streaming(http, **{"X-Perdure-Idempotency-Key": "once"}):
        other = {**BODY, "messages": [{"role": "user", "content": "Something else"}]}
        answer = await http.post("/v1/chat/completions", json=other, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 409
    assert answer.headers["x-should-retry"] == "false"
    assert answer.json()["error"]["param"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("headers", "cancelled"),
    [
        ({}, True),
        ({"Idempotency-Key": "kept"}, False),
        ({"X-Perdure-On-Disconnect": "finish"}, False),
        ({"Idempotency-Key": "kept", "X-Perdure-On-Disconnect": "cancel"}, True),
    ],
)
async def test_leaving_a_stream(opened: Open, headers: dict[str, str], cancelled: bool) -> None:
    async with opened.http() as http:
        async with streaming(http, **headers) as (turn_id, answer):
            (await opened.attempt(turn_id)).begin().say("Hel")
            await until_said(answer, "Hel")
        while figure(opened, "perdure_requests_open"):  # noqa: ASYNC110 - the server notices in its own time
            await asyncio.sleep(0.01)
        assert (await state(http, turn_id))["cancel_requested"] is cancelled


async def test_leaving_a_plain_completion_cancels_it(opened: Open) -> None:
    async with opened.http() as http:
        asking = asyncio.create_task(http.post("/v1/chat/completions", json={**BODY, "stream": False}))
        turn_id = await only_turn(opened)
        asking.cancel()
        while not (await state(http, turn_id))["cancel_requested"]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


async def only_turn(opened: Open) -> UUID:
    while True:
        async with opened.doors.database.begin() as connection:
            found = (await connection.execute(text("SELECT id FROM turns"))).scalar_one_or_none()
        if found is not None:
            return UUID(str(found))
        await asyncio.sleep(0.01)


async def test_an_unknown_wish_for_leaving_is_refused(opened: Open) -> None:
    async with opened.http() as http:
        headers = {"X-Perdure-On-Disconnect": "explode"}
        answer = await http.post("/v1/chat/completions", json=BODY, headers=headers)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "X-Perdure-On-Disconnect")
