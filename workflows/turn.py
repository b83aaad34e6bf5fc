"""One turn, one workflow: take the lane, ask candidates until one answers, end."""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
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
    from contracts.errors import NON_RETRYABLE, ErrorKind
    from contracts.ids import BUDGET_RAISED_SIGNAL, LANE_FREED_SIGNAL, TURN_WORKFLOW, turn_workflow_id
    from contracts.turns import RoutePlan, TurnResult, TurnState
    from workflows.budget_pause import BudgetPause
    from workflows.failures import read_failure
    from workflows.fallback import Ask, Exhausted, next_ask

ATTEMPT_MARGIN = timedelta(seconds=30)
"""What an attempt may take beyond its own limit, to settle."""
LANE_POLL = timedelta(seconds=20)
"""How long a queued turn waits for its signal before it looks for itself."""

_LOCAL_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=100),
    maximum_interval=timedelta(seconds=5),
    non_retryable_error_types=NON_RETRYABLE,
)
_CALL_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=250),
    maximum_interval=timedelta(seconds=5),
    non_retryable_error_types=NON_RETRYABLE,
)


@workflow.defn(name=TURN_WORKFLOW)
class TurnWorkflow:
    """A turn. Its input is an id; content stays in Postgres."""

    def __init__(self) -> None:
        self._lane_freed = False
        self._budget = BudgetPause()

    @workflow.run
    async def run(self, request: OpenTurn) -> TurnResult:
        """Answer the turn. Returns how it ended, be it completed, failed or cancelled."""
        try:
            opened = await self._open(request)
            if opened.result is not None:
                if opened.next_turn_id is not None:
                    await self._free_lane(opened.next_turn_id)
                return opened.result
            if opened.plan is None:
                raise ApplicationError("an opened turn has neither plan nor result", non_retryable=True)
            beat = timedelta(seconds=opened.heartbeat_timeout)
            outcome = await self._answer(request.turn_id, opened.plan, beat)
        except BaseException as error:
            if not is_cancelled_exception(error):
                raise
            outcome = _cancelled(request.turn_id)
        ended = await self._close(outcome) if isinstance(outcome, CloseTurn) else outcome
        if ended.next_turn_id is not None:
            await self._free_lane(ended.next_turn_id)
        return ended.result

    @workflow.signal(name=LANE_FREED_SIGNAL)
    def lane_freed(self) -> None:
        """The turn ahead in the conversation has ended."""
        self._lane_freed = True

    @workflow.signal(name=BUDGET_RAISED_SIGNAL)
    def budget_raised(self) -> None:
        """There may be room in a budget that had none."""
        self._budget.raised = True

    async def _open(self, request: OpenTurn) -> OpenedTurn:
        while True:
            opened = await workflow.execute_local_activity_method(
                TurnActivities.open_turn,
                request,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=_LOCAL_RETRY,
            )
            if opened.status != "busy":
                return opened
            try:
                await workflow.wait_condition(lambda: self._lane_freed, timeout=LANE_POLL)
            except TimeoutError:
                continue
            finally:
                self._lane_freed = False

    async def _answer(self, turn_id: UUID, plan: RoutePlan, beat: timedelta) -> Completed | CloseTurn:
        deadline = workflow.now() + timedelta(seconds=plan.limits.step)
        ask = Ask(0)
        while True:
            try:
                return await self._complete(turn_id, plan, ask, remaining=deadline - workflow.now(), beat=beat)
            except ActivityError as error:
                failure, message = read_failure(error)
            if failure.kind is ErrorKind.CANCELLED:
                return _cancelled(turn_id)
            if failure.on_exceeded == "wait":
                waited = await self._budget.wait(failure, at_most=timedelta(seconds=plan.budget_wait))
                if waited is None:
                    return _failed(turn_id, ask, failure, message)
                # The step's time is for asking models.
                deadline += waited
                continue
            match next_ask(plan, ask, failure):
                case Exhausted():
                    return _failed(turn_id, ask, failure, message)
                case Ask() as following:
                    if workflow.now() >= deadline:
                        return _failed(turn_id, ask, failure, message)
                    ask = following

    async def _complete(
        self, turn_id: UUID, plan: RoutePlan, ask: Ask, *, remaining: timedelta, beat: timedelta
    ) -> Completed:
        limits = plan.limits
        has_sibling = ask.index + 1 < len(plan.candidates)
        return await workflow.execute_activity_method(
            TurnActivities.complete,
            Complete(
                turn_id=turn_id,
                step=0,
                candidate=plan.candidates[ask.index],
                has_sibling=has_sibling,
                limits=limits,
                on_new_attempt=plan.on_new_attempt,
                from_start=ask.from_start,
                squeezed=ask.squeezed,
                refusal_fails=plan.fallback_on_refusal and has_sibling,
                attempts=plan.attempts,
                waits_for_limit=plan.waits_for_limit,
                on_exceeded=plan.on_exceeded,
                answer_bound=plan.answer_bound,
                waited=self._budget.pauses > 0,
            ),
            schedule_to_close_timeout=remaining,
            start_to_close_timeout=timedelta(seconds=limits.attempt) + ATTEMPT_MARGIN,
            heartbeat_timeout=beat,
            retry_policy=_CALL_RETRY,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )

    async def _close(self, close: CloseTurn) -> ClosedTurn:
        return await workflow.execute_local_activity_method(
            TurnActivities.close_turn,
            close,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=_LOCAL_RETRY,
        )

    async def _free_lane(self, next_turn_id: UUID) -> None:
        handle = workflow.get_external_workflow_handle(turn_workflow_id(next_turn_id))
        try:
            await handle.signal(LANE_FREED_SIGNAL)
        except ApplicationError:
            # Not started yet: it will look at the lane when it starts.
            workflow.logger.info("the next turn has not started yet")


def _cancelled(turn_id: UUID) -> CloseTurn:
    return CloseTurn(
        turn_id=turn_id,
        state=TurnState.CANCELLED,
        error_kind=ErrorKind.CANCELLED,
        error_message="The turn was cancelled before a model answered.",
    )


def _failed(turn_id: UUID, last: Ask, failure: FailureDetail, message: str) -> CloseTurn:
    if last.index > 0:
        message = f"None of {last.index + 1} candidates answered. The last said: {message}"
    return CloseTurn(
        turn_id=turn_id,
        state=TurnState.FAILED,
        error_kind=failure.kind,
        error_message=message,
        error_detail=failure.detail,
    )
