"""Budgets that runs make for themselves: hard ones, kept like those that people set, so that nothing is spent beyond them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.budgets import BudgetTerms, Period, Scope, Unit
from contracts.pipelines.base import Budget
from storage import budget_accounts, budgets

_LEAST = Decimal("1e-12")
"""The limit of a budget that leaves nothing: one of 0 is none that can be kept."""

_OF_RUN = text("""
    SELECT id, value, unit, amount, before FROM budgets WHERE run_id = :run_id AND deleted_at IS NULL ORDER BY id
""")
_MARK = text("UPDATE budgets SET run_id = :run_id, before = :before WHERE id = :id")
_AMOUNT = text("UPDATE budgets SET amount = :amount, updated_at = :now WHERE id = :id")


@dataclass(frozen=True, slots=True)
class RunBudget:
    """One unit of it. `limit` is what may be spent in all, `before` of that what had been spent when it was set."""

    id: UUID
    value: str
    unit: Unit
    limit: Decimal
    before: Decimal


def limits(budget: Budget) -> dict[Unit, Decimal]:
    """What a budget says, by unit."""
    said = {Unit.USD: budget.cost, Unit.TOKENS: budget.tokens, Unit.REQUESTS: budget.calls}
    return {unit: Decimal(limit) for unit, limit in said.items() if limit is not None}


async def of_run(connection: AsyncConnection, run_id: UUID) -> dict[tuple[str, Unit], RunBudget]:
    """What the run keeps, by name (`contracts.ids.run_budget`, without a place) and unit."""
    rows = (await connection.execute(_OF_RUN, {"run_id": run_id})).all()
    found = [RunBudget(row.id, row.value, Unit(row.unit), row.amount + row.before, row.before) for row in rows]
    return {(one.value, one.unit): one for one in found}


async def add(
    connection: AsyncConnection,
    run_id: UUID,
    unit: Unit,
    limit: Decimal,
    *,
    workspace_id: UUID,
    value: str,
    title: str,
    before: Decimal,
    now: datetime,
) -> RunBudget:
    """Keep one. Calls that are under way when it is set are not counted."""
    terms = BudgetTerms(
        name=title,
        scope=Scope.RUN,
        value=value,
        unit=unit,
        limit=max(limit - before, _LEAST),
        hard=True,
        period=Period.TOTAL,
        rolling=False,
        time_zone="UTC",
        thresholds=(),
    )
    made = await budgets.create(connection, workspace_id, terms, now=now)
    await connection.execute(_MARK, {"id": made.id, "run_id": run_id, "before": before})
    return RunBudget(made.id, value, unit, limit, before)


async def change(connection: AsyncConnection, kept: RunBudget, limit: Decimal | None, *, now: datetime) -> None:
    """Give one another limit; None ends it."""
    if limit is None:
        await budgets.delete(connection, kept.id, now=now)
        return
    amount, former = max(limit - kept.before, _LEAST), max(kept.limit - kept.before, _LEAST)
    await connection.execute(_AMOUNT, {"id": kept.id, "amount": amount, "now": now})
    if amount != former:
        await budget_accounts.change_limits(connection, kept.id, amount - former, now=now)
