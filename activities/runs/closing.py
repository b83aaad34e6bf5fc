"""How a run ends: its outputs, or what failed."""

from typing import Any

from activities.runs.following import followed
from activities.runs.naming import names_at
from activities.runs.open_run import OpenRun
from activities.world import World
from contracts.errors import ErrorKind, PerdureError
from contracts.run_activities import ClosedRun, CloseRun
from contracts.runs import RunState
from domain.pipelines.templates import UnfitTemplateError, rendered
from domain.runs.reading import roots_of
from storage import artifacts, audit, run_log, runs, steps

_STATES = {
    "completed": RunState.COMPLETED,
    "failed": RunState.FAILED,
    "timeout": RunState.FAILED,
    "cancelled": RunState.CANCELLED,
}


async def close_run(world: World, run: OpenRun, request: CloseRun) -> ClosedRun:
    """Store the outputs, or what failed, and end the run. One that has ended stays as it is."""
    if run.row.state.finished:
        return ClosedRun(run_id=run.id, state=run.row.state)
    now = world.clock()
    value: Any = None
    state, output, error = _STATES[request.how], None, None
    step = request.failed
    match request.how:
        case "completed":
            try:
                value = await outputs(run)
                output = await artifacts.put(
                    run.connection,
                    value,
                    workspace_id=run.row.workspace_id,
                    now=now,
                    what="The run's output",
                )
            except (UnfitTemplateError, PerdureError) as problem:
                state = RunState.FAILED
                kind = problem.kind if isinstance(problem, PerdureError) else ErrorKind.INVALID_REQUEST
                error = kind.value, f"The outputs cannot be made: {problem}"
        case "failed":
            error = await _of_step(run, request.failed)
        case "timeout":
            error = ErrorKind.TIMEOUT.value, "The run took longer than its `timeout`."
        case "cancelled":
            error = ErrorKind.CANCELLED.value, "The run was cancelled."
    await steps.stop_all(run.connection, run.id, now=now)
    await runs.finish(run.connection, run.id, state=state, output=output, error=error, error_step=step, now=now)
    told = {"state": state.value, **({"error": {"kind": error[0], "message": error[1]}} if error else {})}
    await run_log.add(run.connection, run.id, "run", told, now=now)
    await audit.record(
        run.connection,
        workspace_id=run.row.workspace_id,
        at=now,
        actor="worker",
        action=f"run.{state}",
        subject_id=run.id,
        detail={"kind": error[0], "step": step} if error else {},
    )
    given = value if state is RunState.COMPLETED else None
    return await followed(run, state, output=given, error=error, now=now)


async def outputs(run: OpenRun) -> dict[str, Any]:
    """What the run gives. Raises UnfitTemplateError."""
    said = {name: one.value for name, one in run.program.definition.outputs.items()}
    if said:
        found: dict[str, Any] = rendered(said, await names_at(run, (), (), roots_of(said)))
        return found
    last = run.program.plan.body.last
    return {"result": (await names_at(run, (), (), [last]))[last]["result"] if last is not None else None}


async def _of_step(run: OpenRun, step_id: str | None) -> tuple[str, str]:
    if step_id is None:
        return ErrorKind.INTERNAL.value, "The run's workflow ended without a result. Retry the run."
    row = (await steps.some(run.connection, run.id, [(step_id, ())])).get((step_id, ()))
    if row is None or row.error_kind is None:
        return ErrorKind.INTERNAL.value, f"The step {step_id!r} failed."
    return row.error_kind, f"The step {step_id!r} failed. {row.error_message}"
