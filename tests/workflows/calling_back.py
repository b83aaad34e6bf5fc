"""Telling a run's end, over a scripted world."""

from uuid import uuid4

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from contracts.nexus import RunOutput
from contracts.run_activities import TellRun, TriggerActivities
from contracts.triggers import Fire, Fired
from workflows.calling_back import RunCallbackWorkflow


class ScriptedTelling(TriggerActivities):
    """Somebody takes it at the second try, or says that he never will."""

    def __init__(self, *, taken: bool) -> None:
        self._taken = taken
        self.tries = self.gave_up = 0

    @activity.defn(name="fire_schedule")
    async def fire_schedule(self, request: Fire) -> Fired:
        raise NotImplementedError

    @activity.defn(name="tell_run")
    async def tell_run(self, request: TellRun) -> None:
        self.tries += 1
        if not self._taken or self.tries == 1:
            raise ApplicationError("not taken", non_retryable=not self._taken)

    @activity.defn(name="give_up_telling")
    async def give_up_telling(self, request: TellRun) -> None:
        self.gave_up += 1

    @activity.defn(name="give_run")
    async def give_run(self, request: TellRun) -> RunOutput:
        raise NotImplementedError


async def run_callback(client: Client, *, taken: bool) -> tuple[ScriptedTelling, str]:
    """Tell an end; what was asked of the world, and the history as JSON."""
    telling, queue = ScriptedTelling(taken=taken), f"callback-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[RunCallbackWorkflow],
        activities=[telling.tell_run, telling.give_up_telling],
        max_cached_workflows=0,
        max_concurrent_workflow_tasks=1,
    ):
        handle = await client.start_workflow(
            RunCallbackWorkflow.run, TellRun(run_id=uuid4()), id=queue, task_queue=queue
        )
        await handle.result()
        return telling, (await handle.fetch_history()).to_json()
