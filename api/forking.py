"""Going on from what a run has: from its failure, or from any of its steps in another run."""

import asyncio
import hashlib
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.doors import Doors
from api.pipeline_texts import InvalidPipelineError
from api.run_bodies import ForkBody
from api.showing_runs import program_for, run_members
from api.starting_runs import start
from api.submitting import check_key
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import keyed_run_id
from contracts.pipelines.plan import PipelinePlan
from contracts.runs import RunState
from domain.pipelines.problems import PipelineError
from domain.pipelines.reading import judged
from domain.pipelines.versions import dumped
from domain.runs.inputs import checked_inputs
from domain.runs.program import Program
from domain.runs.rewinding import following, outermost
from storage import artifacts, audit, run_copies, run_log, runs, steps
from storage.ids import new_id
from storage.keys import ApiKey
from storage.runs import RunRow, RunSpender


async def retry(doors: Doors, key: ApiKey, run_id: UUID) -> dict[str, Any]:
    """Let a run that failed or was stopped go on where it did. Raises `conflict` for one that did not."""
    now = doors.clock()
    async with doors.database.begin() as connection:
        run = await runs.find(connection, run_id, workspace_id=key.workspace_id, lock=True)
        if run.state not in (RunState.FAILED, RunState.CANCELLED):
            raise PerdureError(ErrorKind.CONFLICT, f"The run {run_id} is {run.state}; one that failed can be retried.")
        if run.parent_run_id is not None:
            said = f"The run {run_id} belongs to {run.parent_run_id}; retry that one."
            raise PerdureError(ErrorKind.CONFLICT, said, detail={"run_id": str(run.parent_run_id)})
        again = await run_copies.reopen(connection, run_id)
        await runs.again(connection, run_id)
        detail = {"steps": sorted(again)[:50]}
        await audit.record(
            connection,
            workspace_id=key.workspace_id,
            at=now,
            actor=key.prefix,
            action="run.retried",
            subject_id=run_id,
            detail=detail,
        )
        await run_log.add(connection, run_id, "act", {"action": "retried", "by": key.name, **detail}, now=now)
        shown = run_members(await runs.find(connection, run_id))
    await start(doors.temporal, run_id, key.workspace_id)
    return shown


async def fork(doors: Doors, key: ApiKey, source_id: UUID, body: ForkBody, *, idempotency_key: str | None) -> UUID:
    """Begin another run that uses what this one has found out before a step; its id.

    Raises `not_found`, `invalid_request` for edits that do not fit, `conflict` for a key that was used for something else.
    """
    check_key(idempotency_key)
    run_id = new_id() if idempotency_key is None else keyed_run_id(key.workspace_id, idempotency_key)
    now = doors.clock()
    async with doors.database.begin() as connection:
        source = await runs.find(connection, source_id, workspace_id=key.workspace_id)
        program = await program_for(connection, source)
        anew = _anew(program, body)
        plan = await asyncio.to_thread(_edited, program, body, anew) if body.edits else None
        definition = (plan or program.plan).definition
        former = await artifacts.get(connection, source.input, workspace_id=key.workspace_id)
        given = checked_inputs(definition, {**former, **body.input})
        stored = await artifacts.put(connection, given, workspace_id=key.workspace_id, now=now, what="The input")
        _, created = await runs.accept(
            connection,
            run_id=run_id,
            workspace_id=key.workspace_id,
            pipeline_id=source.pipeline_id,
            name=source.name,
            given=stored,
            digest=hashlib.sha256(f"{source_id}\n{body.model_dump_json()}".encode()).digest(),
            author=key.prefix,
            now=now,
            budget=body.budget or source.budget,
            metadata=source.metadata,
            spender=RunSpender(key.id, source.end_user),
            idempotency_key=idempotency_key,
            forked=(source_id, body.step),
            plan=plan.model_dump_json(by_alias=True, exclude_defaults=True) if plan is not None else source.plan,
        )
        if created:
            await _take_over(connection, doors, source, run_id, body, set(program.steps) - anew)
    await start(doors.temporal, run_id, key.workspace_id)
    return run_id


async def _take_over(
    connection: AsyncConnection, doors: Doors, source: RunRow, run_id: UUID, body: ForkBody, kept: set[str]
) -> None:
    now, workspace_id = doors.clock(), source.workspace_id
    copied = await run_copies.take_over(connection, source.id, run_id, kept)
    if "result" in body.model_fields_set:
        run = await runs.find(connection, run_id)
        step = (await program_for(connection, run)).steps[body.step].step
        row = await steps.meet(connection, run_id, body.step, (), kind=step.kind, now=now)
        row.output = await artifacts.put(
            connection, {"result": body.result}, workspace_id=workspace_id, now=now, what="The result"
        )
        row.state, row.started_at, row.finished_at = "completed", now, now
        row.progress = {"reused": True}
        await steps.save(connection, row)
    detail = {"from": str(source.id), "step": body.step, "kept": len(copied)}
    await audit.record(
        connection,
        workspace_id=workspace_id,
        at=now,
        actor=(await runs.find(connection, run_id)).author,
        action="run.forked",
        subject_id=run_id,
        detail=detail,
    )
    await run_log.add(connection, run_id, "act", {"action": "forked", **detail}, now=now)


def _anew(program: Program, body: ForkBody) -> frozenset[str]:
    """What is run anew. Raises `invalid_request` where the step is not there, or something else is to be edited."""
    if body.step not in program.steps:
        listed = ", ".join(program.steps)
        said = f"There is no step {body.step!r}. There are: {listed}."
        raise PerdureError(ErrorKind.INVALID_REQUEST, said, field="step")
    first = outermost(program, body.step)
    anew = following(program, first)
    if "result" in body.model_fields_set:
        if first != body.step:
            said = f"A result can be given for {first!r}, in which {body.step!r} stands."
            raise PerdureError(ErrorKind.INVALID_REQUEST, said, field="result")
        anew -= frozenset(program.inside(first))
    for name in body.edits:
        if name not in anew:
            said = f"The step {name!r} is not run anew from {body.step!r} on; fork from it instead."
            raise PerdureError(ErrorKind.INVALID_REQUEST, said, field=f"edits.{name}")
    return anew


def _edited(program: Program, body: ForkBody, anew: frozenset[str]) -> PipelinePlan:
    document = dumped(program.definition)
    for name, edit in body.edits.items():
        found: Any = document
        for part in program.steps[name].planned.path:
            found = found[part]
        found.update({field: getattr(edit, field) for field in edit.model_fields_set})
    try:
        return judged(document, source="fork")
    except PipelineError as error:
        raise InvalidPipelineError(error) from None
