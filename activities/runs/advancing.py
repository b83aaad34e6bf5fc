"""Bringing a step forward: whether it runs at all, and then as its kind does."""

from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.runs.called_runs import take_ended
from activities.runs.calling_tools import tool
from activities.runs.ending import StepFailedError, fail, skip, stood_in
from activities.runs.handing import handoff
from activities.runs.inner_runs import inner_run
from activities.runs.iterating import loop, map_items
from activities.runs.naming import names_at
from activities.runs.open_run import Kept, open_run
from activities.runs.plain import approval, branch, left, passed, transform, wait
from activities.runs.present import Present
from activities.runs.working import agent, generate, parallel
from activities.world import World
from contracts.errors import ErrorKind, PerdureError
from contracts.pipelines.steps import (
    AgentStep,
    ApprovalStep,
    BranchStep,
    GenerateStep,
    HandoffStep,
    LoopStep,
    MapStep,
    ParallelStep,
    PipelineStep,
    ToolStep,
    TransformStep,
    WaitStep,
)
from contracts.run_activities import (
    Advance,
    Again,
    Ask,
    Await,
    CallTools,
    Doing,
    Ended,
    Enter,
    Iterate,
    RunPipeline,
    StandIn,
)
from domain.pipelines.conditions import UnfitConditionError
from domain.pipelines.templates import UnfitTemplateError
from storage import steps

Next = Ended | Again | StandIn | Ask | CallTools | Await | Enter | Iterate | RunPipeline


async def advance_step(world: World, kept: Kept, connection: AsyncConnection, request: Advance) -> Doing:
    """Bring a step as far as can be without waiting, and store how far it has come."""
    now = world.clock()
    run = await open_run(connection, kept, request.run_id)
    here = run.program.steps[request.step_id]
    row = await steps.meet(connection, run.id, request.step_id, request.place, kind=here.step.kind, now=now)
    if request.serial != row.serial:
        # It was answered before, and the answer was lost: the same is answered again.
        request = Advance(run_id=request.run_id, step_id=request.step_id, place=request.place)
    present = Present(world, run, here, row, request, now)
    following = await _next(present)
    row.serial += 1
    await steps.save(connection, row)
    return Doing(serial=row.serial, next=following)


async def _next(present: Present) -> Next:
    row, told = present.row, present.told
    other = row.progress.get("stood_in_by")
    if other is not None and not row.finished_at:
        return await stood_in(present, other) if told.back else StandIn(step_id=other)
    if row.ended:
        return Ended(state=row.state, fatal=row.fatal)
    try:
        if told.failure is not None:
            return await fail(present, PerdureError(told.failure.kind, told.failure.message))
        retrying = row.awaits is not None and row.awaits["what"] == "retry"
        if retrying and not passed(present):
            return Again(seconds=left(present) or 0.0)
        if (retrying or row.started_at is None) and present.run.row.paused:
            return Await()
        if retrying:
            row.awaits, row.state = None, "running"
            await present.tell()
        if row.started_at is None:
            if not await _is_to_run(present):
                return await skip(present)
            row.started_at, row.state = present.now, "running"
            row.error_kind = row.error_message = None
            await present.tell()
        return await _work(present)
    except (UnfitTemplateError, UnfitConditionError) as error:
        said = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return await fail(present, StepFailedError(ErrorKind.INVALID_REQUEST, said, final=True))
    except PerdureError as error:
        return await fail(present, error)


async def _is_to_run(present: Present) -> bool:
    step, planned = present.here.step, present.here.planned
    if step.when is not None:
        return await present.holds(step.when)
    if not planned.gates:
        return True
    before = await names_at(present.run, (), present.row.place, planned.gates)
    return any(before[gate]["state"] != "skipped" for gate in planned.gates)


async def _work(present: Present) -> Next:
    step = present.here.step
    await take_ended(present)
    match step:
        case AgentStep():
            return await agent(present, step)
        case GenerateStep():
            return await generate(present, step)
        case ToolStep():
            return await tool(present, step)
        case TransformStep():
            return await transform(present, step)
        case MapStep():
            return await map_items(present, step)
        case BranchStep():
            return await branch(present, step)
        case LoopStep():
            return await loop(present, step)
        case ApprovalStep():
            return await approval(present, step)
        case WaitStep():
            return await wait(present, step)
        case PipelineStep():
            return await inner_run(present, step)
        case ParallelStep():
            return await parallel(present, step)
        case HandoffStep():
            return await handoff(present, step)
        case _:
            assert_never(step)
