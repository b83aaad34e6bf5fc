"""Budgets around an attempt: reserved before the call, settled after it, whatever comes in between."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow
from temporalio.exceptions import ApplicationError

from activities import budgeting
from activities.leftovers import GRACE, sweep_reservations
from activities.opening import open_attempt
from contracts.activities import CloseTurn, FailureDetail, OpenTurn
from contracts.budgets import AccountKey, Budget, Scope, Totals, Unit
from contracts.errors import ErrorKind
from contracts.events import FinishReason
from contracts.ids import SWEEP_SCHEDULE
from contracts.policies import Policy
from contracts.requests import Knobs
from contracts.sweeping import Swept
from contracts.turns import TurnState
from domain.budgets.windows import forgotten_before, window_of
from domain.pricing import book_of
from domain.tokens import count_text
from providers.simulator.control import Simulator
from storage import attempts, budget_accounts, budget_events, interrupted
from storage.attempts import OpenedAttempt
from storage.verifying import verify
from tests.activities.conftest import Place
from tests.activities.watching import answer_text, complete, rows, turn
from tests.budgets.spending import new_budget
from workers.sweep_schedule import ensure_sweeping
from workers.worker import build_worker

pytestmark = pytest.mark.real

TEN = "sim:sim-tokens-10"
DIME = Decimal("0.10")
KNOBS = Knobs(max_output_tokens=10)
PRICES = {
    TEN: {"price": {"input": 0, "output": 10_000}},
    "sim:sim-tokens-40": {"price": {"input": 0, "output": 10_000}},
    "sim:sim-down": {"price": {"input": 0, "output": 10_000}},
    "sim:sim-cut": {"price": {"input": 0, "output": 10_000}},
    "sim:sim-long": {"price": {"input": 0, "output": 40_000}},
}


@pytest.fixture
def dimes(place: Place) -> Place:
    """Every answer of ten tokens costs ten cents."""
    book = book_of(Policy.model_validate({"models": PRICES}))
    return Place(replace(place.world, price_book=lambda _: book), place.workspace_id)


async def totals(place: Place, budget: Budget, subject: str = "") -> Totals:
    now = datetime.now(UTC)
    window = window_of(budget.terms, now)
    async with place.world.database.begin() as connection:
        found = await budget_accounts.totals(
            connection, AccountKey(budget.id, subject, window.start), forgotten=forgotten_before(window, now)
        )
    assert found is not None
    return found


async def sound(place: Place) -> None:
    """Every invariant holds, but for those whose exceptions are allowed."""
    async with place.world.database.begin() as connection:
        verdicts = await verify(connection, now=datetime.now(UTC) + timedelta(hours=1))
    assert [(one.invariant.name, one.examples) for one in verdicts if one.broken and one.invariant.grave] == []


async def told(place: Place) -> list[tuple[str, Decimal]]:
    async with place.world.database.begin() as connection:
        found = await budget_events.listed(connection, workspace_id=place.workspace_id, limit=50)
    return sorted((one.kind, one.threshold) for one in found)


async def lose(place: Place, turn_id: UUID) -> OpenedAttempt:
    """Open an attempt and reserve for it as `complete` does, and go no further: its worker died."""
    request = await place.request(turn_id)
    async with place.world.database.begin() as connection:
        opened = await attempts.open_attempt(
            connection,
            turn_id,
            step=0,
            candidate=0,
            model=request.candidate.model,
            simulated=True,
            now=place.world.clock(),
        )
        assert isinstance(opened, OpenedAttempt)
        await budgeting.reserve(place.world, connection, request, opened)
    return opened


async def test_exactly_what_fits_is_answered_and_each_threshold_is_told_once(
    dimes: Place, simulator: Simulator
) -> None:
    budget = await new_budget(dimes.world.database, dimes.workspace_id, "0.25")
    for _ in range(2):
        await complete(dimes, await dimes.request(await dimes.accept(TEN, knobs=KNOBS)))
    for _ in range(2):
        refused = await dimes.accept(TEN, knobs=KNOBS)
        with pytest.raises(ApplicationError, match=r"has \$0\.05 left, and this call may come to \$0\.10") as raised:
            await complete(dimes, await dimes.request(refused))
        assert (raised.value.type, raised.value.non_retryable) == (ErrorKind.BUDGET_EXCEEDED.value, True)
        detail = FailureDetail.model_validate(raised.value.details[0])
        assert detail.detail == {"budget_id": str(budget.id), "left": "0.050000000000", "unit": "usd"}
        assert await rows(dimes, refused) == []
    assert len(simulator.calls()) == 2
    after = await totals(dimes, budget)
    assert (after.spent, after.reserved, after.room) == (Decimal("0.20"), 0, Decimal("0.05"))
    assert await told(dimes) == [("exhausted", 0), ("threshold", 50), ("threshold", 80)]
    await sound(dimes)


async def test_what_failed_is_given_back_and_a_fallback_is_reserved_at_its_own_price(
    dimes: Place, simulator: Simulator
) -> None:
    budget = await new_budget(dimes.world.database, dimes.workspace_id, "0.15")
    turn_id = await dimes.accept("sim:sim-down", "sim:sim-long", TEN, knobs=KNOBS)
    with pytest.raises(ApplicationError) as raised:
        await complete(dimes, await dimes.request(turn_id, 0))
    assert raised.value.type == ErrorKind.OVERLOADED.value
    assert (await totals(dimes, budget)).room == Decimal("0.15")
    with pytest.raises(ApplicationError) as raised:
        await complete(dimes, await dimes.request(turn_id, 1))
    assert raised.value.type == ErrorKind.BUDGET_EXCEEDED.value
    done = await complete(dimes, await dimes.request(turn_id, 2))
    assert done.result.cost is not None
    assert done.result.cost.total == DIME
    assert [row.state for row in await rows(dimes, turn_id)] == ["failed", "completed"]
    assert (await totals(dimes, budget)).spent == DIME
    await sound(dimes)


async def test_a_cut_answer_is_settled_to_what_was_said(dimes: Place, simulator: Simulator) -> None:
    budget = await new_budget(dimes.world.database, dimes.workspace_id, "1")
    turn_id = await dimes.accept("sim:sim-cut", knobs=KNOBS)
    with pytest.raises(ApplicationError):
        await complete(dimes, await dimes.request(turn_id))
    (row,) = await rows(dimes, turn_id)
    after = await totals(dimes, budget)
    assert (after.spent, after.reserved) == (row.cost, 0)
    assert 0 < row.cost < DIME
    await sound(dimes)


async def test_every_budget_that_counts_the_call_is_charged_in_its_unit(dimes: Place, simulator: Simulator) -> None:
    database, workspace = dimes.world.database, dimes.workspace_id
    made = {
        "user": await new_budget(database, workspace, "5", scope=Scope.USER, value="*"),
        "run": await new_budget(database, workspace, "5", scope=Scope.RUN, value="run-1"),
        "tag": await new_budget(database, workspace, "5", scope=Scope.TAG, value="project=*"),
        "model": await new_budget(database, workspace, "5", scope=Scope.MODEL, value="sim:*", hard=False),
        "tokens": await new_budget(database, workspace, "5000", unit=Unit.TOKENS),
        "requests": await new_budget(database, workspace, "5", unit=Unit.REQUESTS),
        "other": await new_budget(database, workspace, "5", scope=Scope.USER, value="bob"),
    }
    knobs = Knobs(max_output_tokens=10, user="ada")
    turn_id = await dimes.accept(TEN, knobs=knobs, run="run-1", metadata={"project": "x"})
    done = await complete(dimes, await dimes.request(turn_id))
    subjects = {"user": "ada", "tag": "project=x"}
    spent = {name: (await totals(dimes, made[name], subjects.get(name, ""))).spent for name in made if name != "other"}
    assert done.result.usage is not None
    assert {spent[name] for name in ("user", "run", "tag", "model")} == {DIME}
    assert (spent["tokens"], spent["requests"]) == (done.result.usage.total, 1)
    async with database.begin() as connection:
        assert (
            await budget_accounts.subjects(
                connection,
                made["other"].id,
                window_start=window_of(made["other"].terms, datetime.now(UTC)).start,
                limit=5,
            )
            == []
        )
    await sound(dimes)


async def test_a_lost_attempt_is_settled_by_the_next(dimes: Place, simulator: Simulator) -> None:
    budget = await new_budget(dimes.world.database, dimes.workspace_id, "0.20")
    turn_id = await dimes.accept(TEN, knobs=KNOBS)
    await lose(dimes, turn_id)
    assert (await totals(dimes, budget)).reserved == DIME
    done = await complete(dimes, await dimes.request(turn_id))
    first, second = await rows(dimes, turn_id)
    assert (first.state, second.state) == ("interrupted", "completed")
    assert first.usage.estimated
    after = await totals(dimes, budget)
    assert (after.spent, after.reserved) == (first.cost + second.cost, 0)
    assert done.result.cost is not None
    assert done.result.cost.total == after.spent
    await sound(dimes)


async def test_workers_that_die_one_after_another_leave_no_row_that_no_budget_counts(
    dimes: Place, simulator: Simulator
) -> None:
    budget = await new_budget(dimes.world.database, dimes.workspace_id, "0.50")
    turn_id = await dimes.accept(TEN, knobs=KNOBS)
    await lose(dimes, turn_id)
    request = await dimes.request(turn_id)
    # The second goes no further than its opening.
    opened, _ = await open_attempt(dimes.world, request, dimes.world.providers[request.candidate.model.provider])
    assert isinstance(opened, OpenedAttempt)
    assert not opened.lost
    assert (await totals(dimes, budget)).reserved == DIME
    await complete(dimes, request)
    found = await rows(dimes, turn_id)
    assert [row.state for row in found] == ["interrupted", "interrupted", "completed"]
    after = await totals(dimes, budget)
    assert (after.spent, after.reserved) == (sum(row.cost for row in found), 0)
    await sound(dimes)


async def test_a_lost_attempt_that_leaves_no_room_ends_the_turn_and_leaves_no_row(
    dimes: Place, simulator: Simulator
) -> None:
    budget = await new_budget(dimes.world.database, dimes.workspace_id, "0.15")
    turn_id = await dimes.accept(TEN, knobs=KNOBS)
    await lose(dimes, turn_id)
    with pytest.raises(ApplicationError) as raised:
        await complete(dimes, await dimes.request(turn_id))
    assert raised.value.type == ErrorKind.BUDGET_EXCEEDED.value
    assert [row.state for row in await rows(dimes, turn_id)] == ["interrupted"]
    assert simulator.calls() == []
    assert (await totals(dimes, budget)).reserved == 0
    await sound(dimes)


async def test_a_turn_that_is_closed_leaves_nothing_reserved(dimes: Place, simulator: Simulator) -> None:
    budget = await new_budget(dimes.world.database, dimes.workspace_id, "0.20")
    turn_id = await dimes.accept(TEN, knobs=KNOBS)
    await lose(dimes, turn_id)
    close = CloseTurn(
        turn_id=turn_id, state=TurnState.FAILED, error_kind=ErrorKind.INTERNAL, error_message="the workflow is gone"
    )
    ended = await dimes.activities.close_turn(close)
    (row,) = await rows(dimes, turn_id)
    after = await totals(dimes, budget)
    assert (row.state, after.reserved, after.spent) == ("interrupted", 0, row.cost)
    assert ended.result.cost is not None
    assert ended.result.cost.total == row.cost > 0
    await sound(dimes)


async def test_the_sweeper_settles_what_nobody_else_will(dimes: Place, simulator: Simulator) -> None:
    budget = await new_budget(dimes.world.database, dimes.workspace_id, "0.20")
    turn_id = await dimes.accept(TEN, knobs=KNOBS)
    await lose(dimes, turn_id)
    async with dimes.world.database.begin() as connection:
        # Whoever followed died as well, after it had marked the row and before it settled.
        await interrupted.close_left_open(connection, turn_id, now=datetime.now(UTC))
    now = datetime.now(UTC)
    assert await sweep_reservations(dimes.world, now) == Swept()
    swept = await sweep_reservations(dimes.world, now + GRACE + timedelta(seconds=1))
    (row,) = await rows(dimes, turn_id)
    assert swept == Swept(reservations=1, attempts=1, estimated=1, usd=row.cost)
    after = await totals(dimes, budget)
    assert (after.reserved, after.spent) == (0, row.cost)
    assert row.cost > 0
    assert await sweep_reservations(dimes.world, now + timedelta(hours=1)) == Swept()
    await sound(dimes)


async def test_a_schedule_sweeps_and_its_result_says_what(
    dimes: Place, simulator: Simulator, temporal_client: Client
) -> None:
    await new_budget(dimes.world.database, dimes.workspace_id, "0.20")
    turn_id = await dimes.accept(TEN, knobs=KNOBS)
    await lose(dimes, turn_id)
    async with dimes.world.database.begin() as connection:
        await interrupted.close_left_open(connection, turn_id, now=datetime.now(UTC))
    later = replace(dimes.world, clock=lambda: datetime.now(UTC) + GRACE + timedelta(seconds=1))
    schedule = temporal_client.get_schedule_handle(SWEEP_SCHEDULE)
    await ensure_sweeping(temporal_client, timedelta(days=1_000))
    try:
        await ensure_sweeping(temporal_client, timedelta(seconds=1))
        async with build_worker(temporal_client, later, concurrency=10, shutdown=timedelta(0)), asyncio.timeout(60):
            swept = Swept()
            while not swept.reservations:
                for action in (await schedule.describe()).info.recent_actions:
                    begun = action.action
                    assert isinstance(begun, ScheduleActionExecutionStartWorkflow)
                    handle = temporal_client.get_workflow_handle(begun.workflow_id, result_type=Swept)
                    swept += await handle.result()
                await asyncio.sleep(0.1)
    finally:
        await schedule.delete()
    (row,) = await rows(dimes, turn_id)
    assert swept == Swept(reservations=1, attempts=1, estimated=1, usd=row.cost)
    await sound(dimes)


async def test_what_has_no_price_is_not_called_under_a_hard_budget(place: Place, simulator: Simulator) -> None:
    await new_budget(place.world.database, place.workspace_id, "5")
    turn_id = await place.accept("openai:no-such-model-at-all")
    with pytest.raises(ApplicationError, match="no list says what openai:no-such-model-at-all costs"):
        await complete(place, await place.request(turn_id))
    assert simulator.calls() == []
    await sound(place)


async def test_an_answer_is_no_longer_than_what_was_reserved(dimes: Place, simulator: Simulator) -> None:
    budget = await new_budget(dimes.world.database, dimes.workspace_id, "0.30")
    turn_id = await dimes.accept("sim:sim-tokens-40")
    done = await complete(dimes, await dimes.request(turn_id, answer_bound=25))
    assert done.result.finish_reason is FinishReason.LENGTH
    assert (await totals(dimes, budget)).spent == Decimal("0.25")
    await sound(dimes)


async def test_a_waiting_turn_is_noted_and_forgotten_when_it_goes_on(dimes: Place, simulator: Simulator) -> None:
    database = dimes.world.database
    budget = await new_budget(database, dimes.workspace_id, "0.05")
    turn_id = await dimes.accept(TEN, knobs=KNOBS)
    with pytest.raises(ApplicationError) as raised:
        await complete(dimes, await dimes.request(turn_id, on_exceeded="wait"))
    assert FailureDetail.model_validate(raised.value.details[0]).on_exceeded == "wait"
    async with database.begin() as connection:
        (wait,) = await budget_events.waiting(connection, budget.id)
        assert (wait.turn_id, wait.wanted) == (turn_id, DIME)
        await budget_accounts.change_limits(connection, budget.id, Decimal(1), now=datetime.now(UTC))
        await budget_accounts.open_account(
            connection, AccountKey(budget.id, "", window_of(budget.terms, datetime.now(UTC)).start), window_end=None
        )
    async with database.begin() as connection:
        key = AccountKey(budget.id, "", window_of(budget.terms, datetime.now(UTC)).start)
        await budget_accounts.change_limit(connection, key, Decimal(1))
    await complete(dimes, await dimes.request(turn_id, on_exceeded="wait", waited=True))
    async with database.begin() as connection:
        assert await budget_events.waiting(connection, budget.id) == []
    assert (await turn(dimes, turn_id)).state is TurnState.COMPLETED
    await sound(dimes)


async def test_without_budgets_nothing_is_looked_for(place: Place, simulator: Simulator) -> None:
    said: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    turn_id = await place.accept(TEN)
    engine = place.world.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        await place.activities.open_turn(OpenTurn(turn_id=turn_id))
        await complete(place, await place.request(turn_id))
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    assert said
    about = [one for one in said if "budget" in one or "reservations" in one]
    assert all("FROM turns t" in one for one in about), about


async def test_an_answer_that_outgrows_its_reservation_is_cut_and_kept(dimes: Place, simulator: Simulator) -> None:
    budget = await new_budget(dimes.world.database, dimes.workspace_id, "0.30")
    simulator.scenario({"tokens": 400, "tokens_per_second": 400, "ignore_max_tokens": True})
    turn_id = await dimes.accept("sim:sim-tokens-40")
    done = await complete(dimes, await dimes.request(turn_id, answer_bound=25))
    assert (done.result.state, done.result.finish_reason) == (TurnState.COMPLETED, FinishReason.LENGTH)
    text = await answer_text(dimes, turn_id)
    assert 25 <= count_text(text, model="sim-tokens-40") <= 60
    (row,) = await rows(dimes, turn_id)
    assert row.usage.estimated
    assert (await totals(dimes, budget)).spent == row.cost
    await sound(dimes)
