"""The kinds of steps."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from contracts.pipelines.agents import Colleague, Deciding, Member, ModelWork, Saying, Worker
from contracts.pipelines.base import (
    Budget,
    Caching,
    Condition,
    Duration,
    Label,
    Name,
    PipelinePart,
    Retry,
    Schema,
    Text,
    Value,
)


class Fallback(PipelinePart):
    """The step whose result stands in for one that failed. It runs only then."""

    fallback: Name


OnError = Literal["fail", "skip", "continue"] | Fallback
"""What follows when a step has failed for good. `fail`: the run fails. `skip`: the step counts as skipped. `continue`: its
result is null and what follows goes on."""


def _caching(value: Any) -> Any:
    return {} if value is True else None if value is False else value


class StepBase(PipelinePart):
    """What every step has.

    `needs` are steps that must have finished before; all that the step refers to is added to them. A step is skipped where
    `when` is false, or where it has none and everything in `needs` (without `needs`: all that it refers to) was skipped.
    `timeout` is for one attempt. `budget` is for all that happens in the step.
    """

    id: Name
    description: str | None = Field(default=None, max_length=20_000)
    needs: tuple[Name, ...] | None = Field(default=None, max_length=1_000)
    when: Condition | None = None
    timeout: Duration | None = None
    retry: Retry | None = None
    on_error: OnError = "fail"
    budget: Budget | None = None
    cache: Annotated[Caching | None, BeforeValidator(_caching, json_schema_input_type=Caching | bool | None)] = None


class AgentStep(StepBase, Worker):
    """A model with instructions and tools works until it has an answer. `result`: the answer, text or as `output` says."""

    kind: Literal["agent"]


class GenerateStep(StepBase, ModelWork):
    """One structured answer. `result` follows `schema`.

    An answer that does not is repaired or sent back with what is wrong, `attempts` times in all. With several `samples` the
    agreement among them is the `confidence`.
    """

    kind: Literal["generate"]
    prompt: Text
    instructions: Text | None = None
    messages: tuple[Saying, ...] = Field(default=(), max_length=100)
    output: Schema = Field(alias="schema")
    attempts: int = Field(default=3, ge=1, le=20)
    samples: int = Field(default=1, ge=1, le=20)


class ToolStep(StepBase):
    """A tool is called. `result` is what it gives; `output` is its schema where the tool does not say it."""

    kind: Literal["tool"]
    tool: str = Field(min_length=1, max_length=200)
    arguments: dict[str, Any] = {}
    output: Schema | None = None


class TransformStep(StepBase):
    """A value is worked out, without a model: exactly one of `template` (text), `cel` (a calculation) and `value`.

    `variables` are names for this step alone.
    """

    kind: Literal["transform"]
    variables: dict[Name, Any] = {}
    template: Text | None = None
    cel: Condition | None = None
    value: Value = None
    output: Schema | None = None


class MapStep(StepBase):
    """The steps run once for every item of a list. `result`: the items' results, in the order of the list.

    Within, the item is called what `as` says, and `index` counts from 0. Longer lists than `max_items` are refused.
    `on_item_error`: `fail` ends the step, `drop` leaves the item out, `keep` puts null in its place; the latter two up to
    `max_failures` items.
    """

    kind: Literal["map"]
    over: Value
    item_name: Name = Field(default="item", alias="as")
    concurrency: int = Field(default=8, ge=1, le=1_000)
    max_items: int = Field(default=1_000, ge=1, le=1_000_000)
    on_item_error: Literal["fail", "drop", "keep"] = "fail"
    max_failures: int | None = Field(default=None, ge=0)
    steps: "tuple[Step, ...]" = Field(min_length=1, max_length=1_000)
    result: Value = None


class Case(PipelinePart):
    """A way that a branch may go. Without steps its result is `result`, or else its name."""

    name: Label
    when: Condition
    steps: "tuple[Step, ...]" = Field(default=(), max_length=1_000)
    result: Value = None


class Otherwise(PipelinePart):
    """The way that a branch goes where no case holds."""

    steps: "tuple[Step, ...]" = Field(default=(), max_length=1_000)
    result: Value = None


class BranchStep(StepBase):
    """The first case that holds is followed. `result` is that case's; `chosen` is its name (`otherwise`; null where none was)."""

    kind: Literal["branch"]
    cases: tuple[Case, ...] = Field(min_length=1, max_length=100)
    otherwise: Otherwise | None = None


