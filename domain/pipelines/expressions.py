"""Everything in a definition that refers to something: templates, values with templates in them, conditions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, assert_never

from contracts.pipelines.agents import Agent, Saying, Worker
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
from domain.yaml.nodes import Path


@dataclass(frozen=True, slots=True)
class Expression:
    """Something that refers. `path` is within the step; `value` is a text (`text`, `cel`) or any value (`value`).

    `body`: it sees the steps of this one of the step's bodies, by number. `names`: what it sees besides.
    """

    path: Path
    value: Any
    language: Literal["text", "value", "cel"]
    body: int | None = None
    names: tuple[str, ...] = ()


def expressions(step: Step) -> Iterator[Expression]:
    """All of a step's own, its bodies' steps not included."""
    if step.when is not None:
        yield Expression(("when",), step.when, "cel")
    match step:
        case AgentStep():
            yield from _worker((), step)
        case GenerateStep():
            yield Expression(("prompt",), step.prompt, "text")
            if step.instructions is not None:
                yield Expression(("instructions",), step.instructions, "text")
            yield from _messages((), step.messages)
        case ToolStep():
            yield Expression(("arguments",), step.arguments, "value")
        case TransformStep():
            yield from _transform(step)
        case MapStep():
            yield Expression(("over",), step.over, "value")
            yield Expression(("result",), step.result, "value", body=0)
        case BranchStep():
            for at, case in enumerate(step.cases):
                yield Expression(("cases", at, "when"), case.when, "cel")
                yield Expression(("cases", at, "result"), case.result, "value", body=at)
            if step.otherwise is not None:
                yield Expression(("otherwise", "result"), step.otherwise.result, "value", body=len(step.cases))
        case LoopStep():
            yield Expression(("until",), step.until, "cel", body=0)
            for name, carried in step.carry.items():
                yield Expression(("carry", name, "start"), carried.start, "value")
                yield Expression(("carry", name, "next"), carried.next, "value", body=0)
            yield Expression(("result",), step.result, "value", body=0)
        case ApprovalStep():
            yield Expression(("show",), step.show, "value")
            yield Expression(("value",), step.value, "value")
            for at, who in enumerate(step.who):
                yield Expression(("who", at), who, "text")
        case WaitStep():
            yield Expression(("until",), step.until, "value")
        case PipelineStep():
            yield Expression(("input",), step.input, "value")
        case ParallelStep():
            yield from _asked(step)
            for at, member in enumerate(step.members):
                yield from _worker(("members", at), member)
            if step.decide is not None and step.decide.judge is not None:
                yield from _worker(("decide", "judge"), step.decide.judge, names=("members",))
        case HandoffStep():
            yield from _asked(step)
            for name, colleague in step.agents.items():
                yield from _worker(("agents", name), colleague)
        case _:
            assert_never(step)


def agent_expressions(agent: Agent, path: Path = (), names: tuple[str, ...] = ()) -> Iterator[Expression]:
    """An agent's own texts."""
    for field in ("role", "goal", "instructions"):
        text = getattr(agent, field)
        if text is not None:
            yield Expression((*path, field), text, "text", names=names)


def _worker(path: Path, worker: Worker, names: tuple[str, ...] = ()) -> Iterator[Expression]:
    yield from agent_expressions(worker, path, names)
    yield Expression((*path, "input"), worker.input, "value", names=names)
    if worker.prompt is not None:
        yield Expression((*path, "prompt"), worker.prompt, "text", names=names)
    for one in _messages(path, worker.messages):
        yield Expression(one.path, one.value, one.language, names=names)


def _messages(path: Path, messages: tuple[Saying, ...]) -> Iterator[Expression]:
    for at, message in enumerate(messages):
        yield Expression((*path, "messages", at, "content"), message.content, "text")


def _asked(step: ParallelStep | HandoffStep) -> Iterator[Expression]:
    yield Expression(("input",), step.input, "value")
    if step.prompt is not None:
        yield Expression(("prompt",), step.prompt, "text")


def _transform(step: TransformStep) -> Iterator[Expression]:
    names = tuple(step.variables)
    yield Expression(("variables",), step.variables, "value")
    if step.template is not None:
        yield Expression(("template",), step.template, "text", names=names)
    if step.cel is not None:
        yield Expression(("cel",), step.cel, "cel", names=names)
    yield Expression(("value",), step.value, "value", names=names)


def leaves(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    """The texts in a value, each with its path."""
    waiting: list[tuple[Path, Any]] = [(path, value)]
    while waiting:
        at, one = waiting.pop()
        if isinstance(one, str):
            yield at, one
        elif isinstance(one, dict):
            waiting += [((*at, name), inner) for name, inner in one.items()]
        elif isinstance(one, list | tuple):
            waiting += [((*at, number), inner) for number, inner in enumerate(one)]
