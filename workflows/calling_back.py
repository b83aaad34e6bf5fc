"""Telling a run's end to an address: for a day, by a workflow of its own, so that the run has ended meanwhile."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.ids import CALLBACK_WORKFLOW, GAVE_UP
    from contracts.run_activities import TellRun, TriggerActivities
    from workflows.stepping import LOCAL_RETRY, LOCAL_SECONDS

_TRIED_FOR = timedelta(hours=24)
_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.5, maximum_interval=timedelta(minutes=30)
)


@workflow.defn(name=CALLBACK_WORKFLOW)
class RunCallbackWorkflow:
    """Tells one end of one run."""

    @workflow.run
    async def run(self, request: TellRun) -> None:
        """Try until somebody took it, or will not, or a day has passed. What came of it is stored with the run."""
        try:
            await workflow.execute_activity_method(
                TriggerActivities.tell_run,
                request,
                schedule_to_close_timeout=_TRIED_FOR,
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=_RETRY,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("nobody took the run's end at the callback address")
            # Runs whose telling failed before had nobody note that its time was over.
            if workflow.patched(GAVE_UP):
                await workflow.execute_local_activity_method(
                    TriggerActivities.give_up_telling,
                    request,
                    start_to_close_timeout=LOCAL_SECONDS,
                    retry_policy=LOCAL_RETRY,
                )
