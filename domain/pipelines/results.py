"""The shape of what each kind of step gives."""

from typing import Any, assert_never

from contracts.pipelines.agents import Agent, Worker
from contracts.pipelines.definition import Pipeline
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
    ToolStep,
    TransformStep,
    WaitStep,
)
from domain.pipelines.knowing import Known
from domain.pipelines.meanings import STATES, Names
from domain.pipelines.outline import Body, Located
from domain.pipelines.shapes import (
    ANY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    TEXT,
    NoSuchFieldError,
    Shape,
    closed,
    either,
    listed,
    selected,
)
from domain.yaml.nodes import Path

_MAYBE_TEXT: Shape = {"type": ["string", "null"]}
_ERROR: Shape = {"anyOf": [{"type": "null"}, closed({"kind": TEXT, "message": TEXT})]}


def seen_of(located: Located, names: Names, known: Known) -> Shape:
    """All that is seen of a finished step: its result, its state, its error, and what its kind adds."""
    result, more = _result(located, names, known)
    return closed({"result": result, "state": STATES, "error": _ERROR, **more})


def _result(located: Located, names: Names, known: Known) -> tuple[Shape, dict[str, Shape]]:
    step, path = located.step, located.path
    match step:
        case AgentStep():
            return answer_of(step, names.outline.definition), {}
        case GenerateStep():
            return step.output, {"confidence": NUMBER, "attempts": INTEGER}
        case ToolStep():
            tool = (known.tools or {}).get(step.tool)
            return step.output or (tool.output if tool is not None else None) or ANY, {}
        case TransformStep():
            return step.output or _transformed(step, path, names), {}
        case MapStep():
            failed = listed(closed({"index": INTEGER, "error": _ERROR}))
            return listed(_body_result(located.bodies[0], step.result, (*path, "result"), names)), {"failed": failed}
        case BranchStep():
            return _branched(step, located, names), {"chosen": _MAYBE_TEXT}
        case LoopStep():
            result = _body_result(located.bodies[0], step.result, (*path, "result"), names)
            carry = names.carried.get(step.id, ANY)
            return result, {"rounds": INTEGER, "met": BOOLEAN, "carry": carry}
        case ApprovalStep():
            value = step.output or names.shape_of(step.value, (*path, "value"))
            return closed({"approved": BOOLEAN, "comment": _MAYBE_TEXT, "by": _MAYBE_TEXT, "value": value}), {}
        case WaitStep():
            return (step.output or ANY) if step.event is not None else {"type": "null"}, {}
        case PipelineStep():
            other = known.pipeline(step.pipeline)
            return outputs_of(other) if other is not None else ANY, {}
        case ParallelStep():
            members = closed({one.name: answer_of(one, names.outline.definition) for one in step.members})
            return _decided(step, members, names.outline.definition), {"members": members}
        case HandoffStep():
            answers = [answer_of(one, names.outline.definition) for one in step.agents.values()]
            return either(answers), {"agent": {"enum": list(step.agents)}}
        case _:
            assert_never(step)


def answer_of(worker: Worker, definition: Pipeline) -> Shape:
    """The shape of an agent's answer: its own `output`, or that of the agent that it names, or text."""
    named: Agent | None = definition.agents.get(worker.agent) if worker.agent is not None else None
    return worker.output or (named.output if named is not None else None) or TEXT


def outputs_of(definition: Pipeline) -> Shape:
    """The shape of what a pipeline gives, as far as it says so."""
    names = list(definition.outputs) or ["result"]
    return closed(
        {name: definition.outputs[name].typed or ANY if name in definition.outputs else ANY for name in names}
    )


def _transformed(step: TransformStep, path: Path, names: Names) -> Shape:
    extra = variables_of(step, path, names)
    if step.template is not None:
        return TEXT
    if step.cel is not None:
        return names.shape_of_cel(step.cel, (*path, "cel"), extra)
    return names.shape_of(step.value, (*path, "value"), extra)


def variables_of(step: TransformStep, path: Path, names: Names) -> dict[str, Shape]:
    """A transform's own names."""
    return {name: names.shape_of(value, (*path, "variables", name)) for name, value in step.variables.items()}


def _body_result(body: Body, said: Any, path: Path, names: Names) -> Shape:
    if said is not None:
        return names.shape_of(said, path)
    if not body.steps:
        return {"const": body.name}
    last = names.steps.get(body.steps[-1].step.id)
    return last["properties"]["result"] if last is not None else ANY


def _branched(step: BranchStep, located: Located, names: Names) -> Shape:
    shapes = [
        _body_result(located.bodies[at], case.result, (*located.path, "cases", at, "result"), names)
        for at, case in enumerate(step.cases)
    ]
    if step.otherwise is not None:
        path = (*located.path, "otherwise", "result")
        shapes.append(_body_result(located.bodies[-1], step.otherwise.result, path, names))
    return either(shapes)


def _decided(step: ParallelStep, members: Shape, definition: Pipeline) -> Shape:
    if step.decide is not None and step.decide.judge is not None:
        return answer_of(step.decide.judge, definition)
    if step.decide is None or step.decide.vote is None:
        return members
    answers = [answer_of(one, definition) for one in step.members]
    if step.decide.vote.on is None:
        return either(answers)
    found = []
    for one in answers:
        try:
            shape = one
            for part in step.decide.vote.on.split("."):
                shape, _ = selected(shape, part)
            found.append(shape)
        except NoSuchFieldError:
            return ANY
    return either(found)
