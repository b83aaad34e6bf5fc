"""A turn: what is asked, how it is planned, how it ends."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Contract
from contracts.budgets import OnExceeded
from contracts.errors import ErrorKind
from contracts.events import FinishReason
from contracts.models import ModelRef
from contracts.parts import Message
from contracts.requests import Knobs, OutputFormat, Tool, ToolChoice
from contracts.routing import RoutingContext, Strategy, TaskType
from contracts.usage import Cost, Usage


class TurnState(StrEnum):
    """Where a turn stands. `accepted` covers waiting for a worker and waiting for the conversation's lane."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Nothing more will happen to the turn."""
        return self in (TurnState.COMPLETED, TurnState.FAILED, TurnState.CANCELLED)


OnBusy = Literal["reject", "queue", "interrupt"]
"""What a new turn does when its conversation is answering another: fail, wait, or stop the other."""

OnNewAttempt = Literal["reset", "continue", "fail"]
"""What happens to text already streamed when another attempt begins: void it, go on from it, or end the turn."""


class Limits(Contract):
    """How long a step waits, in seconds, and how often it tries.

    `first_token` and `idle` bound silence, `attempt` one whole call, `step` all calls of the step together. `retry_after` is
    the longest Retry-After that is honoured while another candidate exists. `same_candidate` is how many calls one candidate
    gets while another exists, `only_candidate` how many it gets when it is the last.
    """

    first_token: float = Field(default=12, gt=0, le=3600)
    idle: float = Field(default=15, gt=0, le=3600)
    attempt: float = Field(default=600, gt=0, le=7200)
    step: float = Field(default=1800, gt=0, le=86400)
    retry_after: float = Field(default=10, ge=0, le=3600)
    same_candidate: int = Field(default=2, ge=1, le=20)
    only_candidate: int = Field(default=5, ge=1, le=50)


class RoutingWish(Contract):
    """What a request says about who may answer, and how.

    `models` is the first choice and its fallbacks, in order; without any, routing chooses, as `routing` asks.
    """

    models: tuple[ModelRef, ...] = ()
    limits: Limits = Limits()
    on_new_attempt: OnNewAttempt = "reset"
    routing: RoutingContext = RoutingContext()


class TurnRequest(RoutingWish):
    """What the caller asked, as stored.

    `messages` is the whole prompt of a stateless turn; for a turn in a conversation it is what the turn adds to the history.
    `fresh`: of what was said before, the model sees the instructions only. `run` is the run that the turn is a step of; with the
    entries of `metadata`, which are its tags, it says which budgets count the turn. `within` are the budgets that runs made for
    themselves and count it, as `contracts.ids.run_budget` names them. `allowed_models` are the only ones that the
    caller's key may use (`provider:model`, a model's own name, either with `*` at its end); None: all.
    """

    messages: tuple[Message, ...] = Field(min_length=1)
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    output: OutputFormat | None = None
    knobs: Knobs = Knobs()
    provider_options: dict[str, dict[str, Any]] = {}
    on_busy: OnBusy = "reject"
    metadata: dict[str, str] = {}
    fresh: bool = False
    run: str | None = None
    within: tuple[str, ...] | None = None
    allowed_models: tuple[str, ...] | None = None


class Candidate(Contract):
    """One model in a plan, with the reason why it stands where it does.

    `score` runs from 0 to 1, higher being better; None where nothing was compared. `price` is the likely cost of the answer in
    USD, with what the prompt cache saves; None where no list says. `window` is the model's context window in tokens, None where
    it is not known.
    """

    index: int
    model: ModelRef
    reason: str
    score: float | None = None
    price: Decimal | None = None
    window: int | None = None


class RoutePlan(Contract):
    """The recorded decision: which models may answer, in order, within which limits.

    `task` and `difficulty` (0 to 1) are what the request was taken for. `confidence` (0 to 1) says how clearly the first
    candidate won. `policy_version` is the policy that it was planned with. `alternatives` fit as well and will not be asked.
    `fallback_on_refusal`: a model that declines the content is followed by the next. `attempts` bounds all calls of the step.
    `waits_for_limit`: a turn waits for a limit that was set here, rather than fail. `on_exceeded` is what happens where a budget
    has no room, `budget_wait` the seconds that a turn waits for one at most, `answer_bound` the tokens that an answer may have
    where a budget counts it and the request says nothing.
    """

    candidates: tuple[Candidate, ...]
    limits: Limits
    on_new_attempt: OnNewAttempt
    strategy: Strategy | None = None
    task: TaskType | None = None
    difficulty: float | None = None
    confidence: float | None = None
    policy_version: str | None = None
    alternatives: tuple[Candidate, ...] = ()
    fallback_on_refusal: bool = False
    attempts: int | None = None
    waits_for_limit: bool = True
    on_exceeded: OnExceeded = "reject"
    budget_wait: float = 86400
    answer_bound: int = 8192


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """The answer that a conversation last had: by whom, what it used, and when it was finished."""

    model: ModelRef
    usage: Usage
    at: datetime

    @property
    def tokens(self) -> int:
        """About as many as the conversation has now."""
        return self.usage.total


class TurnResult(Contract):
    """How a turn ended. The text itself is in the message; history and streams carry its id.

    `usage` is the answering attempt's, `cost` all attempts' together. `ignored` names knobs that the vendor has not, `dropped`
    parts of the prompt that it could not be sent. `simulated`: no real model answered. `error_field` is the request's field at
    fault, `error_detail` what a caller can act upon, where the failure has them.
    """

    turn_id: UUID
    state: TurnState
    message_id: UUID | None = None
    finish_reason: FinishReason | None = None
    model: ModelRef | None = None
    served_model: str | None = None
    attempts: int = 0
    usage: Usage | None = None
    cost: Cost | None = None
    simulated: bool = False
    ignored: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    error_kind: ErrorKind | None = None
    error_message: str | None = None
    error_field: str | None = None
    error_detail: dict[str, str] | None = None
