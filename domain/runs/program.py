"""A plan, ready to be run: every step by its id, what stands around it, and what a workflow has to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.pipelines.definition import Pipeline
from contracts.pipelines.plan import PipelinePlan, PlannedBody, PlannedStep
from contracts.pipelines.steps import ApprovalStep, LoopStep, MapStep, Step, WaitStep
from contracts.runs import Place, StepOutline


@dataclass(frozen=True, slots=True)
class Here:
    """A step in its program. `around` are the maps and loops around it, the outermost first; a place counts one for each.

    `owners` are all steps that it stands in, branches too.
    """

    step: Step
    planned: PlannedStep
    around: tuple[str, ...]
    owners: tuple[str, ...]

    @property
    def iterates(self) -> bool:
        """Its steps run many times."""
        return isinstance(self.step, MapStep | LoopStep)

    def within(self) -> tuple[str, ...]:
        """What stands around the steps in it."""
        return (*self.around, self.step.id) if self.iterates else self.around


@dataclass(frozen=True, slots=True)
class Program:
    """A plan and its steps by id."""

    plan: PipelinePlan
    steps: Mapping[str, Here]

    @property
    def definition(self) -> Pipeline:
        """What was written."""
        return self.plan.definition

    def inside(self, step_id: str) -> tuple[str, ...]:
        """A step and all that stand in it."""
        return tuple(name for name, one in self.steps.items() if name == step_id or step_id in one.owners)

    def place_of(self, step_id: str, place: Place) -> Place:
        """Where the step is that is seen from `place`: the same items and rounds of what is around both."""
        return place[: len(self.steps[step_id].around)]

    def runner_of(self, step_id: str, place: Place) -> tuple[str | None, Place]:
        """The map or loop, with its place, whose workflow runs the step; None for the run's own."""
        around = self.steps[step_id].around
        return (around[-1], place[: len(around) - 1]) if around else (None, ())


def program_of(plan: PipelinePlan) -> Program:
    """Look a plan through once."""
    steps: dict[str, Here] = {}
    waiting: list[tuple[PlannedBody, tuple[str, ...], tuple[str, ...]]] = [(plan.body, (), ())]
    while waiting:
        body, around, owners = waiting.pop()
        for planned in body.steps:
            here = Here(_at(plan.definition, planned.path), planned, around, owners)
            steps[planned.id] = here
            waiting += [(inner, here.within(), (*owners, planned.id)) for inner in planned.bodies]
    return Program(plan, steps)


def outline_of(program: Program, body: PlannedBody) -> tuple[StepOutline, ...]:
    """A body as a workflow knows it."""
    return tuple(_outline(program, one) for one in body.steps)


def _outline(program: Program, planned: PlannedStep) -> StepOutline:
    here = program.steps[planned.id]
    timeout = here.step.timeout or program.definition.defaults.timeout
    # These wait as long as they say themselves.
    patient = isinstance(here.step, ApprovalStep | WaitStep)
    return StepOutline(
        id=planned.id,
        needs=planned.needs,
        fallback=planned.fallback,
        stands_in_for=planned.stands_in_for,
        timeout=None if patient else timeout,
        bodies=() if here.iterates else tuple(outline_of(program, one) for one in planned.bodies),
    )


def _at(definition: Pipeline, path: tuple[str | int, ...]) -> Step:
    found: Any = definition
    for part in path:
        found = found[part] if isinstance(part, int) else getattr(found, part)
    return found  # type: ignore[no-any-return]
