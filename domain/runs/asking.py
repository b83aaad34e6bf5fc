"""What a model is asked in a step: instructions, examples, the prompt and what is handed over, in words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.parts import Message, TextPart
from contracts.pipelines.agents import Agent, Worker
from contracts.pipelines.base import Schema
from contracts.pipelines.definition import Pipeline
from contracts.pipelines.steps import GenerateStep, HandoffStep, ParallelStep
from domain.pipelines.templates import rendered, rendered_text

HAND_OVER = "hand_over"
"""The tool with which an agent hands over to another."""


@dataclass(frozen=True, slots=True)
class Said:
    """A prompt. `output` is the schema of the answer, None for text."""

    messages: tuple[Message, ...]
    output: Schema | None = None


def said_by_generate(step: GenerateStep, names: Mapping[str, Any]) -> Said:
    """The prompt of a `generate` step. Raises UnfitTemplateError."""
    system = [rendered_text(step.instructions, names)] if step.instructions else []
    messages = [_message(one.role, rendered_text(one.content, names)) for one in step.messages]
    return _said(system, messages, rendered_text(step.prompt, names), step.output)


def said_by_worker(
    worker: Worker,
    definition: Pipeline,
    names: Mapping[str, Any],
    *,
    around: ParallelStep | HandoffStep | None = None,
    before: str = "",
) -> Said:
    """The prompt of an agent at work. What the step around it says for all comes first; `before` is what was handed over.

    Raises UnfitTemplateError.
    """
    named = named_agent(worker, definition)
    system = []
    for field in ("role", "goal", "instructions"):
        text = getattr(worker, field) or (getattr(named, field) if named is not None else None)
        if text:
            shown = rendered_text(text, names)
            system.append(f"Your goal: {shown}" if field == "goal" else shown)
    messages = [_message(one.role, rendered_text(one.content, names)) for one in worker.messages]
    pieces = []
    for one in (around, worker):
        if one is not None and one.prompt:
            pieces.append(rendered_text(one.prompt, names))
        if one is not None and one.input:
            pieces += _handed(rendered(one.input, names))
    pieces += [before] if before else []
    return _said(system, messages, "\n\n".join(pieces) or "Do your work.", output_of(worker, definition))


def named_agent(worker: Worker, definition: Pipeline) -> Agent | None:
    """The pipeline's agent that a worker names."""
    return definition.agents.get(worker.agent) if worker.agent is not None else None


def output_of(worker: Worker, definition: Pipeline) -> Schema | None:
    """The schema of a worker's answer, None for text."""
    named = named_agent(worker, definition)
    return worker.output or (named.output if named is not None else None)


def tools_of(worker: Worker, definition: Pipeline) -> tuple[str, ...]:
    """The names and patterns of a worker's tools."""
    named = named_agent(worker, definition)
    return worker.tools or (named.tools if named is not None else ())


def max_steps_of(worker: Worker, definition: Pipeline) -> int:
    """How many times a worker is asked at most."""
    named = named_agent(worker, definition)
    return worker.max_steps or (named.max_steps if named is not None else None) or definition.defaults.max_steps


def _said(system: list[str], messages: list[Message], prompt: str, output: Schema | None) -> Said:
    first = [_message("system", "\n\n".join(system))] if system else []
    return Said((*first, *messages, _message("user", prompt)), output)


def _handed(given: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}:\n{_shown(value)}" if _is_long(value) else f"{name}: {_shown(value)}" for name, value in given.items()
    ]


def _is_long(value: Any) -> bool:
    return isinstance(value, dict | list) or (isinstance(value, str) and ("\n" in value or len(value) > 200))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _message(role: Any, text: str) -> Message:
    return Message(role=role, parts=(TextPart(text=text),))
