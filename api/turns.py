"""`/api/turns`: ask, look, stop."""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples, showing
from api.asking import turn_request
from api.auth import Caller, DoorsOf
from api.bodies import TurnBody, path_id
from api.documenting import documented, json_body
from api.doors import Doors
from api.events import turn_events
from api.following import load, wait_for_end
from api.json import json_response
from api.naming import names_for
from api.reading import read_body
from api.submitting import cancel, given_key, submit
from contracts.errors import ErrorKind, PerdureError
from contracts.turns import TurnRequest
from storage import audit, ledger, messages, turns
from storage.keys import ApiKey

router = APIRouter(prefix="/api/turns", tags=["turns"])
LONGEST_WAIT = 600.0

ANSWERS = documented(
    {
        200: ("The finished turn (with `wait`), or its events (with `stream`).", examples.TURN),
        202: ("The turn, accepted or running.", examples.ACCEPTED_TURN),
    },
    errors=(400, 401, 404, 409, 413, 503),
)


@router.post("", status_code=202, responses=ANSWERS, openapi_extra=json_body(TurnBody, examples.TURN_BODY))
async def create_turn(
    request: Request, caller: Caller, doors: DoorsOf, stream: bool = False, wait: float = 0
) -> Response:
    """Ask without a conversation.

    Answers 202 with the turn; with `wait` (seconds) 200 with the finished turn if it ends in time; with `stream` or
    `Accept: text/event-stream` the turn's events. An `Idempotency-Key` names the turn: sent again, it attaches to the same turn,
    running or finished, and pays nothing. The turn goes on when the client leaves.
    """
    body = await read_body(request, TurnBody, limit=doors.max_request_bytes)
    asked = turn_request(body, await names_for(doors, caller))
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
    check_wait(wait)
    accepted = await submit(
        doors, caller, asked, conversation_id=conversation_id, idempotency_key=given_key(request.headers)
    )
    turn_id = accepted.turn_id
    headers = {"Location": f"/api/turns/{turn_id}"}
    if stream or "text/event-stream" in request.headers.get("accept", ""):
        return await turn_events(doors, turn_id, headers=headers, finished=accepted.state.finished)
    if wait and not accepted.state.finished:
        try:
            async with asyncio.timeout(wait):
                await wait_for_end(doors, turn_id)
        except TimeoutError:
            # The turn goes on; the caller gets it as it is now.
            pass
    row, said = await load(doors, turn_id, workspace_id=caller.workspace_id)
    headers["X-Perdure-Turn-Id"] = str(turn_id)
    return json_response(showing.turn(row, said), 200 if row.state.finished else 202, headers)


def check_wait(seconds: float) -> None:
    """Refuse a wait that is none, or too long."""
    if not 0 <= seconds <= LONGEST_WAIT:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"wait is 0 to {LONGEST_WAIT:.0f} seconds.", field="wait")


@router.get(
    "/{turn_id}",
    responses=documented(
        {200: ("The turn, with its attempts and audit trail.", examples.WHOLE_TURN)}, errors=(401, 404)
    ),
)
async def get_turn(turn_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """The turn: state, plan with its reasons, result, answer, every attempt with its cost, and the audit trail."""
    found = path_id(turn_id, "turn")
    async with doors.database.begin() as connection:
        row = await turns.find(connection, found, workspace_id=caller.workspace_id)
        said = await messages.of_turn(connection, found)
        attempts = await ledger.of_turn(connection, found, workspace_id=caller.workspace_id)
        trail = await audit.of_subject(connection, found, workspace_id=caller.workspace_id)
    shown = showing.turn(row, said, attempts)
    shown["audit"] = [
        {"at": at.isoformat(), "actor": actor, "action": action, "detail": detail}
        for at, actor, action, detail in trail
    ]
    return json_response(shown)


@router.post(
    "/{turn_id}/cancel",
    responses=documented(
        {
            200: ("The turn had ended already; its state.", {**examples.CANCELLED, "state": "completed"}),
            202: ("The turn is being stopped.", examples.CANCELLED),
        },
        errors=(401, 404),
    ),
)
async def cancel_turn(turn_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Stop the turn: the partial answer is kept and billed.

    Idempotent. A turn that has ended stays as it is: 200 with its state; else 202 with the state that it was in.
    """
    found = path_id(turn_id, "turn")
    state = await cancel(doors, caller, found)
    answer: dict[str, Any] = {"id": str(found), "state": state.value, "cancel_requested": not state.finished}
    return json_response(answer, 200 if state.finished else 202)
