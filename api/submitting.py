"""Accepting a turn and starting its workflow; stopping one."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import structlog
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.doors import Doors
from api.rights import within_rights
from api.unreachable import unreachable_part
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import keyed_turn_id, turn_workflow_id
from contracts.turns import TurnRequest, TurnState
from storage import audit, turns
from storage.accepting import AcceptedTurn, accept_turn
from storage.ids import new_id
from storage.keys import ApiKey
from workflows.starting import start_turn

LONGEST_KEY = 255
TEMPORAL_SECONDS = 3.0
"""How long a request waits for Temporal. Beyond, a turn is left to the sweeper and a stop to the database's record of it."""

_TEMPORAL_AWAY = (RPCError, TimeoutError, RuntimeError)
"""What the client raises when Temporal is away; RuntimeError is its bridge's, where it was never connected."""

log = structlog.get_logger("perdure.api")


def given_key(headers: Mapping[str, str]) -> str | None:
    """The idempotency key that a request carries. The second name is for callers whose first is taken by a gateway."""
    return headers.get("idempotency-key", headers.get("x-perdure-idempotency-key"))


def check_key(key: str | None, *, longest: int = LONGEST_KEY) -> None:
    """Refuse an idempotency key that is empty, or too long."""
    if key is not None and not 0 < len(key) <= longest:
        raise PerdureError(
            ErrorKind.INVALID_REQUEST, f"An idempotency key has 1 to {longest} characters.", field="Idempotency-Key"
        )


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
    check_key(idempotency_key)
    request = within_rights(request, key)
    turn_id = new_id() if idempotency_key is None else keyed_turn_id(key.workspace_id, idempotency_key)
    # A turn in no conversation is one row, found or written by a statement of its own.
    database = doors.database
    async with database.singly() if conversation_id is None else database.begin() as connection:
        accepted = await accept_turn(
            connection,
            request,
            turn_id=turn_id,
            workspace_id=key.workspace_id,
            conversation_id=conversation_id,
            idempotency_key=idempotency_key,
            now=doors.clock(),
            key_id=key.spends_as,
        )
    # The newest first: stopped in their order, each would hand the lane to one that is to be stopped as well.
    for turn_ahead in accepted.interrupts:
        await cancel(doors, key, turn_ahead)
    if accepted.created:
        doors.metrics.accepted.inc()
    if not accepted.state.finished:
        await _start(doors.temporal, turn_id, key.workspace_id)
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
        await asyncio.gather(_tell_streams(doors, turn_id), _cancel_workflow(doors.temporal, turn_id))
    return state


async def _start(client: Client, turn_id: UUID, workspace_id: UUID) -> None:
    try:
        async with asyncio.timeout(TEMPORAL_SECONDS):
            await start_turn(client, turn_id, workspace_id)
    except WorkflowAlreadyStartedError:
        return
    except _TEMPORAL_AWAY as error:
        log.warning("a turn waits for the sweeper", turn_id=str(turn_id), reason=_reason(error))


async def _cancel_workflow(client: Client, turn_id: UUID) -> None:
    try:
        async with asyncio.timeout(TEMPORAL_SECONDS):
            await client.get_workflow_handle(turn_workflow_id(turn_id)).cancel()
    except _TEMPORAL_AWAY as error:
        # Not started, or ended already: the record in the database stops what has not begun.
        if not (isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND):
            log.warning("Temporal was not told to cancel", turn_id=str(turn_id), reason=_reason(error))


async def _tell_streams(doors: Doors, turn_id: UUID) -> None:
    try:
        await doors.streams.stop(turn_id)
    except Exception as error:
        # The stop is recorded and goes through Temporal as well; here it would only have been faster.
        if unreachable_part(error) is None:
            raise
        log.warning("a stop was not told beside Temporal", turn_id=str(turn_id), reason=type(error).__name__)


def _reason(error: Exception) -> str:
    return error.status.name if isinstance(error, RPCError) else type(error).__name__
