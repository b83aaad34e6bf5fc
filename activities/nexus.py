"""The Nexus service's handler: what is asked is written down, and a workflow is started by its id alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import nexusrpc
from nexusrpc.handler import service_handler
from temporalio import nexus
from temporalio.common import Priority, WorkflowIDConflictPolicy

from activities.nexus_asking import asked_by
from activities.nexus_running import accept_by_nexus
from activities.world import World
from contracts.ai_step_activities import RunAiStep
from contracts.errors import RULES, PerdureError
from contracts.ids import (
    NEXUS_RUN_WORKFLOW,
    NEXUS_STEP_WORKFLOW,
    TASK_QUEUE,
    keyed_ai_step_id,
    nexus_run_workflow_id,
)
from contracts.nexus import PerdureAI, RunInput, RunOutput, StepInput, StepOutput, TurnInput
from contracts.run_activities import Scope
from storage import ai_steps, keys


@service_handler(service=PerdureAI)
class NexusHandler:
    """The operations. Who may use them is for whoever makes the endpoint to say; the workspace is the input's."""

    def __init__(self, world: World) -> None:
        self._world = world

    @nexus.workflow_run_operation
    async def turn(
        self, context: nexus.WorkflowRunOperationContext, given: TurnInput
    ) -> nexus.WorkflowHandle[StepOutput]:
        """Answer a prompt."""
        return await self._start(context, StepInput.model_validate(given.model_dump()))

    @nexus.workflow_run_operation
    async def step(
        self, context: nexus.WorkflowRunOperationContext, given: StepInput
    ) -> nexus.WorkflowHandle[StepOutput]:
        """Run an AI step."""
        return await self._start(context, given)

    @nexus.workflow_run_operation
    async def run_pipeline(
        self, context: nexus.WorkflowRunOperationContext, given: RunInput
    ) -> nexus.WorkflowHandle[RunOutput]:
        """Run a pipeline to its end. One that fails fails the operation; cancelling the operation cancels the run."""
        world = self._world
        now = world.clock()
        key = given.idempotency_key or f"nexus/{context.request_id}"
        with _refusing():
            async with world.database.begin() as connection:
                workspace_id = await keys.workspace(connection, now=now, name=given.workspace)
                run_id = await accept_by_nexus(connection, given, key=key, workspace_id=workspace_id, now=now)
        return await context.start_workflow(
            NEXUS_RUN_WORKFLOW,
            Scope(run_id=run_id),
            id=nexus_run_workflow_id(run_id),
            task_queue=TASK_QUEUE,
            result_type=RunOutput,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            priority=Priority(fairness_key=str(workspace_id)),
        )

    async def _start(
        self, context: nexus.WorkflowRunOperationContext, given: StepInput
    ) -> nexus.WorkflowHandle[StepOutput]:
        with _refusing():
            step_id, workspace_id = await self._accept(given, given.idempotency_key or f"nexus/{context.request_id}")
        return await context.start_workflow(
            NEXUS_STEP_WORKFLOW,
            RunAiStep(step_id=step_id),
            id=f"nexus-step/{step_id}",
            task_queue=TASK_QUEUE,
            result_type=StepOutput,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            priority=Priority(fairness_key=str(workspace_id)),
        )

    async def _accept(self, given: StepInput, key: str) -> tuple[UUID, UUID]:
        world = self._world
        now = world.clock()
        async with world.database.begin() as connection:
            workspace_id = await keys.workspace(connection, now=now, name=given.workspace)
            asked = await asked_by(connection, given, await world.planner.catalog(workspace_id), workspace_id)
            step_id = keyed_ai_step_id(workspace_id, key)
            await ai_steps.accept(connection, asked, step_id=step_id, workspace_id=workspace_id, now=now)
        return step_id, workspace_id


@contextmanager
def _refusing() -> Iterator[None]:
    """What is wrong with the request is wrong with it tomorrow as well; the rest is asked again."""
    try:
        yield
    except PerdureError as error:
        final = not RULES[error.kind].retry_same
        kind = nexusrpc.HandlerErrorType.BAD_REQUEST if final else nexusrpc.HandlerErrorType.UNAVAILABLE
        raise nexusrpc.HandlerError(error.message, type=kind) from None
