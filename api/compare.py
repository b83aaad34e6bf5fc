"""`/api/compare`: one prompt to several models at once, each its own durable turn."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, model_validator

from api import examples_routes as shapes
from api.asking import check_prompt, turn_request
from api.auth import Caller, DoorsOf
from api.bodies import Body, KnobsBody, LimitsBody, TurnBody
from api.documenting import documented, json_body
from api.doors import Doors
from api.following import follow, wait_for_end
from api.generating import shown_answer
from api.json import json_response
from api.naming import names_for
from api.reading import read_body
from api.sse import STILL_HERE, event, record_data
from api.streaming import EventStream
from api.submitting import LONGEST_KEY, check_key, given_key, submit
from contracts.parts import Message
from contracts.requests import OutputFormat
from storage.accepting import AcceptedTurn

router = APIRouter(prefix="/api/compare", tags=["models"])
MOST = 10


class CompareBody(Body):
    """One prompt (or `messages`), and two to ten models that answer it side by side."""

    prompt: str | None = None
    messages: list[Message] | None = None
    models: list[str] = Field(min_length=2, max_length=MOST, examples=[["sim:sim-fast", "sim:sim-echo"]])
    output: OutputFormat | None = None
    knobs: KnobsBody = KnobsBody()
    limits: LimitsBody = LimitsBody()
    metadata: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "CompareBody":
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("give either prompt or messages")
        return self


@router.post(
    "",
    responses=documented(
        {200: ("Every answer, in the order of `models`; with `stream`, events as they come.", shapes.COMPARED)},
        errors=(400, 401, 404, 409, 413, 503),
    ),
    openapi_extra=json_body(CompareBody, shapes.COMPARE_BODY),
)
async def compare(request: Request, caller: Caller, doors: DoorsOf, stream: bool = False) -> Response:
    """Ask several models the same. No model falls back to another; one that fails says so beside the others' answers.

    With `stream` (or `Accept: text/event-stream`) the events of all turns come as they are said, each with the `column` of its
    model and the `turn_id`, under which `GET /api/turns/{id}/events` resumes it. An `Idempotency-Key` is one for all of them.
    """
    body = await read_body(request, CompareBody, limit=doors.max_request_bytes)
    check_prompt(body.prompt)
    names = await names_for(doors, caller)
    given = body.model_dump(exclude={"prompt", "models"}, exclude_unset=True)
    requests = [
        turn_request(
            TurnBody.model_validate({**given, "content": body.prompt, **_alone(model)}),
            names,
            model_field=f"models.{column}",
        )
        for column, model in enumerate(body.models)
    ]
    key = given_key(request.headers)
    check_key(key, longest=LONGEST_KEY - len(f"/{MOST - 1}"))
    turns = [
        await submit(doors, caller, one, idempotency_key=None if key is None else f"{key}/{column}")
        for column, one in enumerate(requests)
    ]
    asked = [str(one.models[0]) if one.models else name for one, name in zip(requests, body.models, strict=True)]
    if stream or "text/event-stream" in request.headers.get("accept", ""):
        return EventStream(_side_by_side(doors, turns, asked), {}, open_streams=doors.metrics.streams)
    results = await asyncio.gather(*(wait_for_end(doors, turn.turn_id, finished=turn.state.finished) for turn in turns))
    answers = [
        {"asked": name, **await shown_answer(doors, caller, result)}
        for name, result in zip(asked, results, strict=True)
    ]
    return json_response({"answers": answers})


def _alone(model: str) -> dict[str, Any]:
    """A column is one model's: another's answer in it would compare nothing."""
    return {"model": model, "routing": {"fallbacks": False}}


async def _side_by_side(doors: Doors, turns: list[AcceptedTurn], asked: list[str]) -> AsyncGenerator[bytes, None]:
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=256)

    async def tell(column: int, turn_id: UUID) -> None:
        try:
            async with aclosing(follow(doors, turn_id)) as records:
                async for record in records:
                    if record is None:
                        await pieces.put(STILL_HERE)
                        continue
                    data: dict[str, Any] = {"column": column, "asked": asked[column], "turn_id": str(turn_id)}
                    data |= {"position": str(record.position), **record_data(record)}
                    await pieces.put(event(data, name=record.kind.value))
        finally:
            await pieces.put(None)

    tasks = [asyncio.create_task(tell(column, turn.turn_id)) for column, turn in enumerate(turns)]
    left = len(tasks)
    try:
        while left:
            piece = await pieces.get()
            if piece is None:
                left -= 1
            else:
                yield piece
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
