"""What can be done to a run: stop it, hold it, decide for it, tell it something."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.doors import Doors
from api.run_bodies import DecisionBody, SignalBody
from api.showing_runs import program_for, run_members
from api.starting_runs import nudge, stop
from api.waking import wake
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import run_budget, step_key
from contracts.pipelines.base import Budget
from contracts.pipelines.steps import ApprovalStep
from contracts.runs import Place
from domain.pipelines.schemas import value_faults
from domain.runs.program import Program
from domain.yaml.nodes import dotted
from storage import artifacts, audit, budget_events, run_budgets, run_events, run_log, runs, steps
from storage.keys import ApiKey
from storage.runs import RunRow
from storage.steps import StepRow

Runner = tuple[str | None, Place]


async def cancel(doors: Doors, key: ApiKey, run_id: UUID) -> dict[str, Any]:
    """Stop the run. One that has ended stays as it is."""
    async with doors.database.begin() as connection:
        run = await runs.find(connection, run_id, workspace_id=key.workspace_id, lock=True)
        if not run.state.finished:
            await runs.request_cancel(connection, run_id, now=doors.clock())
            await _note(connection, doors, key, run_id, "cancel_requested")
    if not run.state.finished:
        await stop(doors.temporal, run_id)
    return await _shown(doors, run_id)


async def pause(doors: Doors, key: ApiKey, run_id: UUID, *, paused: bool) -> dict[str, Any]:
    """Hold the run, or let it go on."""
    async with doors.database.begin() as connection:
        run = await _unfinished(connection, run_id, key)
        await runs.set_paused(connection, run_id, paused=paused, now=doors.clock())
        await _note(connection, doors, key, run_id, "paused" if paused else "resumed")
        runners = await steps.iterating(connection, run_id)
    if not paused and run.paused:
        await nudge(doors.temporal, run_id, [(None, ()), *runners], [])
    return await _shown(doors, run_id)


async def change_budget(doors: Doors, key: ApiKey, run_id: UUID, budget: Budget) -> dict[str, Any]:
    """Give the run another budget. It holds for what is asked from now on; turns that wait for room are told."""
    now = doors.clock()
    async with doors.database.begin() as connection:
        run = await runs.find(connection, run_id, workspace_id=key.workspace_id, lock=True)
        await runs.set_budget(connection, run_id, budget)
        waiting = await _keep(connection, run, budget, now)
        figures = budget.model_dump(mode="json", exclude_none=True)
        await _note(connection, doors, key, run_id, "budget_changed", budget=figures)
    await wake(doors, waiting)
    return await _shown(doors, run_id)


async def _keep(connection: AsyncConnection, run: RunRow, budget: Budget, now: datetime) -> list[UUID]:
    """Let what the run keeps follow; the turns that may have room now."""
    wanted, waiting = run_budgets.limits(budget), list[UUID]()
    value = run_budget(run.id)
    for (name, unit), one in (await run_budgets.of_run(connection, run.id)).items():
        if name != value:
            continue
        waiting += [turn.turn_id for turn in await budget_events.waiting(connection, one.id)]
        await run_budgets.change(connection, one, wanted.pop(unit, None), now=now)
    spent = run_budgets.limits(await runs.spent(connection, run.id)) if wanted else {}
    for unit, limit in wanted.items():
        await run_budgets.add(
            connection,
            run.id,
            unit,
            limit,
            workspace_id=run.workspace_id,
            value=value,
            title=run.name,
            before=spent[unit],
            now=now,
        )
    return waiting


async def decide(doors: Doors, key: ApiKey, run_id: UUID, body: DecisionBody, *, approved: bool) -> dict[str, Any]:
    """Store a decision, and let the step know. Raises `conflict` where none is awaited, or another was made."""
    async with doors.database.begin() as connection:
        run = await _unfinished(connection, run_id, key)
        program = await program_for(connection, run)
        row = _chosen(await steps.waiting(connection, run_id), body.step)
        locked = await steps.locked(connection, run_id, row.step_id, row.place)
        if locked is None or locked.awaits is None or locked.decision is not None:
            raise PerdureError(ErrorKind.CONFLICT, f"{step_key(row.step_id, row.place)} is decided already.")
        _check_who(locked.awaits.get("who", []), key, body)
        value = await _edited(connection, doors, run, program, locked, body) if approved else None
        locked.decision = {"approved": approved, "comment": body.comment, "by": body.user or key.name, "value": value}
        await steps.save(connection, locked)
        word = "approved" if approved else "rejected"
        said = {"user": body.user} if body.user is not None else {}
        await _note(connection, doors, key, run_id, word, step=step_key(row.step_id, row.place), **said)
    keys = [step_key(row.step_id, row.place)]
    await nudge(doors.temporal, run_id, [program.runner_of(row.step_id, row.place)], keys)
    return await _shown(doors, run_id)


async def send_event(doors: Doors, key: ApiKey, run_id: UUID, body: SignalBody) -> dict[str, Any]:
    """Keep an event for the run, and let the steps that wait for it know."""
    async with doors.database.begin() as connection:
        run = await _unfinished(connection, run_id, key)
        program = await program_for(connection, run)
        new = await run_events.add(
            connection, run_id, body.event, body.payload, idempotency_key=body.key, now=doors.clock()
        )
        if new:
            await _note(connection, doors, key, run_id, "signalled", event=body.event)
        awaiting = [
            one
            for one in await steps.waiting(connection, run_id)
            if one.awaits is not None and one.awaits.get("event") == body.event
        ]
    runners = {program.runner_of(one.step_id, one.place) for one in awaiting}
    await nudge(doors.temporal, run_id, runners, [step_key(one.step_id, one.place) for one in awaiting])
    return await _shown(doors, run_id)


def _check_who(who: Sequence[str], key: ApiKey, body: DecisionBody) -> None:
    """Raises `access_denied` where somebody else has to decide.

    A name means a key or a user; `key:`, `user:` and `group:` say which. Users and groups are as the application says.
    """
    names = {key.name, f"key:{key.name}", f"key:{key.prefix}"}
    if body.user is not None:
        names |= {body.user, f"user:{body.user}"}
    names |= {f"group:{one}" for one in body.groups}
    if who and names.isdisjoint(who):
        decider = f"the user {body.user!r}" if body.user is not None else f"the key {key.name!r}"
        said = f"This is for {', '.join(who)} to decide, and not for {decider}."
        raise PerdureError(ErrorKind.ACCESS_DENIED, said, field="user", detail={"who": ", ".join(who)})


def _chosen(waiting: list[StepRow], wanted: str | None) -> StepRow:
    """The approval that is meant."""
    asked = [one for one in waiting if one.awaits is not None and one.awaits["what"] == "approval"]
    open_ones = {step_key(one.step_id, one.place): one for one in asked}
    if wanted is not None:
        found = open_ones.get(wanted)
        if found is None:
            listed = ", ".join(open_ones) or "none"
            said = f"No approval {wanted[:100]!r} is awaited. These are: {listed}."
            raise PerdureError(ErrorKind.CONFLICT, said, field="step")
        return found
    undecided = [one for one in open_ones.values() if one.decision is None]
    if len(undecided) != 1:
        said = (
            f"Several approvals are awaited: {', '.join(open_ones)}. Say which in `step`."
            if undecided
            else "No approval is awaited."
        )
        raise PerdureError(ErrorKind.CONFLICT, said, field="step")
    return undecided[0]


async def _edited(
    connection: AsyncConnection, doors: Doors, run: RunRow, program: Program, row: StepRow, body: DecisionBody
) -> str | None:
    """The stored value that takes the place of what was shown. Raises `invalid_request` for one that does not fit."""
    if "value" not in body.model_fields_set:
        return None
    step = program.steps[row.step_id].step
    if not isinstance(step, ApprovalStep) or not step.editable:
        raise PerdureError(ErrorKind.INVALID_REQUEST, "What is shown cannot be edited here.", field="value")
    faults = list(value_faults(body.value, step.output, ("value",))) if step.output is not None else []
    if faults:
        said = "; ".join(f"{dotted(one.path)}: {one.message}" for one in faults[:5])
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"{said}.", field=dotted(faults[0].path))
    stored = await artifacts.put(
        connection, {"value": body.value}, workspace_id=run.workspace_id, now=doors.clock(), what="The value"
    )
    return stored.hex()


async def _unfinished(connection: AsyncConnection, run_id: UUID, key: ApiKey) -> RunRow:
    run = await runs.find(connection, run_id, workspace_id=key.workspace_id, lock=True)
    if run.state.finished:
        raise PerdureError(ErrorKind.CONFLICT, f"The run {run_id} has ended: it is {run.state}.")
    return run


async def _note(
    connection: AsyncConnection, doors: Doors, key: ApiKey, run_id: UUID, action: str, **detail: Any
) -> None:
    now = doors.clock()
    await audit.record(
        connection,
        workspace_id=key.workspace_id,
        at=now,
        actor=key.prefix,
        action=f"run.{action}",
        subject_id=run_id,
        detail=detail,
    )
    await run_log.add(connection, run_id, "act", {"action": action, "by": key.name, **detail}, now=now)


async def _shown(doors: Doors, run_id: UUID) -> dict[str, Any]:
    async with doors.database.begin() as connection:
        return run_members(await runs.find(connection, run_id))
