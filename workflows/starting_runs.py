"""Starting a run's workflow: by id alone, once, whoever asks."""

from contextlib import suppress
from uuid import UUID

from temporalio.client import Client, WorkflowHandle
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from contracts.ids import TASK_QUEUE, callback_workflow_id, run_workflow_id
from contracts.run_activities import EndedScope, Scope, TellRun
from workflows.calling_back import RunCallbackWorkflow
from workflows.pipeline import PipelineWorkflow


async def start_run(client: Client, run_id: UUID, workspace_id: UUID) -> WorkflowHandle[PipelineWorkflow, EndedScope]:
    """Start the run, or attach to it where it runs already. A run that has ended may be started again: it is being retried.

    Raises `RPCError` where Temporal cannot be reached.
    """
    return await client.start_workflow(
        PipelineWorkflow.run,
        Scope(run_id=run_id),
        id=run_workflow_id(run_id),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        # Where runs queue, each workspace gets its share of the workers.
        priority=Priority(fairness_key=str(workspace_id)),
        request_eager_start=True,
    )


async def start_callback(client: Client, run_id: UUID, generation: str) -> None:
    """Tell a run's end, where its own workflow is not there to see to it."""
    with suppress(WorkflowAlreadyStartedError):
        await client.start_workflow(
            RunCallbackWorkflow.run,
            TellRun(run_id=run_id),
            id=callback_workflow_id(run_id, generation),
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
