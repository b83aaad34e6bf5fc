"""Workflows of batches over activities whose outcomes a test scripts."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from contracts.batch_activities import (
    BatchActivities,
    BatchPart,
    LookedAtPart,
    PlannedBatch,
    RunBatch,
    SubmittedPart,
    TakeItems,
    TakenItems,
)
from contracts.batches import BatchItem
from contracts.ids import BATCH_CANCELLED_SIGNAL, BATCH_PART_WORKFLOW, BATCH_WORKFLOW
from tests.workflows.ai_steps import turns_of
from tests.workflows.fakes import ScriptedActivities
from workers.worker import WORKFLOWS


class ScriptedBatch(BatchActivities):
    """A batch planned in two goes. Each part has `items` turns to be asked; a vendor needs `looks`, or a cancellation, to end."""

    def __init__(self, parts: int, *, items: int = 0, looks: int = 1, refused: bool = False) -> None:
        self.parts, self.looks, self.refused = tuple(range(1, parts + 1)), looks, refused
        self.left = {number: [uuid4() for _ in range(items)] for number in (0, *self.parts)}
        self.did: list[str] = []
        self.cancelled = False
        self.submitted = asyncio.Event()

    @activity.defn(name="plan_batch")
    async def plan_batch(self, request: RunBatch) -> PlannedBatch:
        self.did.append("plan")
        return PlannedBatch(done=self.did.count("plan") > 1, parts=self.parts)

    @activity.defn(name="submit_part")
    async def submit_part(self, request: BatchPart) -> SubmittedPart:
        self.did.append("submit")
        self.submitted.set()
        return SubmittedPart(waiting=not self.refused, again_in=0.05 if self.looks < 100 else 3600)

    @activity.defn(name="look_at_part")
    async def look_at_part(self, request: BatchPart) -> LookedAtPart:
        self.did.append("look")
        ended = self.cancelled or self.did.count("look") >= self.looks
        return LookedAtPart(ended=ended, again_in=0.05)

    @activity.defn(name="collect_part")
    async def collect_part(self, request: BatchPart) -> None:
        self.did.append("collect")

    @activity.defn(name="take_batch_items")
    async def take_batch_items(self, request: TakeItems) -> TakenItems:
        ids: list[UUID] = self.left[request.number] if request.after < 0 else []
        self.left[request.number] = []
        items = tuple(BatchItem(position=at, turn_id=one) for at, one in enumerate(ids))
        return TakenItems(items=items, workspace_id=UUID(int=1), cancelled=self.cancelled)

    @activity.defn(name="end_batch_items")
    async def end_batch_items(self, request: BatchPart) -> None:
        self.did.append("end")

    @activity.defn(name="close_batch")
    async def close_batch(self, request: RunBatch) -> None:
        self.did.append("close")


async def run(
    client: Client,
    batch: ScriptedBatch,
    turns: ScriptedActivities | None = None,
    *,
    part: int | None = None,
    cancel: bool = False,
) -> str:
    """Run a batch, or a part of it; its history in JSON."""
    queue, turns = f"test-{uuid4()}", turns or turns_of(0)
    async with Worker(
        client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=[
            *(turns.open_turn, turns.complete, turns.close_turn),
            *(batch.plan_batch, batch.submit_part, batch.look_at_part, batch.collect_part),
            *(batch.take_batch_items, batch.end_batch_items, batch.close_batch),
        ],
        max_cached_workflows=0,
        max_concurrent_workflow_tasks=1,
        default_heartbeat_throttle_interval=timedelta(milliseconds=100),
        max_heartbeat_throttle_interval=timedelta(milliseconds=100),
    ):
        if part is None:
            handle: WorkflowHandle[object, object] = await client.start_workflow(
                BATCH_WORKFLOW, RunBatch(batch_id=uuid4()), id=queue, task_queue=queue
            )
        else:
            handle = await client.start_workflow(
                BATCH_PART_WORKFLOW, BatchPart(batch_id=uuid4(), number=part), id=queue, task_queue=queue
            )
        if cancel:
            await (turns.calling.wait() if part == 0 else batch.submitted.wait())
            batch.cancelled = True
            await handle.signal(BATCH_CANCELLED_SIGNAL)
        await handle.result()
        return (await handle.fetch_history()).to_json()
