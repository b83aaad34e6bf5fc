"""Reserve, settle, release, raise and lower, one after the other and all at once, on a real PostgreSQL."""

import asyncio
import random
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from contracts.budgets import Budget, Period, Scope, Unit
from contracts.errors import ErrorKind, PerdureError
from domain.budgets.windows import slot_end
from storage import reservations
from storage.database import Database
from storage.reservations import AttemptKey
from tests.budgets.spending import (
    NOW,
    ZERO,
    broken_accounts,
    change_limit,
    new_attempt,
    new_budget,
    reserve,
    settle,
    totals,
    want,
)

pytestmark = pytest.mark.real
DIME = Decimal("0.10")


async def test_what_fits_is_reserved_and_what_does_not_is_refused_with_what_is_left(
    database: Database, workspace_id: UUID
) -> None:
    budget = await new_budget(database, workspace_id, "0.25")
    first, second = new_attempt(), new_attempt()
    assert await reserve(database, first, [want(budget, DIME)]) is None
    assert await reserve(database, second, [want(budget, DIME)]) is None
    short = await reserve(database, new_attempt(), [want(budget, DIME)])
    assert short is not None
    assert short.left == Decimal("0.05")
    await settle(database, first, Decimal("0.04"))
    after = await totals(database, budget)
    assert (after.spent, after.reserved, after.room) == (Decimal("0.04"), DIME, Decimal("0.11"))
    assert await reserve(database, new_attempt(), [want(budget, Decimal("0.11"))]) is None
    assert await broken_accounts(database) == []


async def test_a_budget_that_has_no_room_leaves_the_others_as_they_were(database: Database, workspace_id: UUID) -> None:
    wide = await new_budget(database, workspace_id, "5")
    narrow = await new_budget(database, workspace_id, "0.05", scope=Scope.USER, value="ada")
    assert await reserve(database, new_attempt(), [want(wide, DIME), want(narrow, DIME)]) is not None
    assert (await totals(database, wide)).reserved == 0
    assert await broken_accounts(database) == []


async def test_settling_again_charges_the_difference_and_an_overrun_is_charged_too(
    database: Database, workspace_id: UUID
) -> None:
    budget = await new_budget(database, workspace_id, "1")
    attempt = new_attempt()
    await reserve(database, attempt, [want(budget, DIME)])
    await settle(database, attempt, Decimal("0.03"))
    await settle(database, attempt, Decimal("0.08"))
    await settle(database, attempt, Decimal("0.08"))
    assert (await totals(database, budget)).spent == Decimal("0.08")
    await settle(database, attempt, Decimal("1.50"))
    after = await totals(database, budget)
    assert (after.spent, after.room) == (Decimal("1.50"), Decimal("-0.50"))
    assert await reserve(database, new_attempt(), [want(budget, Decimal("0.01"))]) is not None
    assert await broken_accounts(database) == []


async def test_a_soft_budget_counts_and_refuses_nothing(database: Database, workspace_id: UUID) -> None:
    budget = await new_budget(database, workspace_id, "0.05", hard=False)
    attempts = [new_attempt() for _ in range(3)]
    for attempt in attempts:
        assert await reserve(database, attempt, [want(budget, DIME)]) is None
        await settle(database, attempt, DIME)
    after = await totals(database, budget)
    assert (after.spent, after.reserved) == (Decimal("0.30"), ZERO)


async def test_a_window_that_is_over_is_another_account(database: Database, workspace_id: UUID) -> None:
    budget = await new_budget(database, workspace_id, "0.10", period=Period.HOUR)
    assert await reserve(database, new_attempt(), [want(budget, DIME)]) is None
    assert await reserve(database, new_attempt(), [want(budget, DIME)]) is not None
    later = NOW + timedelta(hours=1)
    assert await reserve(database, new_attempt(), [want(budget, DIME, now=later)], now=later) is None


async def test_a_rolling_window_forgets_late_and_never_early(database: Database, workspace_id: UUID) -> None:
    budget = await new_budget(database, workspace_id, "0.10", period=Period.HOUR, rolling=True)
    attempt = new_attempt()
    assert await reserve(database, attempt, [want(budget, DIME)]) is None
    await settle(database, attempt, DIME)
    for minutes, fits in ((59, False), (60, False), (61, True)):
        now = NOW + timedelta(minutes=minutes)
        short = await reserve(database, new_attempt(), [want(budget, DIME, now=now)], now=now)
        assert (short is None) is fits, minutes
    assert (await totals(database, budget, now=NOW + timedelta(minutes=61))).spent == 0


async def test_tokens_and_requests_are_counted_as_well_as_dollars(database: Database, workspace_id: UUID) -> None:
    tokens = await new_budget(database, workspace_id, "1000", unit=Unit.TOKENS)
    requests = await new_budget(database, workspace_id, "1", unit=Unit.REQUESTS)
    attempt = new_attempt()
    assert await reserve(database, attempt, [want(tokens, Decimal(900)), want(requests, Decimal(1))]) is None
    await settle(database, attempt, DIME, tokens=250, requests=1)
    assert (await totals(database, tokens)).spent == 250
    assert (await totals(database, requests)).room == 0


