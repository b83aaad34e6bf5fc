"""A worker for one test: its own queue, in the sandbox, nothing cached, so that every step is a replay."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

from temporalio.client import Client
from temporalio.worker import Worker

from contracts.activities import TurnActivities
from workers.worker import WORKFLOWS


@asynccontextmanager
async def running_worker(client: Client, activities: TurnActivities) -> AsyncIterator[str]:
    """Run until the block ends; gives the task queue."""
    queue = f"test-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=[activities.open_turn, activities.complete, activities.close_turn],
        max_cached_workflows=0,
        max_concurrent_workflow_tasks=1,
        default_heartbeat_throttle_interval=timedelta(milliseconds=100),
        max_heartbeat_throttle_interval=timedelta(milliseconds=100),
    ):
        yield queue
