"""What a run's end sets going: the next in line, and the runs of pipelines that wait for it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from activities.runs.firing import fire
from activities.runs.open_run import OpenRun
from contracts.run_activities import ClosedRun
from contracts.runs import RunState
from domain.runs.triggering import at_of
from storage import run_queue, triggers


async def followed(
    run: OpenRun, state: RunState, *, output: Any, error: tuple[str, str] | None, now: datetime
) -> ClosedRun:
    """The end, with what follows. Runs that steps started have nobody who waits for them but their steps."""
    row = run.row
    if row.parent_run_id is not None:
        return ClosedRun(run_id=run.id, state=state)
    queue = None
    if run.program.definition.concurrency is not None:
        queue = await run_queue.next_in_line(run.connection, workspace_id=row.workspace_id, name=row.name)
    return ClosedRun(
        run_id=run.id,
        state=state,
        next_in_line=queue,
        starts=await _started(run, state, output, error, now),
        callback=row.callback_state == "pending",
    )


async def _started(
    run: OpenRun, state: RunState, output: Any, error: tuple[str, str] | None, now: datetime
) -> tuple[UUID, ...]:
    row, found = run.row, list[UUID]()
    ended = {
        "id": str(row.id),
        "pipeline": row.name,
        "state": state.value,
        "output": output,
        "error": {"kind": error[0], "message": error[1]} if error else None,
        "metadata": row.metadata,
    }
    for trigger in await triggers.after_end_of(run.connection, row.name, workspace_id=row.workspace_id):
        if state not in trigger.asked.states:
            continue
        names = {"at": at_of(now), "trigger": trigger.name, "run": ended}
        occasion = f"{row.id}/{row.generation}"
        run_id = await fire(run.connection, trigger, occasion, names, now=now, chain=row.chain + 1)
        if run_id is not None:
            found.append(run_id)
    return tuple(found)
