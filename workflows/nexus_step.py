"""An AI step for a workflow of somebody else's: its result is the operation's."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.ai_step_activities import AiStepActivities, RunAiStep
    from contracts.ids import AI_STEP_WORKFLOW, NEXUS_STEP_WORKFLOW, ai_step_workflow_id
    from contracts.nexus import StepOutput


@workflow.defn(name=NEXUS_STEP_WORKFLOW)
class NexusStepWorkflow:
    """The answer is in this workflow's result, as Nexus hands over results of workflows; what was asked is not."""

    @workflow.run
    async def run(self, request: RunAiStep) -> StepOutput:
        """Run the step and tell its result, be it an answer or a failure."""
        try:
            await workflow.execute_child_workflow(
                AI_STEP_WORKFLOW,
                request,
                id=ai_step_workflow_id(request.step_id),
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
                cancellation_type=workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        except (WorkflowAlreadyStartedError, ChildWorkflowError) as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.info("the step runs by itself, or ended without a result")
        return await workflow.execute_local_activity_method(
            AiStepActivities.tell_ai_step,
            request,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5)
            ),
        )
