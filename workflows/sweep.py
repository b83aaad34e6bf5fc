"""One sweep of the reservations: what lost attempts left is settled, and the result says what that was."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from contracts.ids import SWEEP_WORKFLOW
    from contracts.sweeping import SweepActivities, Swept

_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=60)
)
_MOST_ROUNDS = 100
"""The rest is the next sweep's: a history stays short."""


@workflow.defn(name=SWEEP_WORKFLOW)
class SweepWorkflow:
    """One time of the sweeping schedule."""

    @workflow.run
    async def run(self) -> Swept:
        """Settle until nothing is left; what was settled."""
        swept = Swept()
        for _ in range(_MOST_ROUNDS):
            found = await workflow.execute_activity_method(
                SweepActivities.settle_left,
                start_to_close_timeout=timedelta(minutes=5),
                heartbeat_timeout=timedelta(seconds=30),
                retry_policy=_RETRY,
            )
            if not found.reservations:
                break
            swept += found
        return swept
