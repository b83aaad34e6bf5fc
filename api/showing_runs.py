"""How runs and their steps look to a client."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.doors import Doors
from contracts.ids import step_key
from contracts.pipelines.plan import PipelinePlan, PlannedBody, PlannedStep
from domain.runs.program import Program, program_of
from storage import artifacts, pipelines, run_items, run_turns, runs, steps
from storage.run_turns import Spent
from storage.runs import RunRow
from storage.steps import StepRow


async def show_run(doors: Doors, run_id: UUID, *, workspace_id: UUID) -> tuple[dict[str, Any], bool]:
    """A run with its graph, and whether it has ended. Raises `not_found`."""
    async with doors.database.begin() as connection:
        row = await runs.find(connection, run_id, workspace_id=workspace_id)
        program = await program_for(connection, row)
        rows = await steps.of_run(connection, run_id, depth=0)
        counts = await steps.counts(connection, run_id)
        items = await run_items.counts(connection, run_id)
        spent = await run_turns.spent(connection, run_id, whole=False)
        inner = await runs.inner(connection, run_id)
        wanted = [one for one in (row.input, row.output) if one is not None]
        values = await artifacts.get_all(connection, wanted, workspace_id=row.workspace_id)
        waiting = await steps.waiting(connection, run_id)
    by_id = {one.step_id: one for one in rows}
    used = {step: one for (step, _), one in spent.items()}
    runs_of = {one.parent_step: str(one.id) for one in inner}
    shown = {
        **run_members(row, program.plan.version),
        "input": values[row.input],
        "output": values[row.output] if row.output is not None else None,
        **_total(used),
        "steps": [
            {
                **_planned(one, owner, program),
                **(
                    _stood(by_id[one.id])
                    if one.id in by_id
                    else {"state": _not_begun(row, program, one.id), "attempt": 0}
                ),
                **({"states": counts[one.id]} if program.steps[one.id].around and one.id in counts else {}),
                **({"items": items[one.id, ()]} if (one.id, ()) in items else {}),
                **({"run": runs_of[one.id]} if one.id in runs_of else {}),
                **used_members(used.get(one.id)),
            }
            for owner, one in _flat(program.plan.body, None)
        ],
        "waiting": [awaited(one) for one in waiting if one.awaits is not None],
    }
    return shown, row.state.finished


async def program_for(connection: AsyncConnection, row: RunRow) -> Program:
    """The program of a run."""
    text = row.plan or (await pipelines.by_id(connection, row.pipeline_id)).plan
    return program_of(PipelinePlan.model_validate_json(text))


def run_members(row: RunRow, version: str | None = None) -> dict[str, Any]:
    """A run without its graph."""
    return {
        "id": str(row.id),
        "pipeline": row.name,
        **({"version": version} if version else {}),
        "state": row.state.value,
        "queued": row.queued,
        "paused": row.paused,
        "cancel_requested": row.cancel_requested,
        "generation": row.generation,
        "error": {"kind": row.error_kind, "message": row.error_message, "step": row.error_step}
        if row.error_kind
        else None,
        "budget": row.budget.model_dump(mode="json", exclude_none=True) if row.budget is not None else None,
        "metadata": row.metadata,
        "parent": {"run": str(row.parent_run_id), "step": row.parent_step} if row.parent_run_id else None,
        "forked_from": {"run": str(row.forked_from), "step": row.forked_step} if row.forked_from else None,
        "trigger": str(row.trigger_id) if row.trigger_id else None,
        "user": row.end_user,
        "callback": {
            "url": row.callback_url,
            "state": row.callback_state,
            "tries": row.callback_tries,
            "error": row.callback_error,
        }
        if row.callback_url
        else None,
        "author": row.author,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }


def awaited(row: StepRow) -> dict[str, Any]:
    """What a step waits for."""
    awaits = row.awaits or {}
    shown = {name: value for name, value in awaits.items() if name != "asked"}
    return {"step": step_key(row.step_id, row.place), **shown}


def used_members(spent: Spent | None) -> dict[str, Any]:
    """What a step has used."""
    if spent is None:
        return {"turns": 0, "calls": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": "0"}
    return {
        "turns": spent.turns,
        "calls": spent.calls,
        "input_tokens": int(spent.input_tokens),
        "output_tokens": int(spent.output_tokens),
        "cost_usd": money(spent.cost),
    }


def money(amount: Decimal) -> str:
    """USD in plain digits."""
    return f"{amount.normalize():f}" if amount else "0"


def _total(used: Mapping[str, Spent]) -> dict[str, Any]:
    every = list(used.values())
    return used_members(
        Spent(
            sum(one.turns for one in every),
            sum(one.calls for one in every),
            sum(one.input_tokens for one in every),
            sum(one.output_tokens for one in every),
            sum((one.cost for one in every), Decimal(0)),
        )
    )


def _flat(body: PlannedBody, owner: str | None) -> Iterator[tuple[str | None, PlannedStep]]:
    for one in body.steps:
        yield owner, one
        for inner in one.bodies:
            yield from _flat(inner, one.id)


def _planned(one: PlannedStep, owner: str | None, program: Program) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "within": owner,
        "needs": list(one.needs),
        **({"fallback": one.fallback} if one.fallback else {}),
        **({"stands_in_for": one.stands_in_for} if one.stands_in_for else {}),
    }


def _stood(row: StepRow) -> dict[str, Any]:
    return {
        "state": row.state,
        "attempt": row.attempt,
        "error": {"kind": row.error_kind, "message": row.error_message} if row.error_kind else None,
        "reused": bool(row.progress.get("reused")),
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }


def _not_begun(row: RunRow, program: Program, step_id: str) -> str | None:
    """Of a step in maps or loops `states` tells, since it stands in many places."""
    if program.steps[step_id].around:
        return None
    return "skipped" if row.state.finished else "waiting"
