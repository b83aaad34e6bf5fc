"""Activities whose outcomes a test scripts; everything that was asked is kept."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.activities import (
    ClosedTurn,
    CloseTurn,
    Complete,
    Completed,
    FailureDetail,
    OpenedTurn,
    OpenTurn,
    TurnActivities,
)
from contracts.errors import ErrorKind
from contracts.events import FinishReason
from contracts.models import ModelRef
from contracts.turns import Candidate, Limits, OnNewAttempt, RoutePlan, TurnResult, TurnState

Outcome = Callable[[Complete], Awaitable[Completed]]


def plan(*models: str, limits: Limits | None = None, on_new_attempt: OnNewAttempt = "reset") -> RoutePlan:
    return RoutePlan(
        candidates=tuple(
            Candidate(index=index, model=ModelRef.parse(model), reason="test") for index, model in enumerate(models)
        ),
        limits=limits or Limits(),
        on_new_attempt=on_new_attempt,
    )


def answered(
    request: Complete, *, next_turn_id: UUID | None = None, state: TurnState = TurnState.COMPLETED
) -> Completed:
    return Completed(
        result=TurnResult(
            turn_id=request.turn_id,
            state=state,
            finish_reason=FinishReason.STOP,
            model=request.candidate.model,
            attempts=1,
        ),
        next_turn_id=next_turn_id,
    )


def answer(*, next_turn_id: UUID | None = None) -> Outcome:
    async def outcome(request: Complete) -> Completed:
        return answered(request, next_turn_id=next_turn_id)

    return outcome


def fail(kind: ErrorKind, *, retryable: bool = False, prefill_refused: bool = False, final: bool = False) -> Outcome:
    async def outcome(request: Complete) -> Completed:
        detail = FailureDetail(kind=kind, prefill_refused=prefill_refused, final=final)
        raise ApplicationError(f"{kind} says the fake", detail, type=kind.value, non_retryable=not retryable)

    return outcome


async def until_cancelled(request: Complete) -> Completed:
    """Run until Temporal cancels, then store the partial answer, as the real activity does."""
    try:
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.02)
    except asyncio.CancelledError:
        return answered(request, state=TurnState.CANCELLED)


class ScriptedActivities(TurnActivities):
    """Plays `opened` and `outcomes` in order; the last of each repeats."""

    def __init__(self, opened: list[OpenedTurn], outcomes: list[Outcome]) -> None:
        self._opened = opened
        self._outcomes = outcomes
        self.asked: list[Complete] = []
        self.closed: list[CloseTurn] = []
        self.openings = 0
        self.opening = asyncio.Event()
        self.calling = asyncio.Event()

    @activity.defn(name="open_turn")
    async def open_turn(self, request: OpenTurn) -> OpenedTurn:
        self.openings += 1
        self.opening.set()
        return self._opened.pop(0) if len(self._opened) > 1 else self._opened[0]

    @activity.defn(name="complete")
    async def complete(self, request: Complete) -> Completed:
        self.asked.append(request)
        self.calling.set()
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        return await outcome(request)

    @activity.defn(name="close_turn")
    async def close_turn(self, request: CloseTurn) -> ClosedTurn:
        self.closed.append(request)
        return ClosedTurn(
            result=TurnResult(
                turn_id=request.turn_id,
                state=request.state,
                error_kind=request.error_kind,
                error_message=request.error_message,
            )
        )
