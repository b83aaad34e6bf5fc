"""The schedule by which reservations are swept: one in the namespace, whichever worker makes it."""

from datetime import timedelta

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from contracts.ids import SWEEP_SCHEDULE, TASK_QUEUE
from workflows.sweep import SweepWorkflow

log = structlog.get_logger("perdure.sweeping")
_MISSED = timedelta(minutes=1)
"""A sweep that could not begin in time is not made up for: the next one settles the same."""


async def ensure_sweeping(client: Client, every: timedelta) -> None:
    """Let Temporal sweep so often. A server that does not let us is logged: the next worker that starts tries again."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(SweepWorkflow.run, id="sweep", task_queue=TASK_QUEUE),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_MISSED),
    )

    def changed(current: ScheduleUpdateInput) -> ScheduleUpdate | None:
        known = current.description.schedule
        if known.spec.intervals == schedule.spec.intervals:
            return None
        # Somebody may have paused it.
        schedule.state = known.state
        return ScheduleUpdate(schedule)

    try:
        try:
            await client.create_schedule(SWEEP_SCHEDULE, schedule)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(SWEEP_SCHEDULE).update(changed)
    except RPCError as error:
        log.warning("the schedule that sweeps reservations was not made", reason=error.status.name)
