"""The activities of a run: each is one transaction over what is stored of it."""

import asyncio
from uuid import UUID

from temporalio import activity

from activities.beating import beating
from activities.errors import failure
from activities.runs.advancing import advance_step
from activities.runs.calling_tools import ToolAwayError, make_call
from activities.runs.closing import close_run
from activities.runs.iterating import begins, end_pass
from activities.runs.open_run import Kept, OpenRun, open_run
from activities.runs.present import Present
from activities.world import World
from contracts.errors import PerdureError
from contracts.pipelines.steps import MapStep
from contracts.run_activities import (
    Advance,
    CalledTool,
    CallTool,
    ClosedRun,
    CloseRun,
    Doing,
    EndedPass,
    EndPass,
    FollowTurn,
    OpenedScope,
    RunActivities,
    Scope,
    TakeItems,
    TakenItems,
)
from contracts.runs import Place, RunState
from domain.retries import Again, GiveUp
from domain.runs.program import outline_of
from storage import run_items, run_log, run_queue, runs, turns
from storage.run_items import At
from storage.steps import StepRow

_LOOK = 0.5
"""Seconds between looks at a turn that another workflow answers."""
_TOOL_WAIT = 1.0


class StoredRunActivities(RunActivities):
    """The run's activities over a database, tools, and the planner's models."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept = Kept()

    @activity.defn(name="open_scope")
    async def open_scope(self, request: Scope) -> OpenedScope:
        """What there is to run; a run that was accepted is running from now on."""
        try:
            async with self._world.database.begin() as connection:
                run = await open_run(connection, self._kept, request.run_id, lock=request.step_id is None)
                if run.row.state.finished:
                    return OpenedScope(kind="run", finished=run.row.state)
                if request.step_id is not None:
                    return await self._open_passes(run, request.step_id, request.place)
                now = self._world.clock()
                if run.row.state is RunState.ACCEPTED:
                    if not await self._has_turn(run):
                        return OpenedScope(kind="run", queued=True)
                    await runs.start(connection, run.id, now=now)
                    await run_log.add(connection, run.id, "run", {"state": "running"}, now=now)
                timeout = run.program.definition.timeout
                spent = (now - (run.row.started_at or now)).total_seconds()
                return OpenedScope(
                    kind="run",
                    steps=outline_of(run.program, run.program.plan.body),
                    seconds=None if timeout is None else max(0.001, timeout - spent),
                )
        except PerdureError as error:
            raise failure(error, GiveUp("the run cannot be opened")) from error

    @activity.defn(name="advance_step")
    async def advance_step(self, request: Advance) -> Doing:
        """Bring a step as far as can be without waiting: one transaction."""
        try:
            async with self._world.database.begin() as connection:
                return await advance_step(self._world, self._kept, connection, request)
        except PerdureError as error:
            raise failure(error, GiveUp("the step cannot be read")) from error

    @activity.defn(name="take_items")
    async def take_items(self, request: TakeItems) -> TakenItems:
        """The next items of a map."""
        at = At(request.run_id, request.step_id, request.place)
        async with self._world.database.begin() as connection:
            found = await run_items.take(connection, at, after=request.after, limit=request.limit)
        return TakenItems(positions=found)

    @activity.defn(name="end_pass")
    async def end_pass(self, request: EndPass) -> EndedPass:
        """Store what an item or a round came to, and say whether another follows."""
        try:
            async with self._world.database.begin() as connection:
                run = await open_run(connection, self._kept, request.run_id)
                present = self._present(run, request.step_id, request.place)
                return await end_pass(present, request.position, request.failed)
        except PerdureError as error:
            raise failure(error, GiveUp("the item cannot be ended")) from error

    @activity.defn(name="call_tool")
    async def call_tool(self, request: CallTool) -> CalledTool:
        """Call a tool. Fails with an error kind as the failure's type."""
        try:
            async with beating():
                return await make_call(self._world, self._kept, request)
        except ToolAwayError as error:
            raise failure(error, Again(error.retry_after or _TOOL_WAIT)) from error
        except PerdureError as error:
            raise failure(error, GiveUp("the call cannot be made")) from error

    @activity.defn(name="follow_turn")
    async def follow_turn(self, request: FollowTurn) -> None:
        """Return when the turn has ended."""
        try:
            while not await self._has_ended(request.turn_id):
                activity.heartbeat()
                await asyncio.sleep(_LOOK)
        except PerdureError as error:
            raise failure(error, GiveUp("the turn cannot be followed")) from error

    @activity.defn(name="close_run")
    async def close_run(self, request: CloseRun) -> ClosedRun:
        """Store the outputs or what failed, and end the run. A run that has ended stays as it is."""
        try:
            async with self._world.database.begin() as connection:
                run = await open_run(connection, self._kept, request.run_id, lock=True)
                return await close_run(self._world, run, request)
        except PerdureError as error:
            raise failure(error, GiveUp("the run cannot be closed")) from error

    async def _has_turn(self, run: OpenRun) -> bool:
        most = run.program.definition.concurrency
        if most is None or run.row.parent_run_id is not None:
            return True
        return await run_queue.has_turn(
            run.connection,
            run.id,
            workspace_id=run.row.workspace_id,
            name=run.row.name,
            most=most,
            now=self._world.clock(),
        )

    async def _open_passes(self, run: OpenRun, step_id: str, place: Place) -> OpenedScope:
        here = run.program.steps[step_id]
        outlines = outline_of(run.program, here.planned.bodies[0])
        if isinstance(here.step, MapStep):
            return OpenedScope(kind="map", steps=outlines, concurrency=here.step.concurrency)
        return OpenedScope(kind="loop", steps=outlines, first=await begins(self._present(run, step_id, place)))

    def _present(self, run: OpenRun, step_id: str, place: Place) -> Present:
        here = run.program.steps[step_id]
        row = StepRow(run.id, step_id, place, here.step.kind)
        told = Advance(run_id=run.id, step_id=step_id, place=place)
        return Present(self._world, run, here, row, told, self._world.clock())

    async def _has_ended(self, turn_id: UUID) -> bool:
        async with self._world.database.begin() as connection:
            return (await turns.find(connection, turn_id)).state.finished
