"""`/api/turns`: ask, look, follow, stop."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import showing
from api.auth import Caller, DoorsOf
from api.bodies import TurnBody, path_id, turn_request
from api.documenting import PROBLEM, json_body
from api.doors import Doors
from api.following import follow, load, stored_end, wait_for_end
from api.json import json_response, read_body
from api.sse import STILL_HERE, record_event, stream_response
from api.submitting import cancel, submit
from contracts.errors import ErrorKind, PerdureError
from contracts.streams import Position, RecordKind
from contracts.turns import TurnRequest
from storage import audit, ledger
from storage.keys import ApiKey
from storage.streams.log import BEGINNING

router = APIRouter(prefix="/api/turns", tags=["turns"])
LONGEST_WAIT = 600.0

EXAMPLE = {"model": "sim:sim-fast", "content": "What is a durable workflow?"}


@router.post("", status_code=202, responses=PROBLEM, openapi_extra=json_body(TurnBody, EXAMPLE))
async def create_turn(
    request: Request, caller: Caller, doors: DoorsOf, stream: bool = False, wait: float = 0
) -> Response:
    """Ask without a conversation.

    Answers 202 with the turn; with `wait` (seconds) 200 with the finished turn if it ends in time; with `stream` or
    `Accept: text/event-stream` the turn's events.
    """
    body = await read_body(request, TurnBody, limit=doors.max_request_bytes)
    asked = turn_request(body, doors, ())
    return await answer_turn(request, doors, caller, asked, None, stream=stream, wait=wait)


async def answer_turn(
    request: Request,
    doors: Doors,
    caller: ApiKey,
    asked: TurnRequest,
    conversation_id: UUID | None,
    *,
    stream: bool,
    wait: float,
) -> Response:
    """Submit a turn, and answer as the caller likes it."""
    if not 0 <= wait <= LONGEST_WAIT:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"wait is 0 to {LONGEST_WAIT:.0f} seconds.", field="wait")
    accepted = await submit(
        doors,
        caller,
        asked,
        conversation_id=conversation_id,
        idempotency_key=request.headers.get("idempotency-key"),
    )
    turn_id = accepted.turn_id
    headers = {"X-Perdure-Turn-Id": str(turn_id), "Location": f"/api/turns/{turn_id}"}
    if stream or "text/event-stream" in request.headers.get("accept", ""):
        return stream_response(_events(doors, turn_id, BEGINNING), headers)
    if wait:
        try:
            async with asyncio.timeout(wait):
                await wait_for_end(doors, turn_id)
        except TimeoutError:
            # The turn goes on; the caller gets it as it is now.
            pass
    row, said = await load(doors, turn_id, workspace_id=caller.workspace_id)
    return json_response(showing.turn(row, said), 200 if row.state.finished else 202, headers)


@router.get("/{turn_id}", responses=PROBLEM)
async def get_turn(turn_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """The turn: state, plan, result, answer, every attempt with its cost, and the audit trail."""
    found = path_id(turn_id, "turn")
    row, said = await load(doors, found, workspace_id=caller.workspace_id)
    async with doors.database.begin() as connection:
        attempts = await ledger.of_turn(connection, found, workspace_id=caller.workspace_id)
        trail = await audit.of_subject(connection, found, workspace_id=caller.workspace_id)
    shown = showing.turn(row, said, attempts)
    shown["audit"] = [
        {"at": at.isoformat(), "actor": actor, "action": action, "detail": detail}
        for at, actor, action, detail in trail
    ]
    return json_response(shown)


@router.get("/{turn_id}/events", responses=PROBLEM)
async def get_events(
    request: Request, turn_id: str, caller: Caller, doors: DoorsOf, after: str | None = None
) -> Response:
    """The turn's events from `Last-Event-ID` (or `after`) on, live to the end.

    Events are `start`, `reset`, `continue`, `text`, `reasoning`, `tool_arguments`, `part` and `end`; their ids are positions.
    Where the stream is gone, the stored answer comes as `part` events and then `end`. After the end there is nothing: 204.
    """
    found = path_id(turn_id, "turn")
    given = request.headers.get("last-event-id") or after
    try:
        position = Position.parse(given) if given else BEGINNING
    except ValueError as error:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"{error}.", field="Last-Event-ID") from None
    row, _ = await load(doors, found, workspace_id=caller.workspace_id)
    if row.state.finished:
        records = await doors.streams.records(found)
        if records and records[-1].kind is RecordKind.END and records[-1].position <= position:
            return Response(status_code=204)
        if not records:
            return stream_response(_stored(doors, found, position), {"X-Perdure-Turn-Id": str(found)})
    return stream_response(_events(doors, found, position), {"X-Perdure-Turn-Id": str(found)})


@router.post("/{turn_id}/cancel", responses=PROBLEM)
async def cancel_turn(turn_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Stop the turn: the partial answer is kept and billed. Harmless for a turn that has ended; the answer says its state."""
    found = path_id(turn_id, "turn")
    state = await cancel(doors, caller, found)
    answer: dict[str, Any] = {"id": str(found), "state": state.value, "cancel_requested": not state.finished}
    return json_response(answer, 200 if state.finished else 202)


async def _events(doors: Doors, turn_id: UUID, after: Position) -> AsyncIterator[bytes]:
    async for record in follow(doors, turn_id, after):
        yield STILL_HERE if record is None else record_event(record)


async def _stored(doors: Doors, turn_id: UUID, after: Position) -> AsyncIterator[bytes]:
    for record in await stored_end(doors, turn_id, after) or []:
        yield record_event(record)
