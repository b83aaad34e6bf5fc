"""One AI step: ask, judge, ask again with what was wrong, and tell whoever waits."""

import asyncio
from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ChildWorkflowError, WorkflowAlreadyStartedError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.activities import OpenTurn
    from contracts.ai_step_activities import (
        AiStepActivities,
        CloseAiStep,
        ClosedAiStep,
        JudgeAnswer,
        JudgedAnswer,
        OpenedAiStep,
        RunAiStep,
    )
    from contracts.errors import NON_RETRYABLE
    from contracts.ids import AI_STEP_WORKFLOW, GAVE_UP, TURN_WORKFLOW, turn_workflow_id
    from contracts.turns import TurnResult

CALLBACK_FOR = timedelta(hours=24)
"""How long a callback is tried."""

_LOCAL_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=100),
    maximum_interval=timedelta(seconds=5),
    non_retryable_error_types=NON_RETRYABLE,
)
_CALLBACK_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.5, maximum_interval=timedelta(minutes=30)
)


@workflow.defn(name=AI_STEP_WORKFLOW)
class AiStepWorkflow:
    """A step. Its input is an id; content stays in Postgres."""

    @workflow.run
    async def run(self, request: RunAiStep) -> None:
        """Run the step to its result, and call back."""
        opened = await self._open(request)
        callback = opened.callback
        if not opened.finished:
            cancelled = False
            try:
                await asyncio.gather(*(self._sample(request.step_id, turn_id) for turn_id in opened.turn_ids))
            except BaseException as error:
                if not is_cancelled_exception(error):
                    raise
                cancelled = True
            callback = (await self._close(CloseAiStep(step_id=request.step_id, cancelled=cancelled))).callback
        if callback:
            await self._call_back(request)

    async def _sample(self, step_id: UUID, turn_id: UUID) -> None:
        following: UUID | None = turn_id
        while following is not None:
            await self._turn(following)
            following = (await self._judge(JudgeAnswer(step_id=step_id, turn_id=following))).next_turn_id

    async def _turn(self, turn_id: UUID) -> None:
        """Have a turn answered. How it ended is stored; one that the sweeper started by itself is judged again until it has."""
        try:
            await workflow.execute_child_workflow(
                TURN_WORKFLOW,
                OpenTurn(turn_id=turn_id),
                id=turn_workflow_id(turn_id),
                result_type=TurnResult,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
                cancellation_type=workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        except (WorkflowAlreadyStartedError, ChildWorkflowError) as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.info("a turn of this step runs by itself, or ended without a result")

    async def _open(self, request: RunAiStep) -> OpenedAiStep:
        return await workflow.execute_local_activity_method(
            AiStepActivities.open_ai_step,
            request,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=_LOCAL_RETRY,
        )

    async def _judge(self, request: JudgeAnswer) -> JudgedAnswer:
        return await workflow.execute_local_activity_method(
            AiStepActivities.judge_answer,
            request,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=_LOCAL_RETRY,
        )

    async def _close(self, request: CloseAiStep) -> ClosedAiStep:
        return await workflow.execute_local_activity_method(
            AiStepActivities.close_ai_step,
            request,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=_LOCAL_RETRY,
        )

    async def _call_back(self, request: RunAiStep) -> None:
        try:
            await workflow.execute_activity_method(
                AiStepActivities.call_back,
                request,
                schedule_to_close_timeout=CALLBACK_FOR,
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=_CALLBACK_RETRY,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("nobody took the result at the callback address")
            # Steps whose calling back failed before had nobody note that its time was over.
            if workflow.patched(GAVE_UP):
                await workflow.execute_local_activity_method(
                    AiStepActivities.give_up_calling_back,
                    request,
                    start_to_close_timeout=timedelta(seconds=60),
                    retry_policy=_LOCAL_RETRY,
                )
