"""Starting an AI step's workflow: by id alone, once, whoever asks."""

from uuid import UUID

from temporalio.client import Client
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from contracts.ai_step_activities import RunAiStep
from contracts.ids import TASK_QUEUE, ai_step_telling_id, ai_step_workflow_id
from workflows.ai_step import AiStepWorkflow


async def start_ai_step(client: Client, step_id: UUID, workspace_id: UUID) -> None:
    """Start the step, or attach to it where it runs already. One that ended without a result goes on from what is stored.

    Raises `RPCError` where Temporal cannot be reached.
    """
    await client.start_workflow(
        AiStepWorkflow.run,
        RunAiStep(step_id=step_id),
        id=ai_step_workflow_id(step_id),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        priority=Priority(fairness_key=str(workspace_id)),
        request_eager_start=True,
    )


async def start_telling(client: Client, step_id: UUID, workspace_id: UUID) -> None:
    """Have the result of a step that has ended told once more, at once.

    Under an id of its own: the step's workflow may be about to end, having told it before. Raises `RPCError` where Temporal
    cannot be reached.
    """
    await client.start_workflow(
        AiStepWorkflow.run,
        RunAiStep(step_id=step_id),
        id=ai_step_telling_id(step_id),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        priority=Priority(fairness_key=str(workspace_id)),
    )
