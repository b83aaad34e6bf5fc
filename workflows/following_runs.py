"""What follows a run's end: the next in line, runs that are to start, and who wants to be told. None of it holds the run up."""

from uuid import UUID

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from contracts.ids import (
        CALLBACK_WORKFLOW,
        NUDGE_SIGNAL,
        PIPELINE_WORKFLOW,
        QUEUE_KEY,
        callback_workflow_id,
        run_workflow_id,
    )
    from contracts.run_activities import ClosedRun, Scope, TellRun


async def follow_up(closed: ClosedRun) -> None:
    """Let it follow. What is recorded says what."""
    if closed.next_in_line is not None:
        await _nudge(closed.next_in_line)
    for run_id in closed.starts:
        await _start(PIPELINE_WORKFLOW, Scope(run_id=run_id), run_workflow_id(run_id))
    if closed.callback:
        told = callback_workflow_id(closed.run_id, workflow.info().run_id)
        await _start(CALLBACK_WORKFLOW, TellRun(run_id=closed.run_id), told)


async def _nudge(run_id: UUID) -> None:
    try:
        await workflow.get_external_workflow_handle(run_workflow_id(run_id)).signal(NUDGE_SIGNAL, [QUEUE_KEY])
    except ApplicationError:
        workflow.logger.info("the next in line was gone, or has not begun")


async def _start(name: str, given: Scope | TellRun, workflow_id: str) -> None:
    try:
        await workflow.start_child_workflow(
            name,
            given,
            id=workflow_id,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("what was to follow runs already")
