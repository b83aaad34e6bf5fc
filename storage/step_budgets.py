"""Budgets that AI steps make for themselves of their cost limits: hard ones, kept while the step is at work."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.budgets import BudgetTerms, Period, Scope, Unit
from contracts.ids import ai_step_budget
from storage import budgets

_KEPT = text("""
    SELECT id FROM budgets
     WHERE workspace_id = :workspace_id AND scope = 'run' AND value = :value AND deleted_at IS NULL
""")


async def keep(
    connection: AsyncConnection, step_id: UUID, limit: Decimal, *, workspace_id: UUID, now: datetime
) -> None:
    """Keep a limit in USD for each sample of the step; it stays as it is where it is kept already."""
    if await _kept(connection, step_id, workspace_id) is not None:
        return
    terms = BudgetTerms(
        name="cost_limit",
        scope=Scope.RUN,
        value=ai_step_budget(step_id),
        unit=Unit.USD,
        limit=limit,
        hard=True,
        period=Period.TOTAL,
        rolling=False,
        time_zone="UTC",
        thresholds=(),
    )
    await budgets.create(connection, workspace_id, terms, now=now)


async def end(connection: AsyncConnection, step_id: UUID, *, workspace_id: UUID, now: datetime) -> None:
    """The step is over: where a workspace has no other budget, its turns need not look for any."""
    kept = await _kept(connection, step_id, workspace_id)
    if kept is not None:
        await budgets.delete(connection, kept, now=now)


async def _kept(connection: AsyncConnection, step_id: UUID, workspace_id: UUID) -> UUID | None:
    given = {"workspace_id": workspace_id, "value": ai_step_budget(step_id)}
    found: UUID | None = (await connection.execute(_KEPT, given)).scalar_one_or_none()
    return found
