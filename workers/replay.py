"""Replaying histories against this code: a decision that comes out otherwise would break running turns."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from contracts.ids import (
    AI_STEP_WORKFLOW,
    BATCH_PART_WORKFLOW,
    BATCH_WORKFLOW,
    CALLBACK_WORKFLOW,
    NEXUS_RUN_WORKFLOW,
    NEXUS_STEP_WORKFLOW,
    PIPELINE_WORKFLOW,
    SWEEP_WORKFLOW,
    TRIGGER_WORKFLOW,
    TURN_WORKFLOW,
)
from workers.worker import WORKFLOWS

KINDS = (
    *(TURN_WORKFLOW, PIPELINE_WORKFLOW, AI_STEP_WORKFLOW, BATCH_WORKFLOW, BATCH_PART_WORKFLOW),
    *(TRIGGER_WORKFLOW, CALLBACK_WORKFLOW, NEXUS_STEP_WORKFLOW, NEXUS_RUN_WORKFLOW, SWEEP_WORKFLOW),
)
"""Every kind of workflow, by its name."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One history, and what went wrong; `problem` is None where it came out the same."""

    name: str
    events: int
    problem: str | None


async def replay(histories: AsyncIterator[WorkflowHistory]) -> list[Replayed]:
    """Replay each, in the sandbox."""
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter)
    outcomes = []
    async for history in histories:
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        problem = None if result.replay_failure is None else str(result.replay_failure)
        outcomes.append(Replayed(history.workflow_id, len(history.events), problem))
    return outcomes


async def golden(folder: Path) -> AsyncIterator[WorkflowHistory]:
    """The recorded histories of a folder, by name."""
    for path in sorted(folder.glob("*.json")):
        yield WorkflowHistory.from_json(path.stem, path.read_text())


async def recent(client: Client, count: int) -> AsyncIterator[WorkflowHistory]:
    """The histories of the server's last turns, runs, steps, batches and so on: `count` of each kind, running or ended."""
    for kind in KINDS:
        async for history in _recent(client, kind, count):
            yield history


async def recent_runs(client: Client, count: int) -> AsyncIterator[WorkflowHistory]:
    """The histories of the server's last runs, and of maps and loops in them."""
    async for history in _recent(client, PIPELINE_WORKFLOW, count):
        yield history


async def _recent(client: Client, kind: str, count: int) -> AsyncIterator[WorkflowHistory]:
    listed = client.list_workflows(f'WorkflowType = "{kind}"', limit=count)
    async for execution in listed:
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        try:
            yield await handle.fetch_history()
        except RPCError as error:
            # Its time of keeping ended between the list and now.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
