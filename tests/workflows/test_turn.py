"""The turn's sequence, on a real Temporal server, in the sandbox, replayed at every step."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client, WorkflowHandle

from contracts.activities import OpenedTurn, OpenTurn
from contracts.errors import ErrorKind
from contracts.ids import turn_workflow_id
from contracts.turns import TurnResult, TurnState
from tests.workflows.fakes import ScriptedActivities, answer, fail, plan, until_cancelled
from tests.workflows.running import running_worker
from workflows.turn import TurnWorkflow

pytestmark = pytest.mark.real

TWO = OpenedTurn(status="planned", plan=plan("sim:first", "sim:second"))
ONE = OpenedTurn(status="planned", plan=plan("sim:first"))


@asynccontextmanager
async def started(
    client: Client, activities: ScriptedActivities, turn_id: UUID | None = None
) -> AsyncIterator[WorkflowHandle[TurnWorkflow, TurnResult]]:
    turn_id = turn_id or uuid4()
    async with running_worker(client, activities) as queue:
        yield await client.start_workflow(
            TurnWorkflow.run, OpenTurn(turn_id=turn_id), id=turn_workflow_id(turn_id), task_queue=queue
        )


async def test_the_happy_path_is_one_call_and_at_most_thirteen_events(temporal_client: Client) -> None:
    activities = ScriptedActivities([ONE], [answer()])
    async with started(temporal_client, activities) as handle:
        result = await handle.result()
    assert result.state is TurnState.COMPLETED
    assert len(activities.asked) == 1
    assert len((await handle.fetch_history()).events) <= 13


async def test_a_failed_candidate_is_followed_by_the_next(temporal_client: Client) -> None:
    activities = ScriptedActivities([TWO], [fail(ErrorKind.AUTHENTICATION), answer()])
    async with started(temporal_client, activities) as handle:
        result = await handle.result()
    assert [str(asked.candidate.model) for asked in activities.asked] == ["sim:first", "sim:second"]
    assert [asked.has_sibling for asked in activities.asked] == [True, False]
    assert str(result.model) == "sim:second"


async def test_temporal_repeats_what_is_worth_repeating_on_the_same_candidate(temporal_client: Client) -> None:
    activities = ScriptedActivities([TWO], [fail(ErrorKind.OVERLOADED, retryable=True), answer()])
    async with started(temporal_client, activities) as handle:
        result = await handle.result()
    assert [asked.candidate.index for asked in activities.asked] == [0, 0]
    assert result.state is TurnState.COMPLETED


async def test_the_callers_mistake_is_not_taken_to_another_provider(temporal_client: Client) -> None:
    activities = ScriptedActivities([TWO], [fail(ErrorKind.INVALID_REQUEST)])
    async with started(temporal_client, activities) as handle:
        result = await handle.result()
    assert len(activities.asked) == 1
    assert (result.state, result.error_kind) == (TurnState.FAILED, ErrorKind.INVALID_REQUEST)
    assert "candidates" not in (result.error_message or "")


async def test_when_everybody_failed_the_last_reason_is_told(temporal_client: Client) -> None:
    activities = ScriptedActivities([TWO], [fail(ErrorKind.OVERLOADED), fail(ErrorKind.RATE_LIMITED)])
    async with started(temporal_client, activities) as handle:
        result = await handle.result()
    assert result.error_kind is ErrorKind.RATE_LIMITED
    assert result.error_message == "None of 2 candidates answered. The last said: rate_limited says the fake"


async def test_a_refused_continuation_is_asked_again_from_the_start(temporal_client: Client) -> None:
    activities = ScriptedActivities([TWO], [fail(ErrorKind.INVALID_REQUEST, prefill_refused=True), answer()])
    async with started(temporal_client, activities) as handle:
        await handle.result()
    assert [(asked.candidate.index, asked.from_start) for asked in activities.asked] == [(0, False), (0, True)]


async def test_a_policy_that_forbids_another_attempt_ends_the_turn(temporal_client: Client) -> None:
    activities = ScriptedActivities([TWO], [fail(ErrorKind.UNAVAILABLE, final=True)])
    async with started(temporal_client, activities) as handle:
        result = await handle.result()
    assert len(activities.asked) == 1
    assert result.error_kind is ErrorKind.UNAVAILABLE


async def test_cancelling_keeps_what_the_call_stored(temporal_client: Client) -> None:
    activities = ScriptedActivities([ONE], [until_cancelled])
    async with started(temporal_client, activities) as handle:
        await activities.calling.wait()
        await handle.cancel()
        result = await handle.result()
    assert result.state is TurnState.CANCELLED
    assert activities.closed == []


async def test_cancelling_in_the_queue_closes_the_turn(temporal_client: Client) -> None:
    activities = ScriptedActivities([OpenedTurn(status="busy", blocked_by=uuid4())], [answer()])
    async with started(temporal_client, activities) as handle:
        await activities.opening.wait()
        await handle.cancel()
        result = await handle.result()
    assert result.state is TurnState.CANCELLED
    assert activities.asked == []
    assert [closed.error_kind for closed in activities.closed] == [ErrorKind.CANCELLED]


async def test_a_queued_turn_goes_on_when_the_lane_is_freed(temporal_client: Client) -> None:
    busy = OpenedTurn(status="busy", blocked_by=uuid4())
    waiting = ScriptedActivities([busy, ONE], [answer()])
    waiting_id = uuid4()
    async with started(temporal_client, waiting, waiting_id) as waits:
        await waiting.opening.wait()
        ahead = ScriptedActivities([ONE], [answer(next_turn_id=waiting_id)])
        async with started(temporal_client, ahead) as goes:
            await goes.result()
        assert (await waits.result()).state is TurnState.COMPLETED
    assert waiting.openings == 2


async def test_a_finished_turn_is_not_answered_again(temporal_client: Client) -> None:
    turn_id = uuid4()
    done = TurnResult(turn_id=turn_id, state=TurnState.COMPLETED)
    activities = ScriptedActivities([OpenedTurn(status="finished", result=done)], [answer()])
    async with started(temporal_client, activities, turn_id) as handle:
        assert await handle.result() == done
    assert activities.asked == []
