"""A step's events: the answer as it grows, attempt by attempt, and the result."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import UUID

from fastapi.responses import Response

from api.doors import Doors
from api.following import follow
from api.sse import COME_BACK, STILL_HERE, event
from api.streaming import EventStream
from api.submitting_steps import load_step, shown
from contracts.parts import TextPart
from contracts.streams import AttemptOpened, PartShown, RecordKind
from domain.structured.finding import partial_json
from storage import ai_steps
from storage.ai_steps import AiStepRow

LOOK_SECONDS = 0.05
"""How often it is looked whether the next attempt has begun, or the step has ended; the pause grows tenfold."""
PARTIAL_SECONDS = 0.05
"""The least time between two partial objects: reading one anew takes longer the longer it is."""


def step_events(doors: Doors, row: AiStepRow) -> Response:
    """The answer with the step's events. Every event tells the whole so far, so that coming back needs no position."""
    return EventStream(_events(doors, row), {"X-Perdure-Step-Id": str(row.id)}, open_streams=doors.metrics.streams)


async def _events(doors: Doors, row: AiStepRow) -> AsyncGenerator[bytes, None]:
    yield COME_BACK
    yield event({"id": str(row.id), "state": row.state.value}, name="start")
    attempt, pause = 0, LOOK_SECONDS
    while not row.state.finished:
        turn_id = await _turn_of(doors, row.id, attempt)
        if turn_id is None:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 10 * LOOK_SECONDS)
        else:
            yield event({"attempt": attempt, "turn_id": str(turn_id)}, name="attempt")
            async with aclosing(_partials(doors, turn_id, structured=row.request.answer is not None)) as partials:
                async for piece in partials:
                    yield piece
            attempt, pause = attempt + 1, LOOK_SECONDS
        row = await load_step(doors, row.id, workspace_id=row.workspace_id)
    yield event(shown(row), name="end")


async def _turn_of(doors: Doors, step_id: UUID, attempt: int) -> UUID | None:
    """The turn of the first sample's attempt, once there is one."""
    async with doors.database.begin() as connection:
        known = await ai_steps.turns_of(connection, step_id)
    return next((one.turn_id for one in known if (one.sample, one.attempt) == (0, attempt)), None)


async def _partials(doors: Doors, turn_id: UUID, *, structured: bool) -> AsyncGenerator[bytes, None]:
    said: dict[int, str] = {}
    last: Any = None
    due = 0.0
    async with aclosing(follow(doors, turn_id)) as records:
        async for record in records:
            if record is None:
                yield STILL_HERE
                continue
            match record.kind:
                case RecordKind.RESET:
                    said.clear()
                    yield event({"cause": getattr(record.body, "cause", None)}, name="reset")
                case RecordKind.CONTINUE if isinstance(record.body, AttemptOpened):
                    said = {0: "".join(text for _, text in sorted(said.items()))[: record.body.keep_chars]}
                case RecordKind.PART if isinstance(record.body, PartShown) and isinstance(record.body.part, TextPart):
                    said[record.index] = record.body.part.text
                case RecordKind.TEXT:
                    said[record.index] = said.get(record.index, "") + record.text
                    if not structured:
                        yield event({"text": record.text}, name="text")
                case _:
                    continue
            now = asyncio.get_running_loop().time()
            if structured and now >= due:
                found = partial_json("".join(text for _, text in sorted(said.items())))
                if found is not None and found != last:
                    last = found
                    yield event({"data": found}, name="partial")
                    due = now + PARTIAL_SECONDS
