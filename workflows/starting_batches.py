"""Starting a batch's workflow: by id alone, once, whoever asks."""

from uuid import UUID

from temporalio.client import Client
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from contracts.batch_activities import RunBatch
from contracts.ids import TASK_QUEUE, batch_workflow_id
from workflows.batch import LOWEST, BatchWorkflow


async def start_batch(client: Client, batch_id: UUID, workspace_id: UUID) -> None:
    """Start the batch, or attach to it where it runs already. One that ended without a close goes on from what is stored.

    Raises `RPCError` where Temporal cannot be reached.
    """
    await client.start_workflow(
        BatchWorkflow.run,
        RunBatch(batch_id=batch_id),
        id=batch_workflow_id(batch_id),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        priority=Priority(priority_key=LOWEST, fairness_key=str(workspace_id)),
    )
