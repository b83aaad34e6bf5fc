"""Accepting a run and starting its workflow; telling a running one that something has come for it."""

import asyncio
import hashlib
from collections.abc import Iterable
from uuid import UUID

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api.callback_urls import check_callback
from api.doors import Doors
from api.run_bodies import RunBody
from api.submitting import TEMPORAL_SECONDS, check_key
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import NUDGE_SIGNAL, keyed_run_id, run_workflow_id
from contracts.pipelines.plan import PipelinePlan
from contracts.runs import Place
from domain.runs.inputs import checked_inputs
from storage import pipelines, runs
from storage.accepting_runs import NewRun, accept_run
from storage.ids import new_id
from storage.keys import ApiKey
from storage.runs import RunSpender
from workflows.starting_runs import start_run

LONGEST_WAIT = 600.0
_TEMPORAL_AWAY = (RPCError, TimeoutError, RuntimeError)

log = structlog.get_logger("perdure.api")


async def begin(doors: Doors, key: ApiKey, name: str, body: RunBody, *, idempotency_key: str | None) -> UUID:
    """Write the run and start its workflow; its id. A run whose start fails stays accepted, and the sweeper starts it.

    Raises `not_found`, `invalid_request` for inputs that do not fit, `conflict` where the key was used for another run.
    """
    check_key(idempotency_key)
    run_id = new_id() if idempotency_key is None else keyed_run_id(key.workspace_id, idempotency_key)
    now = doors.clock()
    check_callback(body.callback_url, doors)
    async with doors.database.begin() as connection:
        found = await pipelines.find(connection, name, workspace_id=key.workspace_id, version=body.version)
        definition = PipelinePlan.model_validate_json(found.plan).definition
        # The version is not part of it: the same request means the same run, though the pipeline has changed since.
        digest = hashlib.sha256(f"{name}\n{body.model_dump_json(exclude_defaults=True)}".encode()).digest()
        asked = NewRun(
            id=run_id,
            given=checked_inputs(definition, body.input),
            digest=digest,
            author=key.prefix,
            spender=RunSpender(key.id, body.user),
            budget=body.budget,
            metadata=body.metadata,
            idempotency_key=idempotency_key,
            callback_url=body.callback_url,
        )
        state, _ = await accept_run(connection, found, asked, now=now)
    if not state.finished:
        await start(doors.temporal, run_id, key.workspace_id)
    return run_id


async def start(client: Client, run_id: UUID, workspace_id: UUID) -> None:
    """Start the workflow of an accepted run."""
    try:
        async with asyncio.timeout(TEMPORAL_SECONDS):
            await start_run(client, run_id, workspace_id)
    except _TEMPORAL_AWAY as error:
        log.warning("a run waits for the sweeper", run_id=str(run_id), reason=_reason(error))


async def nudge(client: Client, run_id: UUID, runners: Iterable[tuple[str | None, Place]], keys: list[str]) -> None:
    """Let steps look again at what they wait for; all of these workflows' steps where none is named."""
    await asyncio.gather(*(_nudge(client, run_workflow_id(run_id, step, place), keys) for step, place in runners))


async def _nudge(client: Client, workflow_id: str, keys: list[str]) -> None:
    try:
        async with asyncio.timeout(TEMPORAL_SECONDS):
            await client.get_workflow_handle(workflow_id).signal(NUDGE_SIGNAL, keys)
    except _TEMPORAL_AWAY as error:
        # Ended already, or for the sweeper to tell.
        if not (isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND):
            log.warning("a run was not told", workflow_id=workflow_id, reason=_reason(error))


async def stop(client: Client, run_id: UUID) -> None:
    """Cancel the workflow of a run."""
    try:
        async with asyncio.timeout(TEMPORAL_SECONDS):
            await client.get_workflow_handle(run_workflow_id(run_id)).cancel()
    except _TEMPORAL_AWAY as error:
        if not (isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND):
            log.warning("Temporal was not told to cancel", run_id=str(run_id), reason=_reason(error))


async def wait_for_run(doors: Doors, run_id: UUID, seconds: float) -> None:
    """Return when the run has ended, or the time has passed."""
    pause, end = 0.05, asyncio.get_running_loop().time() + seconds
    while True:
        async with doors.database.begin() as connection:
            if (await runs.find(connection, run_id)).state.finished:
                return
        left = end - asyncio.get_running_loop().time()
        if left <= 0:
            return
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, 1.0)


def check_wait(seconds: float) -> None:
    """Refuse a wait that is none, or too long."""
    if not 0 <= seconds <= LONGEST_WAIT:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"wait is 0 to {LONGEST_WAIT:.0f} seconds.", field="wait")


def _reason(error: Exception) -> str:
    return error.status.name if isinstance(error, RPCError) else type(error).__name__
