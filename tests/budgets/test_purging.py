"""What budgets no longer need is dropped, and their sums still hold."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from contracts.budgets import Budget, Period, Totals
from storage import purging
from storage.database import Database
from storage.verifying import verify
from tests.budgets.spending import NOW, new_attempt, new_budget, reserve, settle, totals, want

pytestmark = pytest.mark.real
DIME = Decimal("0.10")
SOON, LATER = NOW + timedelta(minutes=30), NOW + timedelta(days=1)


async def purge(database: Database, *, limit: int = 100) -> tuple[int, int]:
    """Drop what is older than a day; how many reservations and windows that were."""
    async with database.begin() as connection:
        gone = await purging.purge_reservations(connection, before=LATER, limit=limit)
        return gone, await purging.purge_windows(connection, before=LATER, limit=limit)


async def count(database: Database, table: str) -> int:
    async with database.begin() as connection:
        found: int = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
    return found


async def sums_hold(database: Database) -> bool:
    async with database.begin() as connection:
        verdicts = await verify(connection, now=LATER)
    return not any(one.broken for one in verdicts if one.invariant.name.startswith("accounts_"))


async def stands(database: Database, *budgets: Budget) -> list[Totals]:
    return [await totals(database, one) for one in budgets]


async def test_settled_reservations_and_windows_that_are_over_are_dropped(
    database: Database, workspace_id: UUID
) -> None:
    whole = await new_budget(database, workspace_id, "5")
    rolling = await new_budget(database, workspace_id, "5", period=Period.DAY, rolling=True)
    hourly = await new_budget(database, workspace_id, "5", period=Period.HOUR)
    attempts = [new_attempt() for _ in range(5)]
    for attempt in attempts:
        assert await reserve(database, attempt, [want(one, DIME) for one in (whole, rolling, hourly)]) is None
    for attempt in attempts[:4]:
        await settle(database, attempt, Decimal("0.03"), now=SOON)
    fresh = new_attempt()
    assert await reserve(database, fresh, [want(whole, DIME, now=LATER)], now=LATER) is None
    await settle(database, fresh, Decimal("0.07"), now=LATER)
    before = await stands(database, whole, rolling, hourly)
    assert [(one.spent, one.reserved) for one in before] == [
        (Decimal("0.19"), DIME),
        (Decimal("0.12"), DIME),
        (Decimal("0.12"), DIME),
    ]

    assert await purge(database, limit=7) == (7, 0)
    assert await purge(database) == (5, 0)
    # One attempt holds what it reserved in three budgets, and a fresh one is too young.
    assert await count(database, "reservations") == 4
    assert await stands(database, whole, rolling, hourly) == before
    assert await sums_hold(database)

    await settle(database, attempts[4], Decimal("0.05"), now=SOON)
    assert await purge(database) == (3, 1)
    assert (await count(database, "reservations"), await count(database, "budget_accounts")) == (1, 2)
    assert [one.spent for one in await stands(database, whole, rolling)] == [Decimal("0.24"), Decimal("0.17")]
    assert await sums_hold(database)
    assert await purge(database) == (0, 0)
