"""A run that waits for a month, on Temporal's test server, whose clock goes forward when nobody has anything to do."""

import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contracts.ids import run_workflow_id
from contracts.run_activities import Await, OpenedScope, Scope
from contracts.runs import StepOutline
from tests.workflows.run_fakes import DONE, ScriptedRunActivities
from workers.worker import WORKFLOWS
from workflows.pipeline import PipelineWorkflow

pytestmark = pytest.mark.real

MONTH = timedelta(days=30)


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The server, from the package that pins it."""
    binary = Path(sys.executable).with_name("temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=str(binary)
    ) as environment:
        yield environment


async def test_a_run_sleeps_for_a_month(skipping: WorkflowEnvironment) -> None:
    step = StepOutline(id="later")
    activities = ScriptedRunActivities(
        {"": OpenedScope(kind="run", steps=(step,))}, {"later": [Await(seconds=MONTH.total_seconds()), DONE]}
    )
    run_id, queue = uuid4(), f"month-{uuid4()}"
    began = await skipping.get_current_time()
    async with Worker(skipping.client, task_queue=queue, workflows=WORKFLOWS, activities=activities.all()):
        handle = await skipping.client.start_workflow(
            PipelineWorkflow.run, Scope(run_id=run_id), id=run_workflow_id(run_id), task_queue=queue
        )
        await handle.result()
        history = await handle.fetch_history()
    assert await skipping.get_current_time() - began >= MONTH
    assert [one.waited for one in activities.advanced] == [False, True]
    assert [one.how for one in activities.closed] == ["completed"]
    # It slept in one piece: a month costs no more events than a second.
    assert len(history.events) < 20
