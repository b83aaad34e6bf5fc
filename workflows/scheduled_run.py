"""A schedule's time: its run is accepted, run, and waited for, so that the schedule knows what overlaps."""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import SearchAttributeKey, WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.ids import PIPELINE_WORKFLOW, TRIGGER_WORKFLOW, run_workflow_id
    from contracts.run_activities import EndedScope, Scope, TriggerActivities
    from contracts.triggers import Fire
    from workflows.stepping import LOCAL_RETRY, LOCAL_SECONDS

_SCHEDULED_AT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""https://docs.temporal.io/list-filter#default-search-attribute"""
_FOR = timedelta(hours=24)


@workflow.defn(name=TRIGGER_WORKFLOW)
class ScheduledRunWorkflow:
    """One time of one schedule. Its input is the trigger's id, as a text."""

    @workflow.run
    async def run(self, trigger_id: str) -> None:
        """Start the run and see it to its end. Cancelled, it cancels the run."""
        info = workflow.info()
        at = info.typed_search_attributes.get(_SCHEDULED_AT) or info.start_time
        fired = await workflow.execute_local_activity_method(
            TriggerActivities.fire_schedule,
            Fire(trigger_id=UUID(trigger_id), at=at, occasion=info.run_id),
            schedule_to_close_timeout=_FOR,
            start_to_close_timeout=LOCAL_SECONDS,
            retry_policy=LOCAL_RETRY,
        )
        if fired.run_id is None:
            return
        try:
            await workflow.execute_child_workflow(
                PIPELINE_WORKFLOW,
                Scope(run_id=fired.run_id),
                id=run_workflow_id(fired.run_id),
                result_type=EndedScope,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
                cancellation_type=workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        except (WorkflowAlreadyStartedError, ChildWorkflowError) as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.info("the run of this time goes on by itself, or ended without a result")
