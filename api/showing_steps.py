"""One step of a run, closely."""

from typing import Any
from uuid import UUID

from api.doors import Doors
from api.showing_runs import awaited, program_for, used_members
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import step_key
from contracts.runs import Place
from storage import artifacts, run_items, run_turns, runs, steps
from storage.run_items import At

_ITEMS = 200


async def show_step(doors: Doors, run_id: UUID, key: str, *, workspace_id: UUID) -> dict[str, Any]:
    """The step. Raises `not_found`."""
    step_id, place = parse_key(key)
    async with doors.database.begin() as connection:
        run = await runs.find(connection, run_id, workspace_id=workspace_id)
        program = await program_for(connection, run)
        row = (await steps.some(connection, run_id, [(step_id, place)])).get((step_id, place))
        if row is None or step_id not in program.steps:
            raise PerdureError(ErrorKind.NOT_FOUND, f"The run has not come to a step {key[:100]!r}.")
        asked = (row.awaits or {}).get("asked")
        wanted = [one for one in (row.output, bytes.fromhex(asked) if asked else None) if one is not None]
        values = await artifacts.get_all(connection, wanted, workspace_id=workspace_id)
        turns = [
            one for one in await run_turns.of_run(connection, run_id) if (one.step_id, one.place) == (step_id, place)
        ]
        spent = (await run_turns.spent(connection, run_id, whole=True)).get((step_id, place))
        passes = (
            await run_items.all_of(connection, At(run_id, step_id, place), limit=_ITEMS)
            if program.steps[step_id].iterates
            else []
        )
    return {
        "step": step_key(step_id, place),
        "id": step_id,
        "place": list(place),
        "kind": row.kind,
        "state": row.state,
        "attempt": row.attempt,
        "reused": bool(row.progress.get("reused")),
        "error": {"kind": row.error_kind, "message": row.error_message} if row.error_kind else None,
        "output": values.get(row.output) if row.output is not None else None,
        "awaits": {**awaited(row), **(values[bytes.fromhex(asked)] if asked else {})} if row.awaits else None,
        "turns": [{"id": str(one.turn_id), "thread": one.thread, "state": one.state} for one in turns],
        "items": [
            {
                "position": one.position,
                "state": one.state,
                "result": one.result,
                "error": {"kind": one.error_kind, "message": one.error_message} if one.error_kind else None,
            }
            for one in passes
        ],
        "used": used_members(spent),
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }


def parse_key(key: str) -> tuple[str, Place]:
    """A step and its place. Raises `not_found` for anything that names none."""
    step_id, *numbers = key.split(".")
    if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in numbers):
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no step {key[:100]!r}.")
    return step_id, tuple(int(one) for one in numbers)
