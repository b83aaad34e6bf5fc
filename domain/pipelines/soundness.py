"""What can be said of a definition without following a reference: names, choices, schemas, agents, what never runs."""

import keyword
from collections.abc import Collection, Iterator

from contracts.pipelines.agents import Worker
from contracts.pipelines.steps import (
    AgentStep,
    ApprovalStep,
    BranchStep,
    GenerateStep,
    HandoffStep,
    LoopStep,
    MapStep,
    ParallelStep,
    PipelineStep,
    Step,
    ToolStep,
    TransformStep,
    WaitStep,
)
from domain.pipelines import conditions
from domain.pipelines.knowing import Known
from domain.pipelines.outline import Located, Outline
from domain.pipelines.schemas import schema_faults, value_faults
from domain.yaml.explaining import Fault, near
from domain.yaml.nodes import Path

_TAKEN = {"inputs", "run", "members", "carry", "round", "index", "loop", "self", "range", "math", "not", "and", "or"}
_CEL = {
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
} | {*("package", "return", "true", "false", "null", "var", "void", "while", "has", "all", "exists", "map", "filter")}
RESERVED = frozenset(
    _TAKEN
    | _CEL
    | conditions.TYPES
    | {word.lower() for word in keyword.kwlist if word in ("None", "is", "True", "False")}
)
"""Words that mean something in templates or conditions."""


def soundness(outline: Outline, known: Known) -> Iterator[Fault]:
    """All faults of that kind."""
    yield from _names(outline)
    for name, schema in outline.definition.inputs.items():
        yield from schema_faults(schema, ("inputs", name))
        if "default" in schema:
            yield from value_faults(schema["default"], schema, ("inputs", name, "default"))
    for name, output in outline.definition.outputs.items():
        if output.typed is not None:
            yield from schema_faults(output.typed, ("outputs", name, "schema"))
    for name, agent in outline.definition.agents.items():
        if agent.output is not None:
            yield from schema_faults(agent.output, ("agents", name, "output"))
    for located in outline.steps():
        yield from _step(located, outline, known)


def _names(outline: Outline) -> Iterator[Fault]:
    for one in outline.doubles:
        first = outline.by_id[one.step.id]
        where = "" if first.body is one.body else " elsewhere; ids are unique in the whole pipeline"
        yield Fault((*one.path, "id"), f"the id {one.step.id!r} is used twice{where}")
    inputs = outline.definition.inputs
    for name in inputs:
        if name in RESERVED:
            yield Fault(
                ("inputs", name), f"{name!r} means something in templates or conditions; call it otherwise", True
            )
    for one in outline.steps():
        for path, name in _given(one):
            if name in RESERVED:
                yield Fault(
                    (*one.path, *path), f"{name!r} means something in templates or conditions; call it otherwise"
                )
            elif name in inputs:
                yield Fault((*one.path, *path), f"{name!r} is an input already; call one of them otherwise")
            elif path != ("id",) and name in outline.by_id:
                yield Fault((*one.path, *path), f"{name!r} is a step's id already; call one of them otherwise")


def _given(located: Located) -> Iterator[tuple[Path, str]]:
    yield ("id",), located.step.id
    match located.step:
        case MapStep():
            yield ("as",), located.step.item_name
        case TransformStep():
            for name in located.step.variables:
                yield ("variables", name), name
        case _:
            return


def _step(located: Located, outline: Outline, known: Known) -> Iterator[Fault]:
    step, path = located.step, located.path
    yield from _choices(step, path)
    yield from _never(located)
    output = getattr(step, "output", None)
    if output is not None:
        yield from schema_faults(output, (*path, "schema" if isinstance(step, GenerateStep) else "output"))
    for inner, worker in workers(step):
        yield from _worker(worker, (*path, *inner), outline, alone=isinstance(step, AgentStep))
    if isinstance(step, PipelineStep) and step.pipeline == outline.definition.name and step.version is None:
        said = "a pipeline that runs itself never ends; use a loop, or name another"
        yield Fault((*path, "pipeline"), said)
    elif isinstance(step, PipelineStep) and known.pipelines is not None and step.pipeline not in known.pipelines:
        yield Fault(
            (*path, "pipeline"), f"there is no pipeline {step.pipeline!r}.{near(step.pipeline, list(known.pipelines))}"
        )


