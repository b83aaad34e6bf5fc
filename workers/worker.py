"""The Temporal worker of this process."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.turn import ProviderTurnActivities
from activities.world import World
from contracts.ids import TASK_QUEUE
from workflows.turn import TurnWorkflow

WORKFLOWS: Sequence[type] = (TurnWorkflow,)
"""Every workflow that this code runs: the worker and the replayer take them from here."""

HEARTBEAT_THROTTLE = timedelta(seconds=1)
"""Cancellation travels on heartbeat replies; the SDK's default would send one in 30 s. A call beats no faster than this."""


def build_worker(client: Client, world: World, *, concurrency: int, shutdown: timedelta, **overrides: Any) -> Worker:
    """A worker for turns. `concurrency` is how many provider calls run at once, `shutdown` how long they may take to end.

    The sandbox is off here, because it costs 4 to 7 ms a turn; the tests run the same workflows inside it.
    """
    activities = ProviderTurnActivities(world)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=[activities.open_turn, activities.complete, activities.close_turn],
        max_concurrent_activities=concurrency,
        max_concurrent_workflow_tasks=max(100, concurrency // 4),
        max_concurrent_local_activities=max(100, concurrency // 4),
        graceful_shutdown_timeout=shutdown,
        default_heartbeat_throttle_interval=HEARTBEAT_THROTTLE,
        max_heartbeat_throttle_interval=HEARTBEAT_THROTTLE,
        **{"workflow_runner": UnsandboxedWorkflowRunner(), **overrides},
    )
