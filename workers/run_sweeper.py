"""No run stays half done: those that nobody started are started, those whose workflow is gone are ended, and waits that are
over are told of.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.pipeline import StoredRunActivities
from activities.world import World
from contracts.ids import NUDGE_SIGNAL, run_workflow_id, step_key
from contracts.pipelines.plan import PipelinePlan
from contracts.run_activities import CloseRun
from contracts.runs import Place, RunState
from domain.runs.program import program_of
from storage import pipelines, runs, steps
from storage.runs import RunRow
from workflows.starting_runs import start_callback, start_run

GRACE = timedelta(seconds=10)
_BATCH = 200

log = structlog.get_logger("perdure.sweeper")


class RunSweeper:
    """Looks over unfinished runs."""

    def __init__(self, world: World, client: Client) -> None:
        self._world = world
        self._client = client
        self._activities = StoredRunActivities(world)

    async def sweep(self, now: datetime) -> int:
        """One look over everything; how many runs were started, ended or told something."""
        async with self._world.database.begin() as connection:
            left = await runs.unfinished(connection, before=now - GRACE, limit=_BATCH)
            untold = await steps.untold(connection, before=now - GRACE, limit=_BATCH)
        mended = 0
        for run in left:
            mended += await self._mend(run)
        for run_id, step_id, place in untold:
            mended += await self._tell(run_id, step_id, place)
        return mended

    async def _mend(self, run: RunRow) -> bool:
        status = await self._status(run.id)
        if status is WorkflowExecutionStatus.RUNNING:
            if run.cancel_requested:
                await self._client.get_workflow_handle(run_workflow_id(run.id)).cancel()
            return False
        if run.state is RunState.ACCEPTED:
            await start_run(self._client, run.id, run.workspace_id)
            log.info("started a run that was accepted and not started", run_id=str(run.id))
            return True
        async with self._world.database.begin() as connection:
            if (await runs.find(connection, run.id)).state.finished:
                return False
        ending = "is unknown to Temporal" if status is None else f"ended as {status.name.lower()}"
        closed = await self._activities.close_run(CloseRun(run_id=run.id, how="failed"))
        for following in closed.starts:
            await start_run(self._client, following, run.workspace_id)
        if closed.callback:
            await start_callback(self._client, run.id, f"swept-{run.generation}")
        log.warning("ended a run whose workflow is gone", run_id=str(run.id), workflow=ending)
        return True

    async def _tell(self, run_id: UUID, step_id: str, place: Place) -> bool:
        async with self._world.database.begin() as connection:
            run = await runs.find(connection, run_id)
            text = run.plan or (await pipelines.by_id(connection, run.pipeline_id)).plan
        runner = program_of(PipelinePlan.model_validate_json(text)).runner_of(step_id, place)
        handle = self._client.get_workflow_handle(run_workflow_id(run_id, *runner))
        try:
            await handle.signal(NUDGE_SIGNAL, [step_key(step_id, place)])
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def _status(self, run_id: UUID) -> WorkflowExecutionStatus | None:
        try:
            return (await self._client.get_workflow_handle(run_workflow_id(run_id)).describe()).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
