"""The Temporal worker of this process."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.ai_steps import StoredAiStepActivities
from activities.batches.stored import StoredBatchActivities
from activities.leftovers import StoredSweepActivities
from activities.nexus import NexusHandler
from activities.pipeline import StoredRunActivities
from activities.triggers import StoredTriggerActivities
from activities.turn import ProviderTurnActivities
from activities.world import World
from contracts.ids import TASK_QUEUE
from workers.deploying import versioned
from workflows.ai_step import AiStepWorkflow
from workflows.batch import BatchWorkflow
from workflows.batch_part import BatchPartWorkflow
from workflows.calling_back import RunCallbackWorkflow
from workflows.nexus_run import NexusRunWorkflow
from workflows.nexus_step import NexusStepWorkflow
from workflows.pipeline import PipelineWorkflow
from workflows.scheduled_run import ScheduledRunWorkflow
from workflows.sweep import SweepWorkflow
from workflows.turn import TurnWorkflow

WORKFLOWS: Sequence[type] = (
    *(TurnWorkflow, AiStepWorkflow, NexusStepWorkflow),
    *(PipelineWorkflow, NexusRunWorkflow, ScheduledRunWorkflow, RunCallbackWorkflow),
    *(BatchWorkflow, BatchPartWorkflow, SweepWorkflow),
)
"""Every workflow that this code runs: the worker and the replayer take them from here."""

HEARTBEAT_THROTTLE = timedelta(seconds=1)
"""Cancellation travels on heartbeat replies; the SDK's default would send one in 30 s. A call beats no faster than this."""


def build_worker(
    client: Client,
    world: World,
    *,
    concurrency: int,
    shutdown: timedelta,
    build: WorkerDeploymentVersion | None = None,
    **overrides: Any,
) -> Worker:
    """A worker of everything. `concurrency` is how many provider calls run at once, `shutdown` how long they may
    take to end. With `build` it takes what Temporal gives to that build alone.

    The sandbox is off here, because it costs 4 to 7 ms a turn; the tests run the same workflows inside it.
    """
    activities = ProviderTurnActivities(world)
    steps = StoredAiStepActivities(world)
    of_runs = StoredRunActivities(world)
    around = StoredTriggerActivities(world)
    of_batches = StoredBatchActivities(world)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=[
            *(activities.open_turn, activities.complete, activities.close_turn),
            *(steps.open_ai_step, steps.judge_answer, steps.close_ai_step, steps.tell_ai_step),
            *(steps.call_back, steps.give_up_calling_back),
            of_runs.open_scope,
            of_runs.advance_step,
            of_runs.take_items,
            of_runs.end_pass,
            of_runs.call_tool,
            of_runs.follow_turn,
            of_runs.close_run,
            around.fire_schedule,
            *(around.tell_run, around.give_up_telling),
            around.give_run,
            *(of_batches.plan_batch, of_batches.close_batch),
            *(of_batches.submit_part, of_batches.look_at_part, of_batches.collect_part),
            *(of_batches.take_batch_items, of_batches.end_batch_items),
            StoredSweepActivities(world).settle_left,
        ],
        nexus_service_handlers=[NexusHandler(world)],
        max_concurrent_activities=concurrency,
        max_concurrent_workflow_tasks=max(100, concurrency // 4),
        max_concurrent_local_activities=max(100, concurrency // 4),
        graceful_shutdown_timeout=shutdown,
        deployment_config=None if build is None else versioned(build),
        default_heartbeat_throttle_interval=HEARTBEAT_THROTTLE,
        max_heartbeat_throttle_interval=HEARTBEAT_THROTTLE,
        **{"workflow_runner": UnsandboxedWorkflowRunner(), **overrides},
    )
