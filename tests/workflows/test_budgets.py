"""A turn that waits for a budget, on a real Temporal server, replayed at every step."""

from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from contracts.activities import Complete, Completed, FailureDetail, OpenedTurn, OpenTurn
from contracts.errors import ErrorKind
from contracts.ids import BUDGET_RAISED_SIGNAL, turn_workflow_id
from contracts.turns import Candidate, RoutePlan, TurnState
from tests.workflows.fakes import Outcome, ScriptedActivities, answer, plan
from tests.workflows.running import running_worker
from workflows.fallback import Ask, Exhausted, next_ask
from workflows.turn import TurnWorkflow

pytestmark = pytest.mark.real


def short(on_exceeded: str, *, renews_in: float | None = None) -> Outcome:
    async def outcome(request: Complete) -> Completed:
        detail = FailureDetail.model_validate(
            {
                "kind": "budget_exceeded",
                "on_exceeded": on_exceeded,
                "renews_in": renews_in,
                "detail": {"budget_id": "b-1", "left": "0.05"},
            }
        )
        raise ApplicationError("no room", detail, type=ErrorKind.BUDGET_EXCEEDED.value, non_retryable=True)

    return outcome


def opened(*models: str, wait: float = 3600) -> OpenedTurn:
    return OpenedTurn(status="planned", plan=plan(*models).model_copy(update={"budget_wait": wait}))


async def test_it_goes_on_when_it_is_told_that_there_is_room(temporal_client: Client) -> None:
    activities = ScriptedActivities([opened("sim:first")], [short("wait"), short("wait"), answer()])
    turn_id = uuid4()
    async with running_worker(temporal_client, activities) as queue:
        handle = await temporal_client.start_workflow(
            TurnWorkflow.run, OpenTurn(turn_id=turn_id), id=turn_workflow_id(turn_id), task_queue=queue
        )
        for _ in range(2):
            await activities.calling.wait()
            activities.calling.clear()
            await handle.signal(BUDGET_RAISED_SIGNAL)
        result = await handle.result()
    assert result.state is TurnState.COMPLETED
    assert [asked.waited for asked in activities.asked] == [False, True, True]


async def test_it_goes_on_when_the_window_renews_and_gives_up_at_its_deadline(temporal_client: Client) -> None:
    renewed = ScriptedActivities([opened("sim:first")], [short("wait", renews_in=0.05), answer()])
    late = ScriptedActivities([opened("sim:first", wait=0.3)], [short("wait")])
    for activities, state in ((renewed, TurnState.COMPLETED), (late, TurnState.FAILED)):
        turn_id = uuid4()
        async with running_worker(temporal_client, activities) as queue:
            result = await temporal_client.execute_workflow(
                TurnWorkflow.run, OpenTurn(turn_id=turn_id), id=turn_workflow_id(turn_id), task_queue=queue
            )
        assert result.state is state
        assert len(activities.asked) == 2
    (closed,) = late.closed
    assert (closed.error_kind, closed.error_detail) == (
        ErrorKind.BUDGET_EXCEEDED,
        {"budget_id": "b-1", "left": "0.05"},
    )


async def test_a_waiting_turn_can_be_cancelled(temporal_client: Client) -> None:
    activities = ScriptedActivities([opened("sim:first")], [short("wait")])
    turn_id = uuid4()
    async with running_worker(temporal_client, activities) as queue:
        handle = await temporal_client.start_workflow(
            TurnWorkflow.run, OpenTurn(turn_id=turn_id), id=turn_workflow_id(turn_id), task_queue=queue
        )
        await activities.calling.wait()
        await handle.cancel()
        result = await handle.result()
    assert result.state is TurnState.CANCELLED


def priced(*prices: str | None) -> RoutePlan:
    made = plan(*(f"sim:{number}" for number in range(len(prices))))
    candidates = (
        Candidate.model_validate({**one.model_dump(), "price": price})
        for one, price in zip(made.candidates, prices, strict=True)
    )
    return made.model_copy(update={"candidates": tuple(candidates)})


def test_a_downgrade_asks_the_cheapest_that_is_left() -> None:
    failure = FailureDetail(kind=ErrorKind.BUDGET_EXCEEDED, on_exceeded="downgrade")
    several = priced("3", "5", None, "1", "2")
    assert next_ask(several, Ask(0), failure) == Ask(3)
    assert next_ask(several, Ask(3), failure) == Exhausted()
    assert next_ask(several, Ask(2), failure) == Exhausted()
    rejected = FailureDetail(kind=ErrorKind.BUDGET_EXCEEDED, on_exceeded="reject")
    assert next_ask(several, Ask(0), rejected) == Exhausted()
