"""Nothing stays half done: turns that nobody started are started, turns whose workflow is gone are ended."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.purging import purge
from activities.turn import ProviderTurnActivities
from activities.world import World
from contracts.activities import CloseTurn
from contracts.errors import ErrorKind
from contracts.ids import turn_workflow_id
from contracts.turns import TurnState
from storage import ai_steps, batches, turns
from storage.turns import Unfinished
from workers.run_sweeper import RunSweeper
from workflows.starting import start_turn
from workflows.starting_ai_steps import start_ai_step
from workflows.starting_batches import start_batch

GRACE = timedelta(seconds=10)
"""How long an accepted turn may wait for its start before the sweeper looks after it."""
PURGES_EVERY = timedelta(minutes=10)
_BATCH = 200

log = structlog.get_logger("perdure.sweeper")


class Sweeper:
    """Looks over unfinished turns every `interval` seconds, and drops streams older than `keep_streams`."""

    def __init__(self, world: World, client: Client, *, interval: float, keep_streams: timedelta) -> None:
        self._world = world
        self._client = client
        self._interval = interval
        self._keep_streams = keep_streams
        self._activities = ProviderTurnActivities(world)
        self._runs = RunSweeper(world, client)
        self._purged_at: datetime | None = None

    async def run(self) -> None:
        """Sweep for ever. A sweep that fails is logged and tried again at the next."""
        while True:
            try:
                await self.sweep(self._world.clock())
            except Exception as error:
                log.warning("sweep failed", error=type(error).__name__, reason=str(error)[:200])
            await asyncio.sleep(self._interval)

    async def sweep(self, now: datetime) -> int:
        """One look over everything; how many turns were started or ended."""
        async with self._world.database.begin() as connection:
            left = await turns.unfinished(connection, before=now - GRACE, limit=_BATCH)
        mended = 0
        for turn in left:
            mended += await self._mend(turn)
        await self._mend_ai_steps(now)
        await self._mend_batches(now)
        mended += await self._runs.sweep(now)
        await self._world.streams.purge(now - self._keep_streams)
        if self._purged_at is None or now - self._purged_at >= PURGES_EVERY:
            await purge(self._world, now)
            self._purged_at = now
        return mended

    async def _mend_ai_steps(self, now: datetime) -> None:
        """Start those that nobody runs: accepted without a start, or left by a workflow that failed."""
        async with self._world.database.begin() as connection:
            left = await ai_steps.unfinished(connection, before=now - GRACE, limit=_BATCH)
        for step_id, workspace_id in left:
            await start_ai_step(self._client, step_id, workspace_id)

    async def _mend_batches(self, now: datetime) -> None:
        """Start those that nobody runs. One that runs is not touched by it."""
        async with self._world.database.begin() as connection:
            left = await batches.unfinished(connection, before=now - GRACE, limit=_BATCH)
        for batch_id, workspace_id in left:
            await start_batch(self._client, batch_id, workspace_id)

    async def _mend(self, turn: Unfinished) -> bool:
        turn_id, state = turn.id, turn.state
        status = await self._status(turn_id)
        if status is WorkflowExecutionStatus.RUNNING:
            return False
        if status is None and state is TurnState.ACCEPTED:
            try:
                await start_turn(self._client, turn_id, turn.workspace_id)
            except WorkflowAlreadyStartedError:
                return False
            log.info("started a turn that was accepted and not started", turn_id=str(turn_id))
            return True
        ending = "is unknown to Temporal" if status is None else f"ended as {status.name.lower()}"
        await self._activities.close_turn(
            CloseTurn(
                turn_id=turn_id,
                state=TurnState.FAILED,
                error_kind=ErrorKind.INTERNAL,
                error_message=f"The turn's workflow {ending} without an answer. Send the turn again.",
            )
        )
        log.warning("ended a turn whose workflow is gone", turn_id=str(turn_id), workflow=ending)
        return True

    async def _status(self, turn_id: UUID) -> WorkflowExecutionStatus | None:
        try:
            description = await self._client.get_workflow_handle(turn_workflow_id(turn_id)).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return description.status
