"""The workflow of AI steps, in the sandbox and with nothing cached: every step is a replay."""

import asyncio
import json
from uuid import uuid4

import pytest
from temporalio.client import Client

from tests.workflows.ai_steps import ScriptedSteps, run, turns_of
from tests.workflows.fakes import until_cancelled
from workers.worker import WORKFLOWS
from workflows.ai_step import AiStepWorkflow

pytestmark = pytest.mark.real


async def test_every_attempt_is_judged_in_its_order(temporal_client: Client) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    steps = ScriptedSteps([first], {first: second, second: third})
    _, history = await run(temporal_client, steps, turns_of(3))
    assert steps.judged == [first, second, third]
    assert [one.cancelled for one in steps.closed] == [False]
    assert steps.called == 0
    assert len(json.loads(history)["events"]) < 60


async def test_samples_run_side_by_side(temporal_client: Client) -> None:
    first = [uuid4() for _ in range(4)]
    again = uuid4()
    steps = ScriptedSteps(first, {first[2]: again})
    await run(temporal_client, steps, turns_of(5))
    # An activity may run twice; each turn is judged.
    assert set(steps.judged) == {*first, again}
    assert len(steps.closed) == 1


async def test_a_callback_is_tried_again(temporal_client: Client) -> None:
    steps = ScriptedSteps([uuid4()], {}, callback=True, refused=2)
    await run(temporal_client, steps, turns_of(1))
    assert steps.called == 3


async def test_a_callback_that_nobody_takes_is_given_up(temporal_client: Client) -> None:
    steps = ScriptedSteps([uuid4()], {}, callback=True, refused=1, final=True)
    await run(temporal_client, steps, turns_of(1))
    assert (steps.called, steps.gave_up) == (1, 1)


async def test_a_step_that_has_ended_only_calls_back(temporal_client: Client) -> None:
    steps = ScriptedSteps([], {}, callback=True, done=True)
    await run(temporal_client, steps, turns_of(0))
    assert (steps.called, steps.judged, steps.closed) == (1, [], [])


async def test_a_step_that_is_stopped_is_closed(temporal_client: Client) -> None:
    steps = ScriptedSteps([uuid4()], {})
    await asyncio.wait_for(run(temporal_client, steps, turns_of(1, until_cancelled), cancel=True), 60)
    assert len(steps.closed) == 1


async def test_a_caller_by_nexus_is_told_the_result(temporal_client: Client) -> None:
    steps = ScriptedSteps([uuid4()], {})
    result, _ = await run(temporal_client, steps, turns_of(1), workflow="NexusStep")
    assert isinstance(result, dict)
    assert result["content"] == "told"


def test_the_workflow_is_registered() -> None:
    assert AiStepWorkflow in WORKFLOWS
