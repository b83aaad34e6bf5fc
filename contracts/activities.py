"""The seam: what workflows may ask of the world. `activities/` implements it; workflows and fakes name it."""

from abc import ABC, abstractmethod
from typing import Literal
from uuid import UUID

from temporalio import activity

from contracts.base import Contract
from contracts.budgets import OnExceeded
from contracts.errors import ErrorKind
from contracts.turns import Candidate, Limits, OnNewAttempt, RoutePlan, TurnResult, TurnState


class OpenTurn(Contract):
    """Ask for the turn to be planned and its lane taken."""

    turn_id: UUID


class OpenedTurn(Contract):
    """`planned`: go on with `plan`. `busy`: turn `blocked_by` holds the conversation's lane. `finished`: see `result`.

    `heartbeat_timeout`, in seconds, is how long a call may be silent towards Temporal: longer where many calls are made.
    `next_turn_id` waits for the lane of a turn that ended without a plan.
    """

    status: Literal["planned", "busy", "finished"]
    plan: RoutePlan | None = None
    blocked_by: UUID | None = None
    result: TurnResult | None = None
    heartbeat_timeout: float = 5.0
    next_turn_id: UUID | None = None


class Complete(Contract):
    """Ask one candidate for the answer of one step.

    `has_sibling`: another candidate could be asked instead. `from_start`: what was said so far is not to be continued.
    `squeezed`: the conversation did not fit, leave out more of it. `refusal_fails`: an answer that the provider's filter ended
    is a failure, since another candidate may be asked. `attempts` bounds the calls of the step, those before this one included.
    `waits_for_limit`: where a limit set here is used up, the step waits if it can afford to. `on_exceeded` and `answer_bound` are
    the plan's. `waited`: the turn was told to wait for a budget before.
    """

    turn_id: UUID
    step: int
    candidate: Candidate
    has_sibling: bool
    limits: Limits
    on_new_attempt: OnNewAttempt
    from_start: bool = False
    squeezed: bool = False
    refusal_fails: bool = False
    attempts: int | None = None
    waits_for_limit: bool = True
    on_exceeded: OnExceeded = "reject"
    answer_bound: int = 8192
    waited: bool = False


class Completed(Contract):
    """The step's answer is stored, and `result` says how the turn ended (`completed` or `cancelled`).

    `tool_call_ids` are the calls that the caller is asked to run. `found`: an earlier attempt had stored the answer already.
    `next_turn_id` waits for the conversation's lane.
    """

    result: TurnResult
    tool_call_ids: tuple[str, ...] = ()
    found: bool = False
    next_turn_id: UUID | None = None


class FailureDetail(Contract):
    """What a failed `complete` says beside its kind, as the failure's one detail.

    `prefill_refused`: the continuation was our mistake, ask the same candidate from the start. `final`: the stream policy or the
    limit of attempts forbids another. `squeezable`: more of the conversation could be left out. `on_exceeded` is set where a
    budget had no room, `renews_in` is then the seconds until its window ends, None where it does not. `detail` is what the
    turn's caller can act upon.
    """

    kind: ErrorKind
    prefill_refused: bool = False
    final: bool = False
    squeezable: bool = False
    on_exceeded: OnExceeded | None = None
    renews_in: float | None = None
    detail: dict[str, str] | None = None


class CloseTurn(Contract):
    """End a turn that has no answer: `failed` with its kind and message, or `cancelled`."""

    turn_id: UUID
    state: TurnState
    error_kind: ErrorKind
    error_message: str
    error_field: str | None = None
    error_detail: dict[str, str] | None = None


class ClosedTurn(Contract):
    """The turn is over. `next_turn_id` waits for the conversation's lane."""

    result: TurnResult
    next_turn_id: UUID | None = None


class TurnActivities(ABC):
    """What a turn needs done."""

    @activity.defn(name="open_turn")
    @abstractmethod
    async def open_turn(self, request: OpenTurn) -> OpenedTurn:
        """Plan the turn and take the lane: one transaction, idempotent by turn."""

    @activity.defn(name="complete")
    @abstractmethod
    async def complete(self, request: Complete) -> Completed:
        """Call one candidate, stream its answer, store it. Fails with an error kind as the failure's type."""

    @activity.defn(name="close_turn")
    @abstractmethod
    async def close_turn(self, request: CloseTurn) -> ClosedTurn:
        """End the turn without an answer. Idempotent: a finished turn keeps its result."""