def workers(step: Step) -> Iterator[tuple[Path, Worker]]:
    """The agents at work in a step, each with its path in it."""
    match step:
        case AgentStep():
            yield (), step
        case ParallelStep():
            for at, member in enumerate(step.members):
                yield ("members", at), member
            if step.decide is not None and step.decide.judge is not None:
                yield ("decide", "judge"), step.decide.judge
        case HandoffStep():
            for name, colleague in step.agents.items():
                yield ("agents", name), colleague
        case _:
            return


def _worker(worker: Worker, path: Path, outline: Outline, *, alone: bool) -> Iterator[Fault]:
    agents = outline.definition.agents
    if worker.agent is not None and worker.agent not in agents:
        hint = near(worker.agent, list(agents)) or " Describe it under `agents`, or here."
        yield Fault((*path, "agent"), f"there is no agent {worker.agent!r}.{hint}")
    if worker.output is not None and not alone:
        yield from schema_faults(worker.output, (*path, "output"))
    named = agents.get(worker.agent) if worker.agent is not None else None
    said = (worker.prompt, worker.input, worker.messages, worker.instructions, worker.role, worker.goal)
    if alone and not any(said) and named is None and worker.agent is None:
        yield Fault(path, "this agent is told nothing; give it instructions, an input or a prompt")


def missing_tools(outline: Outline, known: Known) -> Iterator[Fault]:
    """Tools that nobody offers now. They may come: servers of tools do, and deployments register more."""
    if known.tools is None:
        return
    for name, agent in outline.definition.agents.items():
        yield from _tools(agent.tools, ("agents", name, "tools"), known.tools)
    for one in outline.steps():
        if isinstance(one.step, ToolStep) and one.step.tool not in known.tools:
            said = f"there is no tool {one.step.tool!r}.{near(one.step.tool, list(known.tools))}"
            yield Fault((*one.path, "tool"), said)
        for path, worker in workers(one.step):
            yield from _tools(worker.tools, (*one.path, *path, "tools"), known.tools)


def _tools(tools: tuple[str, ...], path: Path, known: Collection[str]) -> Iterator[Fault]:
    for at, name in enumerate(tools):
        if not name.endswith("*") and name not in known:
            yield Fault((*path, at), f"there is no tool {name!r}.{near(name, list(known))}")
        elif name.endswith("*") and not any(one.startswith(name[:-1]) for one in known):
            yield Fault((*path, at), f"no tool's name begins with {name[:-1]!r}")


def _choices(step: Step, path: Path) -> Iterator[Fault]:
    """Fields of which exactly one is to be given, and those that need others."""
    match step:
        case TransformStep():
            given = [name for name in ("template", "cel", "value") if getattr(step, name) is not None]
            if len(given) != 1:
                yield Fault(path, f"a transform has exactly one of template, cel and value, and not {_and(given)}")
        case WaitStep():
            given = [name for name in ("duration", "until", "event") if getattr(step, name) is not None]
            if len(given) != 1:
                yield Fault(path, f"a wait has exactly one of duration, until and event, and not {_and(given)}")
            if step.event is None and step.output is not None:
                yield Fault((*path, "output"), "only an event brings something with it")
        case ParallelStep():
            yield from _panel(step, path)
        case HandoffStep():
            yield from _handoff(step, path)
        case BranchStep():
            yield from _cases(step, path)
        case MapStep():
            if step.max_failures is not None and step.on_item_error == "fail":
                yield Fault((*path, "max_failures"), "with `on_item_error: fail` no item may fail; say drop or keep")
        case ApprovalStep():
            if step.on_deadline != "fail" and step.deadline is None:
                yield Fault((*path, "on_deadline"), "there is no deadline; give one")
        case _:
            return


