"""Starting a turn's workflow: by id alone, once, whoever asks."""

from uuid import UUID

from temporalio.client import Client, WorkflowHandle
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from contracts.activities import OpenTurn
from contracts.ids import TASK_QUEUE, turn_workflow_id
from contracts.turns import TurnResult
from workflows.turn import TurnWorkflow


async def start_turn(client: Client, turn_id: UUID, workspace_id: UUID) -> WorkflowHandle[TurnWorkflow, TurnResult]:
    """Start the turn, or attach to it where it runs already; eagerly where this process has a worker.

    Raises `WorkflowAlreadyStartedError` where the turn's workflow has ended, `RPCError` where Temporal cannot be reached.
    """
    return await client.start_workflow(
        TurnWorkflow.run,
        OpenTurn(turn_id=turn_id),
        id=turn_workflow_id(turn_id),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        # Where turns queue, each workspace gets its share of the workers.
        priority=Priority(fairness_key=str(workspace_id)),
        request_eager_start=True,
    )
