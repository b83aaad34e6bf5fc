"""A part of a batch: a vendor's batch, and whatever is asked by itself."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio import workflow
from temporalio.common import Priority, WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from contracts.activities import OpenTurn
    from contracts.batch_activities import BatchActivities, BatchPart, SubmittedPart, TakeItems, TakenItems
    from contracts.batches import BatchItem
    from contracts.ids import (
        BATCH_CANCELLED_SIGNAL,
        BATCH_PART_WORKFLOW,
        PIPELINE_WORKFLOW,
        TURN_WORKFLOW,
        run_workflow_id,
        turn_workflow_id,
    )
    from contracts.run_activities import EndedScope, Scope
    from contracts.turns import TurnResult
    from workflows.batch import BATCH_RETRY, DEAD, LOWEST

AT_ONCE = 25
"""Items of one part that are asked at the same time."""
PAGE = 200
PAGES = 5
"""Pages after which the workflow goes on in a new history."""
LOOK_AGAIN = timedelta(seconds=5)
"""When an item that runs by itself is looked at again."""
LOOKS = 120


@workflow.defn(name=BATCH_PART_WORKFLOW)
class BatchPartWorkflow:
    """A part. How far it has come is stored, so that it can begin anew at any moment."""

    def __init__(self) -> None:
        self._cancelled = False
        self._asked: set[asyncio.Task[None]] = set()

    @workflow.run
    async def run(self, request: BatchPart) -> None:
        """Have the vendor answer, then ask for what it did not."""
        if request.number and not request.collected:
            await self._through_vendor(request)
        after = request.after
        for _ in range(PAGES):
            taken = await self._take(request, after)
            if taken.cancelled or not taken.items:
                break
            after = taken.items[-1].position
            await self._ask_all(taken)
        else:
            workflow.continue_as_new(request.model_copy(update={"collected": True, "after": after}))
        if taken.cancelled or self._cancelled or await self._cancelled_while_others_end(request):
            await self._end(request)

    @workflow.signal(name=BATCH_CANCELLED_SIGNAL)
    def cancelled(self) -> None:
        """The batch was cancelled: the vendor is asked to stop, and so is what runs."""
        self._cancelled = True
        for task in self._asked:
            task.cancel()

    async def _through_vendor(self, request: BatchPart) -> None:
        submitted: SubmittedPart = await workflow.execute_activity_method(
            BatchActivities.submit_part,
            request,
            start_to_close_timeout=timedelta(minutes=15),
            heartbeat_timeout=DEAD,
            retry_policy=BATCH_RETRY,
        )
        if not submitted.waiting:
            return
        pause, told = submitted.again_in, False
        while True:
            await self._wait(pause, at_once=not told)
            told = self._cancelled
            look = await workflow.execute_activity_method(
                BatchActivities.look_at_part,
                request,
                start_to_close_timeout=timedelta(seconds=45),
                retry_policy=BATCH_RETRY,
            )
            if look.ended:
                break
            pause = look.again_in
        await workflow.execute_activity_method(
            BatchActivities.collect_part,
            request,
            start_to_close_timeout=timedelta(hours=2),
            heartbeat_timeout=DEAD,
            retry_policy=BATCH_RETRY,
        )

    async def _wait(self, seconds: float, *, at_once: bool) -> None:
        """A durable timer, which a cancellation cuts short the first time."""
        try:
            await workflow.wait_condition(lambda: self._cancelled and at_once, timeout=timedelta(seconds=seconds))
        except TimeoutError:
            return

    async def _ask_all(self, taken: TakenItems) -> None:
        waiting = list(reversed(taken.items))
        while waiting or self._asked:
            while waiting and len(self._asked) < AT_ONCE and not self._cancelled:
                self._asked.add(asyncio.create_task(self._ask(waiting.pop(), taken.workspace_id)))
            if not self._asked:
                return
            done, _ = await workflow.wait(self._asked, return_when=asyncio.FIRST_COMPLETED)
            self._asked.difference_update(done)

    async def _ask(self, item: BatchItem, workspace_id: UUID) -> None:
        """Have a turn or a run answered. How it ended is stored; one that runs by itself is waited for later."""
        shared: dict[str, Any] = {
            # A batch that begins anew finds what it had begun.
            "parent_close_policy": workflow.ParentClosePolicy.ABANDON,
            "cancellation_type": workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            "priority": Priority(priority_key=LOWEST, fairness_key=str(workspace_id)),
        }
        try:
            if item.turn_id is not None:
                await workflow.execute_child_workflow(
                    TURN_WORKFLOW,
                    OpenTurn(turn_id=item.turn_id),
                    id=turn_workflow_id(item.turn_id),
                    result_type=TurnResult,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    **shared,
                )
            elif item.run_id is not None:
                await workflow.execute_child_workflow(
                    PIPELINE_WORKFLOW,
                    Scope(run_id=item.run_id),
                    id=run_workflow_id(item.run_id),
                    result_type=EndedScope,
                    **shared,
                )
        except (WorkflowAlreadyStartedError, ChildWorkflowError, asyncio.CancelledError):
            workflow.logger.info("an item of this batch runs by itself, was cancelled, or ended without a result")

    async def _cancelled_while_others_end(self, request: BatchPart) -> bool:
        """Wait for items that were begun before, ten minutes in which none ends at most; whether the batch is cancelled."""
        known, looks = -1, 0
        while not self._cancelled and looks < LOOKS:
            taken = await self._take(request, -1)
            if taken.cancelled or not taken.items:
                return taken.cancelled
            looks = looks + 1 if len(taken.items) == known else 0
            known = len(taken.items)
            await self._wait(LOOK_AGAIN.total_seconds(), at_once=True)
        return self._cancelled

    async def _take(self, request: BatchPart, after: int) -> TakenItems:
        return await workflow.execute_activity_method(
            BatchActivities.take_batch_items,
            TakeItems(batch_id=request.batch_id, number=request.number, after=after, limit=PAGE),
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=BATCH_RETRY,
        )

    async def _end(self, request: BatchPart) -> None:
        await workflow.execute_activity_method(
            BatchActivities.end_batch_items,
            request,
            start_to_close_timeout=timedelta(minutes=30),
            heartbeat_timeout=DEAD,
            retry_policy=BATCH_RETRY,
        )
