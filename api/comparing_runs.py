"""Two runs side by side."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.doors import Doors
from api.showing_runs import program_for, run_members, used_members
from storage import artifacts, run_turns, runs, steps
from storage.runs import RunRow


async def compare(doors: Doors, one: UUID, two: UUID, *, workspace_id: UUID) -> dict[str, Any]:
    """What both came to, step by step: states, results, costs, and which are the same. Raises `not_found`."""
    async with doors.database.begin() as connection:
        left, right = [await runs.find(connection, each, workspace_id=workspace_id) for each in (one, two)]
        shown = [await _steps(connection, run) for run in (left, right)]
        outputs = [await _value(connection, run.output, workspace_id) for run in (left, right)]
    names = list(dict.fromkeys([*shown[0], *shown[1]]))
    return {
        "runs": [run_members(left), run_members(right)],
        "steps": [
            {
                "step": name,
                "same": _same(shown[0].get(name), shown[1].get(name)),
                "left": shown[0].get(name),
                "right": shown[1].get(name),
            }
            for name in names
        ],
        "output": {"same": outputs[0] == outputs[1], "left": outputs[0], "right": outputs[1]},
    }


async def _steps(connection: AsyncConnection, run: RunRow) -> dict[str, dict[str, Any]]:
    """The steps of the pipeline's own list, in its order."""
    program = await program_for(connection, run)
    rows = {one.step_id: one for one in await steps.of_run(connection, run.id, depth=0)}
    spent = {step: one for (step, _), one in (await run_turns.spent(connection, run.id, whole=False)).items()}
    hashes = [row.output for row in rows.values() if row.output is not None]
    values = await artifacts.get_all(connection, hashes, workspace_id=run.workspace_id)
    return {
        one.id: {
            "state": row.state,
            "reused": bool(row.progress.get("reused")),
            "result": (values[row.output] if row.output is not None else {}).get("result"),
            "error": {"kind": row.error_kind, "message": row.error_message} if row.error_kind else None,
            "used": used_members(spent.get(one.id)),
        }
        for one in program.plan.body.steps
        if (row := rows.get(one.id)) is not None
    }


async def _value(connection: AsyncConnection, wanted: bytes | None, workspace_id: UUID) -> Any:
    return None if wanted is None else await artifacts.get(connection, wanted, workspace_id=workspace_id)


def _same(left: dict[str, Any] | None, right: dict[str, Any] | None) -> bool:
    return left is not None and right is not None and all(left[name] == right[name] for name in ("state", "result"))
