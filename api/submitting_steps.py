"""Accepting an AI step and starting its workflow; waiting for it; stopping it."""

import asyncio
from typing import Any
from uuid import UUID

import structlog
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from api.doors import Doors
from api.submitting import TEMPORAL_SECONDS, cancel, check_key
from contracts.ai_steps import AiStepRequest
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import ai_step_workflow_id, keyed_ai_step_id
from domain.structured.telling import shown_step
from storage import ai_steps
from storage.ai_steps import AiStepRow
from storage.ids import new_id
from storage.keys import ApiKey
from workflows.starting_ai_steps import start_ai_step, start_telling

_AWAY = (RPCError, TimeoutError, RuntimeError)
_LOOK_SECONDS = 0.25

log = structlog.get_logger("perdure.api")


class StepFailedError(PerdureError):
    """A step that ended without an answer, where the caller waits for one."""

    def __init__(self, row: AiStepRow) -> None:
        result = row.result
        kind = result.error_kind if result and result.error_kind else ErrorKind.INTERNAL
        message = (result.error_message if result else None) or "The step ended without a result."
        super().__init__(kind, message, field=result.error_field if result else None, detail={"step_id": str(row.id)})


async def submit_step(doors: Doors, caller: ApiKey, asked: AiStepRequest, *, key: str | None) -> AiStepRow:
    """Write the step and start its workflow. One whose start fails is started by the sweeper.

    Raises `conflict` where the key was used for another request.
    """
    check_key(key)
    step_id = new_id() if key is None else keyed_ai_step_id(caller.workspace_id, key)
    async with doors.database.begin() as connection:
        row = await ai_steps.accept(
            connection, asked, step_id=step_id, workspace_id=caller.workspace_id, now=doors.clock()
        )
    if not row.state.finished:
        try:
            async with asyncio.timeout(TEMPORAL_SECONDS):
                await start_ai_step(doors.temporal, step_id, caller.workspace_id)
        except _AWAY as error:
            log.warning("a step waits for the sweeper", step_id=str(step_id), reason=type(error).__name__)
    return row


async def tell_again(doors: Doors, row: AiStepRow) -> AiStepRow:
    """Tell the result to the step's callback address once more, for a day. Raises `conflict` where there is nothing to tell."""
    if row.request.callback_url is None:
        raise PerdureError(ErrorKind.CONFLICT, f"The step {row.id} has no `callback_url`.")
    if not row.state.finished:
        raise PerdureError(ErrorKind.CONFLICT, f"The step {row.id} has not ended; its end will be told.")
    async with doors.database.begin() as connection:
        await ai_steps.tell_again(connection, row.id)
    try:
        async with asyncio.timeout(TEMPORAL_SECONDS):
            await start_telling(doors.temporal, row.id, row.workspace_id)
    except TimeoutError:
        raise RPCError("Temporal did not answer in time", RPCStatusCode.DEADLINE_EXCEEDED, b"") from None
    return await load_step(doors, row.id, workspace_id=row.workspace_id)


async def load_step(doors: Doors, step_id: UUID, *, workspace_id: UUID) -> AiStepRow:
    """The step as it is now. Raises `not_found`."""
    async with doors.database.begin() as connection:
        return await ai_steps.find(connection, step_id, workspace_id=workspace_id)


async def wait_for_step(doors: Doors, row: AiStepRow, seconds: float) -> AiStepRow:
    """The step once it has ended, or as it is after so many seconds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not row.state.finished and (left := deadline - asyncio.get_running_loop().time()) > 0:
        await _change(doors, row, left)
        row = await load_step(doors, row.id, workspace_id=row.workspace_id)
    return row


async def cancel_step(doors: Doors, caller: ApiKey, row: AiStepRow) -> None:
    """Stop a step: its turns at once, and the step through Temporal."""
    async with doors.database.begin() as connection:
        running = [one for one in await ai_steps.turns_of(connection, row.id) if not one.state.finished]
    try:
        async with asyncio.timeout(TEMPORAL_SECONDS):
            await doors.temporal.get_workflow_handle(ai_step_workflow_id(row.id)).cancel()
    except _AWAY as error:
        if not (isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND):
            log.warning("Temporal was not told to cancel", step_id=str(row.id), reason=type(error).__name__)
    for one in running:
        await cancel(doors, caller, one.turn_id)


def shown(row: AiStepRow) -> dict[str, Any]:
    """The step in JSON."""
    callback = None
    if row.request.callback_url is not None:
        callback = {
            "url": row.request.callback_url,
            "state": row.callback_state,
            "tries": row.callback_tries,
            "error": row.callback_error,
        }
    told = shown_step(row.id, row.request, row.state, row.result, row.created_at, row.finished_at)
    return {**told, "callback": callback}


async def _change(doors: Doors, row: AiStepRow, seconds: float) -> None:
    """Wait for the workflow's end, which comes with the step's unless somebody is called back first."""
    if row.request.callback_url is not None:
        await asyncio.sleep(min(seconds, _LOOK_SECONDS))
        return
    try:
        async with asyncio.timeout(seconds):
            await doors.temporal.get_workflow_handle(ai_step_workflow_id(row.id)).result()
    except (WorkflowFailureError, *_AWAY):
        # Not started, failed, or away: the sweeper sees to it.
        await asyncio.sleep(min(seconds, _LOOK_SECONDS))
