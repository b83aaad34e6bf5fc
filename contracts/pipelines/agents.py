"""Who does the work of a step: a model with instructions and tools."""

from typing import Any, Literal

from pydantic import Field, field_serializer

from contracts.pipelines.base import Amount, Duration, Name, PipelinePart, Schema, Text
from contracts.requests import ReasoningEffort
from contracts.routing import RoutingContext


class Routing(PipelinePart, RoutingContext):
    """Who may answer, where no one model is wanted: the words of routing."""

    max_price: Amount | None = None

    @field_serializer("require", "tags", "regions", "privacy", "providers", "exclude", when_used="json")
    def in_order(self, names: frozenset[str]) -> list[str]:
        """Sets have no order of their own; equal definitions are to be written alike."""
        return sorted(names)


class ModelWork(PipelinePart):
    """Which model answers, and how. What is absent is the pipeline's default, and after that the deployment's.

    `model` is a name, an alias or `auto`; `fallback_models` follow it. `max_input_tokens` is what the prompt is fitted to;
    it bounds the cost of a call, since else a prompt may fill the model's window.
    """

    model: str | None = Field(default=None, min_length=1, max_length=300)
    fallback_models: tuple[str, ...] = Field(default=(), max_length=20)
    routing: Routing | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_output_tokens: int | None = Field(default=None, ge=1, le=1_000_000)
    max_input_tokens: int | None = Field(default=None, ge=1, le=10_000_000)
    reasoning_effort: ReasoningEffort | None = None


class Saying(PipelinePart):
    """A message before the prompt: an example of how to answer, or what was said before."""

    role: Literal["user", "assistant"]
    content: Text


class Agent(ModelWork):
    """A role with instructions. `output` is the schema of its answer; without one it answers in text.

    `tools` are names of tools, or patterns (`files_*`) of them. `max_steps` is how many times the model is asked at most,
    tool results in between.
    """

    role: Text | None = None
    goal: Text | None = None
    instructions: Text | None = None
    tools: tuple[str, ...] = Field(default=(), max_length=200)
    output: Schema | None = None
    max_steps: int | None = Field(default=None, ge=1, le=1_000)


class Worker(Agent):
    """An agent at work: one of the pipeline's `agents` by name, or said here, or both (what is said here is nearer).

    `input` is handed over by name, `prompt` in words; `messages` come before it.
    """

    agent: str | None = Field(default=None, min_length=1, max_length=100)
    input: dict[str, Any] = {}
    prompt: Text | None = None
    messages: tuple[Saying, ...] = Field(default=(), max_length=100)


class Member(Worker):
    """One of several agents that are asked the same."""

    name: Name


class Colleague(Worker):
    """An agent that may hand over to those in `to`; to any of the others where `to` is absent."""

    to: tuple[Name, ...] | None = None


class Judging(Worker):
    """An agent that reads what all members answered and decides. It is shown them as `members`, by name."""


class Vote(PipelinePart):
    """Members vote: the most frequent of their answers wins.

    `on` is the field of their answers that is counted; without one it is the whole answer. Of equals, `tie` says which: the one
    that the first member gave, or a failure. Fewer than `quorum` equal answers are a failure.
    """

    on: str | None = None
    quorum: int = Field(default=1, ge=1, le=50)
    tie: Literal["first", "fail"] = "first"


class Deciding(PipelinePart):
    """How one answer is made of many: `judge` or `vote`, not both."""

    judge: Judging | None = None
    vote: Vote | None = None


class Defaults(ModelWork):
    """What steps have that do not say it themselves."""

    timeout: Duration | None = None
    max_steps: int = Field(default=8, ge=1, le=1_000)
