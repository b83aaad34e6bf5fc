"""What comes in and goes out with pipelines' texts: problems with their lines, what is known of names, bounds."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from api.doors import Doors
from api.problems import HttpError
from contracts.errors import ErrorKind
from contracts.pipelines.definition import Pipeline
from contracts.pipelines.plan import PipelinePlan
from contracts.pipelines.steps import PipelineStep
from domain.pipelines.bounding import Bound, RunBound
from domain.pipelines.knowing import Known, KnownTool
from domain.pipelines.outline import outlined
from domain.pipelines.problems import PipelineError, PipelineProblem
from domain.pipelines.reading import ReadPipeline, read
from domain.policies.unknown import AUTOMATIC, names_of
from domain.runs.worst import worst_of
from storage import pipelines
from storage.database import Database

SENT = "pipeline"
"""What problems call a definition that was sent."""


class InvalidPipelineError(HttpError):
    """A definition that cannot run; the member `errors` lists everything that was found."""

    status = 400
    title = "The pipeline is not valid."

    def __init__(self, error: PipelineError) -> None:
        first, count = error.errors[0], len(error.errors)
        more = f" There are {count} errors; `errors` lists them." if count > 1 else ""
        place = f"line {first.line}, column {first.column}: " if first.line is not None else ""
        named = f"{first.field}: " if first.field else ""
        super().__init__(ErrorKind.INVALID_REQUEST, f"{place}{named}{first.message}{more}", field=first.field or None)
        self.members = {"errors": [problem_members(one) for one in error.problems]}


async def read_pipeline(doors: Doors, sent: bytes, workspace_id: UUID) -> tuple[ReadPipeline, Known]:
    """Read a definition, knowing the workspace's pipelines and the catalog's models. Raises InvalidPipelineError."""
    models = names_of(doors.catalog).known
    tools = {one.name: KnownTool(one.parameters) for one in doors.tools.definitions()}
    # Where none is registered, or a server of some is away, nobody can say which there will be.
    known = Known(
        tools=None if doors.tools.unavailable else tools or None, models=lambda name: name in AUTOMATIC or models(name)
    )
    try:
        # In a thread, since a large definition takes a tenth of a second.
        found = await asyncio.to_thread(read, sent, source=SENT, known=known)
        others = await _others(doors.database, found.plan.definition, workspace_id)
        if others is None:
            return found, known
        known = replace(known, pipelines=tuple(others), pipeline=others.get)
        return await asyncio.to_thread(read, sent, source=SENT, known=known), known
    except PipelineError as error:
        raise InvalidPipelineError(error) from None


def problem_members(problem: PipelineProblem) -> dict[str, Any]:
    """A problem as JSON."""
    return {
        "severity": problem.severity,
        "message": problem.message,
        "source": problem.source,
        "line": problem.line,
        "column": problem.column,
        "field": problem.field,
    }


def bound_members(doors: Doors, definition: Pipeline, known: Known) -> dict[str, Any]:
    """What a run may come to at most."""
    worst: RunBound = worst_of(definition, doors.catalog, at=doors.clock(), known=known)
    return {"total": _members(worst.total), "capped": _members(worst.capped)}


def _members(one: Bound) -> dict[str, Any]:
    return {
        "steps": one.steps,
        "model_calls": one.model_calls,
        "tool_calls": one.tool_calls,
        "input_tokens": one.input_tokens,
        "output_tokens": one.output_tokens,
        "cost_usd": f"{one.cost.normalize():f}" if one.cost else str(Decimal(0)),
        "proven": one.proven,
        "unpriced": sorted(one.unpriced),
        "unknown": sorted(one.unknown),
    }


async def _others(database: Database, definition: Pipeline, workspace_id: UUID) -> dict[str, Pipeline] | None:
    """The workspace's pipelines by name, where the definition runs others. What those run is known as well."""
    waiting = _named(definition)
    if not waiting:
        return None
    found: dict[str, Pipeline] = {}
    async with database.begin() as connection:
        after = ""
        while page := await pipelines.names(connection, workspace_id=workspace_id, after=after, limit=200):
            found |= {one.name: definition for one in page}
            after = page[-1].name
        names = set(found)
        found = {}
        while waiting:
            name = waiting.pop()
            if name in names and name not in found:
                stored = await pipelines.find(connection, name, workspace_id=workspace_id)
                found[name] = PipelinePlan.model_validate_json(stored.plan).definition
                waiting |= _named(found[name])
        # Those that nothing refers to are named in suggestions, and never looked into.
        return {**dict.fromkeys(sorted(names), definition), **found}


def _named(definition: Pipeline) -> set[str]:
    return {one.step.pipeline for one in outlined(definition).steps() if isinstance(one.step, PipelineStep)}
