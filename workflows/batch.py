"""A batch: plan it, let its parts be answered, close it."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

with workflow.unsafe.imports_passed_through():
    from contracts.batch_activities import BatchActivities, BatchPart, PlannedBatch, RunBatch
    from contracts.ids import BATCH_PART_WORKFLOW, BATCH_WORKFLOW, batch_workflow_id

LOWEST = 5
"""Temporal's priority of what may wait: 1 is the highest, 3 what turns have."""

DEAD = timedelta(seconds=15)
"""A worker that says nothing for so long is taken for dead."""

BATCH_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
)
"""The activities say themselves what time cannot mend."""


@workflow.defn(name=BATCH_WORKFLOW)
class BatchWorkflow:
    """A batch. Its input is an id; items and answers stay in Postgres."""

    @workflow.run
    async def run(self, request: RunBatch) -> None:
        """Bring every item to its end."""
        planned = await self._plan(request)
        while not planned.done:
            planned = await self._plan(request)
        await asyncio.gather(*(self._part(request, number) for number in (0, *planned.parts)))
        await workflow.execute_activity_method(
            BatchActivities.close_batch,
            request,
            start_to_close_timeout=timedelta(minutes=1),
            retry_policy=BATCH_RETRY,
        )

    async def _plan(self, request: RunBatch) -> PlannedBatch:
        return await workflow.execute_activity_method(
            BatchActivities.plan_batch,
            request,
            start_to_close_timeout=timedelta(minutes=5),
            heartbeat_timeout=DEAD,
            retry_policy=BATCH_RETRY,
            priority=Priority(priority_key=LOWEST),
        )

    async def _part(self, request: RunBatch, number: int) -> None:
        # It ends with this workflow, and is begun again with it: how far it has come is stored.
        await workflow.execute_child_workflow(
            BATCH_PART_WORKFLOW,
            BatchPart(batch_id=request.batch_id, number=number),
            id=batch_workflow_id(request.batch_id, number),
            priority=Priority(priority_key=LOWEST),
        )