class Carried(PipelinePart):
    """A value that goes from round to round: what it is at first, and what it is after each."""

    start: Value = None
    next: Value = None


class LoopStep(StepBase):
    """The steps run round after round until `until` holds, `max_rounds` times at most. `result`: the last round's.

    Within, `round` counts from 1 and `carry` holds the carried values, of which `until` sees the next. `rounds` is how many
    there were, `met` whether `until` held in the end; with `on_exhausted: fail` the step fails where it did not.
    """

    kind: Literal["loop"]
    until: Condition
    max_rounds: int = Field(ge=1, le=10_000)
    carry: dict[Name, Carried] = {}
    on_exhausted: Literal["continue", "fail"] = "continue"
    steps: "tuple[Step, ...]" = Field(min_length=1, max_length=1_000)
    result: Value = None


class ApprovalStep(StepBase):
    """Somebody is asked. `result`: `approved`, `comment`, `by`, and `value`, which they may have edited.

    `who` names users, groups or roles; empty: anybody with a key of the workspace. `show` is what they see. After `deadline`,
    `on_deadline` decides. `on_reject: continue` goes on with `approved` false.
    """

    kind: Literal["approval"]
    who: tuple[str, ...] = Field(default=(), max_length=100)
    show: Value = None
    value: Value = None
    editable: bool = True
    output: Schema | None = Field(default=None, description="The schema of the value.")
    deadline: Duration | None = None
    on_deadline: Literal["approve", "reject", "fail"] = "fail"
    on_reject: Literal["fail", "skip", "continue"] = "fail"


class WaitStep(StepBase):
    """Time passes, or an event is awaited: exactly one of `duration`, `until` (RFC 3339) and `event`.

    `result` of an event is what came with it; of time it is null. `timeout` is how long an event is awaited;
    `on_timeout: continue` goes on without it.
    """

    kind: Literal["wait"]
    duration: Duration | None = None
    until: Value = None
    event: Label | None = None
    output: Schema | None = Field(default=None, description="The schema of what comes with the event.")
    on_timeout: Literal["fail", "continue"] = "fail"


class PipelineStep(StepBase):
    """Another pipeline runs. `result` holds its outputs. `version` is a content hash; without one it is the newest then."""

    kind: Literal["pipeline"]
    pipeline: Label
    version: str | None = Field(default=None, pattern=r"^[0-9a-f]{12,64}$")
    input: dict[str, Any] = {}


class ParallelStep(StepBase):
    """Several agents are asked at once.

    `members` holds their answers by name; `result` is the judge's or the vote's, or them all.
    """

    kind: Literal["parallel"]
    members: tuple[Member, ...] = Field(min_length=1, max_length=50)
    input: dict[str, Any] = {}
    prompt: Text | None = None
    decide: Deciding | None = None
    min_answers: int | None = Field(
        default=None, ge=1, description="Fewer members than all may answer; the rest may fail."
    )


class HandoffStep(StepBase):
    """Agents hand a matter over to each other, beginning with `start`. `result`: the last one's answer; `agent`: its name."""

    kind: Literal["handoff"]
    agents: dict[Name, Colleague] = Field(min_length=1, max_length=50)
    start: Name
    input: dict[str, Any] = {}
    prompt: Text | None = None
    max_handoffs: int = Field(default=5, ge=0, le=100)


Step = Annotated[
    AgentStep
    | GenerateStep
    | ToolStep
    | TransformStep
    | MapStep
    | BranchStep
    | LoopStep
    | ApprovalStep
    | WaitStep
    | PipelineStep
    | ParallelStep
    | HandoffStep,
    Field(discriminator="kind"),
]

for _holder in (MapStep, Case, Otherwise, BranchStep, LoopStep):
    _holder.model_rebuild()
