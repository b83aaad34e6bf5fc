"""Runs within a run: a step that runs another pipeline, and what else starts one."""

import hashlib
from typing import Any
from uuid import UUID

from activities.runs.ending import StepFailedError, complete
from activities.runs.present import Present
from activities.runs.spending import afford, counted_by
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import inner_run_id
from contracts.pipelines.plan import PipelinePlan
from contracts.pipelines.steps import PipelineStep
from contracts.run_activities import Ended, RunPipeline
from contracts.runs import RunState
from domain.runs.inputs import checked_inputs
from storage import pipelines, runs
from storage.runs import RunSpender

DEEPEST = 10
"""Runs within runs."""


async def inner_run(present: Present, step: PipelineStep) -> Ended | RunPipeline:
    """Run the other pipeline, then take its outputs."""
    if "run" in present.progress:
        other = await runs.find(present.connection, UUID(present.progress["run"]))
        if not other.state.finished:
            return RunPipeline(run_id=other.id)
        if other.state is RunState.COMPLETED and other.output is not None:
            return await complete(present, await present.run.value(other.output))
        kind = ErrorKind(other.error_kind) if other.error_kind else ErrorKind.CANCELLED
        raise PerdureError(kind, f"{step.pipeline!r}: {other.error_message or 'the run was cancelled.'}")
    run_id = inner_run_id(present.run.id, present.key, present.row.attempt)
    await begin_inner(present, run_id, step.pipeline, await present.rendered(step.input), version=step.version)
    present.progress["run"] = str(run_id)
    return RunPipeline(run_id=run_id)


async def begin_inner(
    present: Present, run_id: UUID, pipeline: str, given: dict[str, Any], *, version: str | None = None
) -> None:
    """Accept a run of another pipeline, which spends what is left to this one, as its key. The same id is the same run.

    Raises `not_found`, `invalid_request` for inputs that do not fit, `conflict` where runs are nested too deep, and
    `budget_exceeded`.
    """
    run = present.run.row
    depth, above = 1, run.parent_run_id
    while above is not None:
        depth, above = depth + 1, (await runs.find(present.connection, above)).parent_run_id
    if depth >= DEEPEST:
        raise StepFailedError(ErrorKind.CONFLICT, f"Runs are nested {DEEPEST} deep; no deeper.", final=True)
    found = await pipelines.find(present.connection, pipeline, workspace_id=run.workspace_id, version=version)
    checked = checked_inputs(PipelinePlan.model_validate_json(found.plan).definition, given)
    stored = await present.put(checked, "The input")
    # What is around the other run has to be kept before that asks anybody.
    await afford(present)
    await runs.accept(
        present.connection,
        run_id=run_id,
        workspace_id=run.workspace_id,
        pipeline_id=found.id,
        name=found.name,
        given=stored,
        digest=hashlib.sha256(stored + found.version.encode()).digest(),
        author=run.author,
        spender=RunSpender(run.key_id, run.end_user, counted_by(present)),
        metadata=run.metadata,
        parent=(run.id, present.key),
        now=present.now,
    )