def _panel(step: ParallelStep, path: Path) -> Iterator[Fault]:
    names = [one.name for one in step.members]
    for at, name in enumerate(names):
        if name in names[:at]:
            yield Fault((*path, "members", at, "name"), f"{name!r} is a member already")
    if step.decide is not None and (step.decide.judge is None) == (step.decide.vote is None):
        yield Fault((*path, "decide"), "a panel decides by a judge or by a vote: give one of them")
    if step.min_answers is not None and step.min_answers > len(names):
        yield Fault((*path, "min_answers"), f"there are only {len(names)} members")
    vote = step.decide.vote if step.decide is not None else None
    if vote is not None and vote.quorum > len(names):
        yield Fault((*path, "decide", "vote", "quorum"), f"there are only {len(names)} members")


def _handoff(step: HandoffStep, path: Path) -> Iterator[Fault]:
    names = list(step.agents)
    if step.start not in step.agents:
        yield Fault((*path, "start"), f"there is no agent {step.start!r} among these.{near(step.start, names)}")
        return
    reached, waiting = {step.start}, [step.start]
    while waiting:
        to = step.agents[waiting.pop()].to
        for name in names if to is None else to:
            if name in step.agents and name not in reached:
                reached.add(name)
                waiting.append(name)
    for name, colleague in step.agents.items():
        for at, other in enumerate(colleague.to or ()):
            if other not in step.agents:
                said = f"there is no agent {other!r} among these.{near(other, names)}"
                yield Fault((*path, "agents", name, "to", at), said)
        if name not in reached:
            yield Fault((*path, "agents", name), f"nobody hands over to {name!r}, so that it never works", at_name=True)


def _cases(step: BranchStep, path: Path) -> Iterator[Fault]:
    seen: list[str] = []
    certain: str | None = None
    for at, case in enumerate(step.cases):
        if case.name in seen or case.name == "otherwise":
            yield Fault((*path, "cases", at, "name"), f"a case is called {case.name!r} already")
        seen.append(case.name)
        if certain is not None:
            yield Fault((*path, "cases", at), f"this case is never reached: {certain!r} before it always holds")
        elif _constant(case.when) is True:
            certain = case.name
        elif _constant(case.when) is False:
            yield Fault((*path, "cases", at, "when"), "this case is never reached: its condition never holds")
    if certain is not None and step.otherwise is not None:
        yield Fault((*path, "otherwise"), f"this is never reached: {certain!r} always holds", at_name=True)


def _never(located: Located) -> Iterator[Fault]:
    step, path = located.step, located.path
    if step.when is not None and _constant(step.when) is False:
        yield Fault((*path, "when"), "this step never runs: its condition never holds")
    if not isinstance(step, LoopStep):
        return
    if _constant(step.until) is False:
        yield Fault((*path, "until"), "this never holds, so that the loop always runs all its rounds; say what ends it")
        return
    try:
        read = conditions.references(step.until)
    except conditions.UnfitConditionError:
        return
    changing = {one.step.id for one in located.bodies[0].steps} | {"round", "carry"}
    if read and not any(one.root in changing for one in read):
        yield Fault(
            (*path, "until"), "nothing that this reads changes from round to round; refer to a step of the loop"
        )


def _constant(text: str) -> bool | None:
    """What a condition that reads nothing gives; None for one that reads something, or is no condition."""
    try:
        if conditions.references(text):
            return None
        value = conditions.evaluated(text, {})
    except conditions.UnfitConditionError:
        return None
    return value if isinstance(value, bool) else None


def _and(given: list[str]) -> str:
    return " and ".join(given) or "none"
