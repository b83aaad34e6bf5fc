"""Checking a definition: everything that is wrong with it, and the plan of one that is right."""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.pipelines.agents import ModelWork
from contracts.pipelines.definition import Pipeline
from contracts.pipelines.plan import PipelinePlan, PlannedBody, PlannedStep
from contracts.pipelines.steps import (
    BranchStep,
    GenerateStep,
    LoopStep,
    MapStep,
    PipelineStep,
    ToolStep,
    TransformStep,
    WaitStep,
)
from domain.pipelines import conditions
from domain.pipelines.expressions import Expression
from domain.pipelines.graph import Graph, graph_of
from domain.pipelines.knowing import NOTHING, Known
from domain.pipelines.meanings import Names
from domain.pipelines.outline import Body, Located, Outline, outlined
from domain.pipelines.parsing import Parsed, parse_all
from domain.pipelines.results import answer_of, seen_of, variables_of
from domain.pipelines.shapes import ANY, BOOLEAN, Shape, closed, either, misfit, selected
from domain.pipelines.soundness import missing_tools, soundness, workers
from domain.pipelines.versions import version_of
from domain.yaml.explaining import Fault
from domain.yaml.nodes import Path

MOST_STEPS = 2_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking. `plan` is None where there are faults. `doubts` are worth a look and no more."""

    plan: PipelinePlan | None
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...] = ()


def checked(definition: Pipeline, known: Known = NOTHING) -> Checked:
    """Check a definition against itself and what is known of the world. It is pure: the same gives the same."""
    outline = outlined(definition)
    count = sum(len(body.steps) for body in outline.bodies())
    if count > MOST_STEPS:
        return Checked(None, (Fault(("steps",), f"there are {count:,} steps; {MOST_STEPS:,} is the most"),))
    parsed = parse_all(outline)
    faults = [*parsed.faults, *soundness(outline, known)]
    graph = graph_of(outline, parsed)
    faults += graph.faults
    names = Names(outline, parsed)
    faults += _meanings(outline, parsed, graph, names, known)
    if faults:
        return Checked(None, tuple(faults), tuple(_doubts(outline, parsed, known)))
    body = _planned(outline.root, graph)
    plan = PipelinePlan(version=version_of(definition), definition=definition, body=body)
    return Checked(plan, (), tuple(_doubts(outline, parsed, known)))


def _meanings(outline: Outline, parsed: Parsed, graph: Graph, names: Names, known: Known) -> Iterator[Fault]:
    faults: list[Fault] = []
    _walk(outline.root, parsed, graph, names, known, faults)
    for reading in parsed.by_path.values():
        if reading.of is None:
            names.judge(reading)
    for name, output in outline.definition.outputs.items():
        path: Path = ("outputs", name, "value")
        reason = misfit(names.shape_of(output.value, path), output.typed or ANY)
        if reason:
            faults.append(Fault(path, f"{reason}."))
    yield from names.faults
    yield from faults


def _walk(body: Body, parsed: Parsed, graph: Graph, names: Names, known: Known, faults: list[Fault]) -> None:
    """Steps in the order in which they run, so that what each refers to is known."""
    for linked in graph.body(body):
        located = linked.located
        inner = {id(one) for one in located.bodies}
        for reading in parsed.of(located):
            if id(reading.body) not in inner:
                names.judge(reading, _extra(located, reading.path, names))
        if isinstance(located.step, MapStep):
            _item(located, located.step, names, faults)
        if isinstance(located.step, LoopStep):
            starts = {name: (*located.path, "carry", name) for name in located.step.carry}
            names.carried[located.step.id] = closed(
                {
                    name: either(
                        [
                            names.shape_of(located.step.carry[name].start, (*path, "start")),
                            # What comes after a round is known only after the steps of a round, which may read it.
                            ANY,
                        ]
                    )
                    for name, path in starts.items()
                }
            )
        for one in located.bodies:
            _walk(one, parsed, graph, names, known, faults)
        for reading in parsed.of(located):
            if id(reading.body) in inner:
                names.judge(reading)
        faults.extend(_fits(located, names, known))
        names.steps[located.step.id] = seen_of(located, names, known)


def _extra(located: Located, path: Path, names: Names) -> dict[str, Shape]:
    step = located.step
    within = path[len(located.path) :]
    if isinstance(step, TransformStep) and within[:1] in (("template",), ("cel",), ("value",)):
        return variables_of(step, located.path, names)
    if within[:2] == ("decide", "judge"):
        members = getattr(step, "members", ())
        return {"members": closed({one.name: answer_of(one, names.outline.definition) for one in members})}
    return {}


def _item(located: Located, step: MapStep, names: Names, faults: list[Fault]) -> None:
    path = (*located.path, "over")
    shape = names.shape_of(step.over, path)
    reason = misfit(shape, {"type": "array"}, "what is mapped over")
    if reason:
        faults.append(Fault(path, f"{reason}."))
    else:
        names.items[step.id] = selected(shape, 0)[0]


def _fits(located: Located, names: Names, known: Known) -> Iterator[Fault]:
    step, path = located.step, located.path
    yield from _conditions(located, names)
    match step:
        case ToolStep() if known.tools is not None and step.tool in known.tools:
            yield from _handed(step.arguments, known.tools[step.tool].parameters or ANY, (*path, "arguments"), names)
        case PipelineStep():
            other = known.pipeline(step.pipeline)
            if other is not None:
                required = [name for name, shape in other.inputs.items() if "default" not in shape]
                wanted = {**closed(dict(other.inputs)), "required": required}
                yield from _handed(step.input, wanted, (*path, "input"), names)
        case TransformStep() if step.output is not None:
            field = next((name for name in ("template", "cel", "value") if getattr(step, name) is not None), "value")
            extra = variables_of(step, path, names)
            said = getattr(step, field)
            at = (*path, field)
            given = names.shape_of_cel(said, at, extra) if field == "cel" else names.shape_of(said, at, extra)
            reason = misfit(given, step.output)
            if reason:
                yield Fault(at, f"{reason}.")
        case WaitStep() if step.until is not None:
            reason = misfit(names.shape_of(step.until, (*path, "until")), {"type": "string"}, "the time")
            if reason:
                yield Fault((*path, "until"), f"{reason}: a date and time as in 2030-01-31T12:00:00Z.")
        case _:
            return


def _handed(given: dict[str, object], wanted: Shape, path: Path, names: Names) -> Iterator[Fault]:
    properties = wanted.get("properties")
    if not isinstance(properties, dict):
        return
    for name in wanted.get("required", ()):
        if name not in given:
            yield Fault(path, f"{name!r} is wanted and not given")
    for name, value in given.items():
        at = (*path, name)
        if name not in properties:
            if wanted.get("additionalProperties") is False:
                yield Fault(at, f"there is no {name!r}. There are: {', '.join(list(properties)[:20])}.", at_name=True)
        elif isinstance(properties[name], dict):
            reason = misfit(names.shape_of(value, at), properties[name], repr(name))
            if reason:
                yield Fault(at, f"{reason}.")


def _conditions(located: Located, names: Names) -> Iterator[Fault]:
    step, path = located.step, located.path
    found: list[Expression] = []
    if step.when is not None:
        found.append(Expression((*path, "when"), step.when, "cel"))
    if isinstance(step, BranchStep):
        found += [Expression((*path, "cases", at, "when"), case.when, "cel") for at, case in enumerate(step.cases)]
    if isinstance(step, LoopStep):
        found.append(Expression((*path, "until"), step.until, "cel"))
    for one in found:
        reason = misfit(names.shape_of_cel(one.value, one.path), BOOLEAN, "this")
        if reason is None:
            reason = _constant_reason(one.value)
        if reason:
            yield Fault(one.path, f"{reason}: compare it with something.")


def _constant_reason(text: str) -> str | None:
    try:
        if conditions.references(text):
            return None
        value = conditions.evaluated(text, {})
    except conditions.UnfitConditionError:
        return None
    return None if isinstance(value, bool) else "this is neither true nor false"


def _planned(body: Body, graph: Graph) -> PlannedBody:
    steps = tuple(
        PlannedStep(
            id=one.located.step.id,
            kind=one.located.step.kind,
            path=one.located.path,
            needs=tuple(one.needs),
            gates=tuple(one.gates),
            references=one.references,
            fallback=one.fallback,
            stands_in_for=one.stands_in_for,
            bodies=tuple(_planned(inner, graph) for inner in one.located.bodies),
        )
        for one in graph.body(body)
    )
    last = body.steps[-1].step.id if body.steps else None
    return PlannedBody(name=body.name, path=body.path, steps=steps, last=last)


def _doubts(outline: Outline, parsed: Parsed, known: Known) -> Iterator[Fault]:
    """Inputs and agents that nothing uses, models and tools that nobody knows: catalogs change."""
    read = {ref.root for one in parsed.by_path.values() for ref in one.references}
    whole = any(ref.root == "inputs" and not ref.path for one in parsed.by_path.values() for ref in one.references)
    by_path = {
        ref.path[0] for one in parsed.by_path.values() for ref in one.references if ref.root == "inputs" and ref.path
    }
    for name in outline.definition.inputs:
        if not whole and name not in read and name not in by_path:
            yield Fault(("inputs", name), f"nothing uses the input {name!r}", at_name=True)
    if known.models is not None:
        for path, name in _models(outline):
            if not known.models(name):
                yield Fault(path, f"no configured provider is known to have a model {name[:100]!r}")
    yield from missing_tools(outline, known)
    used = {worker.agent for one in outline.steps() for _, worker in workers(one.step)}
    for name in outline.definition.agents:
        if name not in used:
            yield Fault(("agents", name), f"nothing uses the agent {name!r}", at_name=True)


def _models(outline: Outline) -> Iterator[tuple[Path, str]]:
    works: list[tuple[Path, ModelWork]] = [(("defaults",), outline.definition.defaults)]
    works += [(("agents", name), agent) for name, agent in outline.definition.agents.items()]
    for one in outline.steps():
        works += [((*one.path, *path), worker) for path, worker in workers(one.step)]
        if isinstance(one.step, GenerateStep):
            works.append((one.path, one.step))
    for path, work in works:
        if work.model is not None:
            yield (*path, "model"), work.model
        yield from (((*path, "fallback_models", at), name) for at, name in enumerate(work.fallback_models))
