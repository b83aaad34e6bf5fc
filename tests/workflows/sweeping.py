"""Sweeps over a scripted world."""

from collections.abc import Iterator, Sequence
from uuid import uuid4

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from contracts.sweeping import SweepActivities, Swept
from workflows.sweep import SweepWorkflow


class ScriptedSweep(SweepActivities):
    """Settles what it is told, then nothing."""

    def __init__(self, found: Sequence[Swept]) -> None:
        self._found: Iterator[Swept] = iter(found)

    @activity.defn(name="settle_left")
    async def settle_left(self) -> Swept:
        return next(self._found, Swept())


async def run_sweep(client: Client, found: Sequence[Swept]) -> tuple[Swept, str]:
    """A sweep's result, and its history as JSON."""
    queue = f"sweep-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[SweepWorkflow],
        activities=[ScriptedSweep(found).settle_left],
        max_cached_workflows=0,
        max_concurrent_workflow_tasks=1,
    ):
        handle = await client.start_workflow(SweepWorkflow.run, id=queue, task_queue=queue)
        return await handle.result(), (await handle.fetch_history()).to_json()
