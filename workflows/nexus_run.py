"""A run of a pipeline for a workflow of somebody else's: how it comes out is how the operation does."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import (
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    FailureError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from contracts.ids import NEXUS_RUN_WORKFLOW, PIPELINE_WORKFLOW, run_workflow_id
    from contracts.nexus import RunOutput
    from contracts.run_activities import CloseRun, EndedScope, RunActivities, Scope, TellRun, TriggerActivities
    from contracts.runs import RunState
    from workflows.following_runs import follow_up
    from workflows.stepping import LOCAL_RETRY, LOCAL_SECONDS

_LOOK = timedelta(seconds=10)
_LOOK_AGAIN = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))


@workflow.defn(name=NEXUS_RUN_WORKFLOW)
class NexusRunWorkflow:
    """Gives the run's outputs; fails where the run fails, and is cancelled with it. What was asked is in Postgres."""

    @workflow.run
    async def run(self, scope: Scope) -> RunOutput:
        """Run to the end. Cancelled, it cancels the run, and waits until that has stopped."""
        try:
            await self._run(scope)
            given = await self._given(scope)
        except BaseException as error:
            if not is_cancelled_exception(error):
                raise
            await self._stop(scope)
            given = await self._given(scope)
        if given.error_kind is None:
            return given
        if given.state == RunState.CANCELLED and workflow.cancellation_reason() is not None:
            raise CancelledError(given.error or "The run was cancelled.")
        raise ApplicationError(given.error or "The run failed.", given, type=given.error_kind, non_retryable=True)

    async def _run(self, scope: Scope) -> None:
        try:
            await workflow.execute_child_workflow(
                PIPELINE_WORKFLOW,
                scope,
                id=run_workflow_id(scope.run_id),
                result_type=EndedScope,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
                cancellation_type=workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        except (WorkflowAlreadyStartedError, ChildWorkflowError) as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.info("the run goes on by itself, or ended without a result")

    async def _given(self, scope: Scope) -> RunOutput:
        return await workflow.execute_activity_method(
            TriggerActivities.give_run,
            TellRun(run_id=scope.run_id),
            start_to_close_timeout=_LOOK,
            retry_policy=_LOOK_AGAIN,
        )

    async def _stop(self, scope: Scope) -> None:
        """Stop a run that is not ours to stop as a child: another workflow's, or one that has not begun."""
        try:
            await workflow.get_external_workflow_handle(run_workflow_id(scope.run_id)).cancel()
        except FailureError:
            closed = await workflow.execute_local_activity_method(
                RunActivities.close_run,
                CloseRun(run_id=scope.run_id, how="cancelled"),
                start_to_close_timeout=LOCAL_SECONDS,
                retry_policy=LOCAL_RETRY,
            )
            await follow_up(closed)