async def test_each_has_a_limit_of_his_own(database: Database, workspace_id: UUID) -> None:
    budget = await new_budget(database, workspace_id, "0.10", scope=Scope.USER, value="*")
    for user in ("ada", "bob"):
        assert await reserve(database, new_attempt(), [want(budget, DIME, subject=user)]) is None
        assert await reserve(database, new_attempt(), [want(budget, DIME, subject=user)]) is not None


async def test_a_limit_may_be_raised_and_lowered(database: Database, workspace_id: UUID) -> None:
    budget = await new_budget(database, workspace_id, "0.10")
    attempt = new_attempt()
    assert await reserve(database, attempt, [want(budget, DIME)]) is None
    await change_limit(database, budget, Decimal("0.20"))
    assert await reserve(database, new_attempt(), [want(budget, DIME)]) is None
    await change_limit(database, budget, Decimal("0.15"))
    assert (await totals(database, budget)).room == Decimal("-0.05")
    await settle(database, attempt, ZERO)
    assert (await totals(database, budget)).room == Decimal("0.05")
    assert await reserve(database, new_attempt(), [want(budget, Decimal("0.05"))]) is None
    assert await broken_accounts(database) == []


async def test_two_budgets_for_the_same_are_refused(database: Database, workspace_id: UUID) -> None:
    await new_budget(database, workspace_id)
    with pytest.raises(PerdureError) as caught:
        await new_budget(database, workspace_id, "7")
    assert caught.value.kind is ErrorKind.CONFLICT
    await new_budget(database, workspace_id, "7", period=Period.DAY)


async def test_of_many_at_once_exactly_what_fits_is_accepted(database: Database, workspace_id: UUID) -> None:
    budget = await new_budget(database, workspace_id, "5")
    nested = await new_budget(database, workspace_id, "100", scope=Scope.USER, value="ada")

    async def one() -> bool:
        attempt = new_attempt()
        if await reserve(database, attempt, [want(nested, DIME), want(budget, DIME)]) is not None:
            return False
        await settle(database, attempt, DIME)
        return True

    accepted = await asyncio.gather(*(one() for _ in range(300)))
    assert sum(accepted) == 50
    after = await totals(database, budget)
    assert (after.spent, after.reserved, after.room) == (Decimal("5.00"), ZERO, ZERO)
    assert (await totals(database, nested)).spent == Decimal("5.00")
    assert await broken_accounts(database) == []


async def test_whatever_happens_at_once_nothing_deadlocks_and_the_sums_hold(
    database: Database, workspace_id: UUID
) -> None:
    draw = random.Random(7)
    made = [
        await new_budget(database, workspace_id, "3", scope=Scope.USER, value=f"user-{number}") for number in range(3)
    ]
    held: list[AttemptKey] = []

    async def one(number: int) -> None:
        chosen = draw.sample(made, draw.randint(1, 3))
        amount = Decimal(draw.randint(1, 40)) / 100
        attempt = new_attempt()
        if await reserve(database, attempt, [want(budget, amount) for budget in chosen]) is not None:
            return
        await asyncio.sleep(0)
        match number % 4:
            case 0:
                held.append(attempt)
            case 1:
                await settle(database, attempt, ZERO)
            case 2:
                await settle(database, attempt, amount)
            case _:
                await settle(database, attempt, amount / 2)
                await settle(database, attempt, amount / 4)

    async def move(budget: Budget) -> None:
        for limit in ("4", "2.5", "6", "3"):
            await change_limit(database, budget, Decimal(limit))

    await asyncio.gather(*(one(number) for number in range(200)), *(move(budget) for budget in made))
    assert await broken_accounts(database) == []
    for attempt in held:
        await settle(database, attempt, ZERO)
    for budget in made:
        assert (await totals(database, budget)).reserved == 0
    assert await broken_accounts(database) == []


async def test_what_called_nobody_leaves_nothing(database: Database, workspace_id: UUID) -> None:
    budget = await new_budget(database, workspace_id)
    attempt = new_attempt()
    await reserve(database, attempt, [want(budget, DIME)])
    async with database.begin() as connection:
        await reservations.release(connection, attempt, slot_of=slot_end, now=NOW)
    assert (await totals(database, budget)).room == 5
    assert await broken_accounts(database) == []


async def test_what_is_given_back_to_an_account_that_owes_is_not_reserved_again(
    database: Database, workspace_id: UUID
) -> None:
    for owe in ("lowered", "overrun"):
        budget = await new_budget(database, workspace_id, "1", scope=Scope.USER, value=owe)
        attempts = [new_attempt() for _ in range(9)]
        for attempt in attempts:
            assert await reserve(database, attempt, [want(budget, DIME)]) is None
        if owe == "lowered":
            await change_limit(database, budget, Decimal("0.20"))
        else:
            await settle(database, attempts.pop(), Decimal("0.90"))
        while attempts:
            room = (await totals(database, budget)).room
            short = await reserve(database, new_attempt(), [want(budget, Decimal("0.01"))])
            assert (short is None) is (room >= Decimal("0.01")), (owe, room)
            await settle(database, attempts.pop(), ZERO)
        assert (await totals(database, budget)).room >= 0
        assert await reserve(database, new_attempt(), [want(budget, Decimal("0.02"))]) is None
        assert await broken_accounts(database) == []
