"""Accepting a turn and starting its workflow; stopping one."""

import asyncio
from uuid import UUID

import structlog
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.doors import Doors
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import keyed_turn_id, turn_workflow_id
from contracts.turns import TurnRequest, TurnState
from storage import audit, turns
from storage.accepting import AcceptedTurn, accept_turn
from storage.ids import new_id
from storage.keys import ApiKey
from workflows.starting import start_turn

LONGEST_KEY = 255

log = structlog.get_logger("perdure.api")


async def submit(
    doors: Doors,
    key: ApiKey,
    request: TurnRequest,
    *,
    conversation_id: UUID | None = None,
    idempotency_key: str | None = None,
) -> AcceptedTurn:
    """Write the turn and start its workflow. A turn whose start fails stays accepted, and the sweeper starts it.

    Raises `conflict`, `not_found` and `invalid_request` as `accept_turn` says.
    """
    if idempotency_key is not None and not 0 < len(idempotency_key) <= LONGEST_KEY:
        raise PerdureError(
            ErrorKind.INVALID_REQUEST,
            f"An idempotency key has 1 to {LONGEST_KEY} characters.",
            field="Idempotency-Key",
        )
    turn_id = new_id() if idempotency_key is None else keyed_turn_id(key.workspace_id, idempotency_key)
    async with doors.database.begin() as connection:
        accepted = await accept_turn(
            connection,
            request,
            turn_id=turn_id,
            workspace_id=key.workspace_id,
            conversation_id=conversation_id,
            idempotency_key=idempotency_key,
            now=doors.clock(),
        )
    if accepted.interrupts is not None:
        await cancel(doors, key, accepted.interrupts)
    if not accepted.state.finished:
        await _start(doors.temporal, turn_id)
    return accepted


async def cancel(doors: Doors, key: ApiKey, turn_id: UUID) -> TurnState:
    """Stop a turn: recorded, then told twice, beside Temporal at once and through it for good. The state that it was in."""
    now = doors.clock()
    async with doors.database.begin() as connection:
        state = await turns.request_cancel(connection, turn_id, workspace_id=key.workspace_id, now=now)
        if not state.finished:
            await audit.record(
                connection,
                workspace_id=key.workspace_id,
                at=now,
                actor=key.prefix,
                action="turn.cancel_requested",
                subject_id=turn_id,
            )
    if not state.finished:
        await asyncio.gather(doors.streams.stop(turn_id), _cancel_workflow(doors.temporal, turn_id))
    return state


async def _start(client: Client, turn_id: UUID) -> None:
    try:
        await start_turn(client, turn_id)
    except WorkflowAlreadyStartedError:
        return
    except RPCError as error:
        log.warning("a turn waits for the sweeper", turn_id=str(turn_id), reason=error.status.name)


async def _cancel_workflow(client: Client, turn_id: UUID) -> None:
    try:
        await client.get_workflow_handle(turn_workflow_id(turn_id)).cancel()
    except RPCError as error:
        # Not started, or ended already: the record in the database stops what has not begun.
        if error.status is not RPCStatusCode.NOT_FOUND:
            log.warning("Temporal was not told to cancel", turn_id=str(turn_id), reason=error.status.name)
