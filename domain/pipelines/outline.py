"""A definition as bodies of steps, each with its place in the text and what is seen from there."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.pipelines.definition import Pipeline
from contracts.pipelines.steps import BranchStep, LoopStep, MapStep, Step
from domain.yaml.nodes import Path


@dataclass(slots=True, eq=False)
class Located:
    """A step and where it stands. `bodies` are the lists of steps in it."""

    step: Step
    path: Path
    body: "Body"
    bodies: list["Body"] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Body:
    """A list of steps that run together. `names` are what it gives to its steps beside themselves: an item, a round."""

    name: str
    path: Path
    owner: Located | None
    names: tuple[str, ...] = ()
    steps: list[Located] = field(default_factory=list)

    def around(self) -> Iterator["Body"]:
        """This body and those that it stands in, the innermost first."""
        body: Body | None = self
        while body is not None:
            yield body
            body = body.owner.body if body.owner is not None else None


@dataclass(slots=True)
class Outline:
    """The whole. `by_id` holds the first step of each id; `doubles` are the others."""

    definition: Pipeline
    root: Body
    by_id: dict[str, Located]
    doubles: list[Located]

    def bodies(self) -> Iterator[Body]:
        """Every body, each before those in it."""
        waiting = [self.root]
        while waiting:
            body = waiting.pop(0)
            yield body
            waiting += [inner for one in body.steps for inner in one.bodies]

    def steps(self) -> Iterator[Located]:
        """Every step, at whatever depth."""
        for body in self.bodies():
            yield from body.steps


def outlined(definition: Pipeline) -> Outline:
    """Walk a definition."""
    root = Body("steps", ("steps",), None)
    waiting: list[tuple[Body, tuple[Step, ...]]] = [(root, definition.steps)]
    outline = Outline(definition, root, {}, [])
    while waiting:
        body, steps = waiting.pop(0)
        for at, step in enumerate(steps):
            located = Located(step, (*body.path, at), body)
            body.steps.append(located)
            if step.id in outline.by_id:
                outline.doubles.append(located)
            else:
                outline.by_id[step.id] = located
            for inner, own in _bodies(located):
                located.bodies.append(inner)
                waiting.append((inner, own))
    return outline


def _bodies(located: Located) -> Iterator[tuple[Body, tuple[Step, ...]]]:
    step, path = located.step, located.path
    match step:
        case MapStep():
            yield Body("steps", (*path, "steps"), located, (step.item_name, "index")), step.steps
        case LoopStep():
            yield Body("steps", (*path, "steps"), located, ("carry", "round")), step.steps
        case BranchStep():
            for at, case in enumerate(step.cases):
                yield Body(case.name, (*path, "cases", at, "steps"), located), case.steps
            if step.otherwise is not None:
                yield Body("otherwise", (*path, "otherwise", "steps"), located), step.otherwise.steps
        case _:
            return
