"""Schedules in Temporal: what a trigger's times are there, and changing them."""

from datetime import timedelta
from uuid import UUID

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import Priority

from contracts.ids import TASK_QUEUE, schedule_id
from contracts.triggers import Overlap, Times
from workflows.scheduled_run import ScheduledRunWorkflow

_OVERLAPS: dict[Overlap, ScheduleOverlapPolicy] = {
    "skip": ScheduleOverlapPolicy.SKIP,
    "buffer_one": ScheduleOverlapPolicy.BUFFER_ONE,
    "buffer_all": ScheduleOverlapPolicy.BUFFER_ALL,
    "cancel_other": ScheduleOverlapPolicy.CANCEL_OTHER,
    "allow_all": ScheduleOverlapPolicy.ALLOW_ALL,
}


def overlap_policy(overlap: Overlap) -> ScheduleOverlapPolicy:
    """Temporal's word for it."""
    return _OVERLAPS[overlap]


def handle_of(client: Client, trigger_id: UUID) -> ScheduleHandle:
    """The trigger's schedule."""
    return client.get_schedule_handle(schedule_id(trigger_id))


async def create_schedule(client: Client, trigger_id: UUID, workspace_id: UUID, times: Times, *, paused: bool) -> None:
    """Let the times start runs. Raises `RPCError`, for times that make no sense with INVALID_ARGUMENT."""
    await client.create_schedule(schedule_id(trigger_id), _schedule(trigger_id, workspace_id, times, paused=paused))


async def change_schedule(client: Client, trigger_id: UUID, workspace_id: UUID, times: Times, *, paused: bool) -> None:
    """Let other times start them from now on."""

    def changed(_: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(_schedule(trigger_id, workspace_id, times, paused=paused))

    await handle_of(client, trigger_id).update(changed)


def _schedule(trigger_id: UUID, workspace_id: UUID, times: Times, *, paused: bool) -> Schedule:
    intervals = []
    if times.every is not None:
        intervals.append(ScheduleIntervalSpec(timedelta(seconds=times.every), timedelta(seconds=times.offset)))
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ScheduledRunWorkflow.run,
            str(trigger_id),
            id=f"scheduled/{trigger_id}",
            task_queue=TASK_QUEUE,
            priority=Priority(fairness_key=str(workspace_id)),
        ),
        spec=ScheduleSpec(
            cron_expressions=times.cron,
            intervals=intervals,
            time_zone_name=times.time_zone,
            start_at=times.start_at,
            end_at=times.end_at,
            jitter=timedelta(seconds=times.jitter) if times.jitter else None,
        ),
        policy=SchedulePolicy(overlap=overlap_policy(times.overlap), catchup_window=timedelta(seconds=times.catch_up)),
        state=ScheduleState(paused=paused),
    )
