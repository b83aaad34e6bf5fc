"""What is worked out of a definition once, so that whoever runs it decides nothing anew."""

from typing import Literal

from pydantic import Field

from contracts.base import Contract
from contracts.pipelines.definition import Pipeline

StepState = Literal["waiting", "running", "completed", "failed", "skipped", "cancelled"]
"""Where a step of a run stands."""


class Reference(Contract):
    """Something that a step reads: a name, and the fields and items below it (`research`, `result`, `title`)."""

    root: str
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        below = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{self.root}{below}"


class PlannedStep(Contract):
    """A step with everything resolved.

    `path` leads to it in the definition (`steps`, 3, `cases`, 0, `steps`, 1). `needs` are steps of the same body that must
    have finished (completed, skipped, or failed where that is allowed) before it starts. `gates` are those of them that decide
    on skipping: where there are any, all were skipped, and the step has no `when`, it is skipped too. `references` is all
    that it reads, what stands in its bodies included. `fallback`: the step that runs if this one fails; `stands_in_for`: the
    step whose failure lets this one run. `bodies` are the lists of steps in it.
    """

    id: str
    kind: str
    path: tuple[str | int, ...]
    needs: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    fallback: str | None = None
    stands_in_for: str | None = None
    bodies: "tuple[PlannedBody, ...]" = ()


class PlannedBody(Contract):
    """A list of steps that run together, in an order that respects what each needs.

    `name` is the case's for a branch (`otherwise` for its rest), `steps` for a map, a loop and the pipeline itself. `last` is the
    step that is written last: its result is the body's where the definition gives no other.
    """

    name: str
    path: tuple[str | int, ...]
    steps: tuple[PlannedStep, ...] = ()
    last: str | None = None


class PipelinePlan(Contract):
    """A checked definition, its version (sha256 of its content, in hex) and how its steps hang together."""

    version: str = Field(min_length=64, max_length=64)
    definition: Pipeline
    body: PlannedBody


PlannedStep.model_rebuild()
