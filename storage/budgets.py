"""`budgets`: what was said, and which budgets count a call."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.budgets import Budget, BudgetTerms, Claim, Period, Scope, Unit
from contracts.errors import ErrorKind, PerdureError
from storage.ids import new_id

_COLUMNS = """b.id, b.workspace_id, b.name, b.scope, b.value, b.unit, b.amount, b.hard, b.period, b.rolling, b.time_zone,
    b.thresholds, b.created_at, b.updated_at"""

# The statements below splice in nothing but the constant above.
_APPLYING = text(f"""
    SELECT {_COLUMNS}, t.subject
      FROM unnest(CAST(:scopes AS text[]), CAST(:values AS text[]), CAST(:subjects AS text[])) AS t(scope, value, subject)
      JOIN budgets b ON b.workspace_id = :workspace_id AND b.scope = t.scope AND b.value = t.value AND b.deleted_at IS NULL
""")  # noqa: S608

_INSERT = text("""
    INSERT INTO budgets (id, workspace_id, name, scope, value, unit, amount, hard, period, rolling, time_zone, thresholds,
                         created_at, updated_at)
    VALUES (:id, :workspace_id, :name, :scope, :value, :unit, :limit, :hard, :period, :rolling, :time_zone,
            CAST(:thresholds AS numeric[]), :now, :now)
""")

_FIND = text(f"""
    SELECT {_COLUMNS} FROM budgets b WHERE b.id = :id AND b.workspace_id = :workspace_id AND b.deleted_at IS NULL
""")  # noqa: S608

_KNOWN = text(f"SELECT {_COLUMNS} FROM budgets b WHERE b.id = :id AND b.deleted_at IS NULL")  # noqa: S608

_LOCK = text(f"""
    SELECT {_COLUMNS} FROM budgets b WHERE b.id = :id AND b.workspace_id = :workspace_id AND b.deleted_at IS NULL
       FOR NO KEY UPDATE
""")  # noqa: S608

_LIST = text(f"""
    SELECT {_COLUMNS} FROM budgets b
     WHERE b.workspace_id = :workspace_id AND b.deleted_at IS NULL
       AND ((b.run_id IS NULL AND NOT starts_with(b.value, 'ai-step/')) OR CAST(:scope AS text) = 'run')
       AND (CAST(:scope AS text) IS NULL OR b.scope = :scope) AND (CAST(:value AS text) IS NULL OR b.value = :value)
     ORDER BY b.created_at, b.id
""")  # noqa: S608

_CHANGE = text("""
    UPDATE budgets SET name = :name, amount = :limit, thresholds = CAST(:thresholds AS numeric[]), updated_at = :now
     WHERE id = :id
""")

_DELETE = text("UPDATE budgets SET deleted_at = :now WHERE id = :id")


async def applying(
    connection: AsyncConnection, workspace_id: UUID, matches: Sequence[tuple[Scope, str, str]]
) -> list[Claim]:
    """The budgets of these (scope, value, subject)s, ordered by their ids."""
    rows = await connection.execute(
        _APPLYING,
        {
            "workspace_id": workspace_id,
            "scopes": [scope.value for scope, _, _ in matches],
            "values": [value for _, value, _ in matches],
            "subjects": [subject for _, _, subject in matches],
        },
    )
    return sorted((Claim(_budget(row), row.subject) for row in rows), key=lambda one: (one.budget.id, one.subject))


async def create(connection: AsyncConnection, workspace_id: UUID, terms: BudgetTerms, *, now: datetime) -> Budget:
    """Keep a budget. Raises `conflict` where the same scope and value have one of that unit, window and strength."""
    made = Budget(new_id(), workspace_id, terms, now, now)
    values = {
        "id": made.id,
        "workspace_id": workspace_id,
        "name": terms.name,
        "scope": terms.scope.value,
        "value": terms.value,
        "unit": terms.unit.value,
        "limit": terms.limit,
        "hard": terms.hard,
        "period": terms.period.value,
        "rolling": terms.rolling,
        "time_zone": terms.time_zone,
        "thresholds": list(terms.thresholds),
        "now": now,
    }
    try:
        async with connection.begin_nested():
            await connection.execute(_INSERT, values)
    except IntegrityError as error:
        if "uq_budgets_definition" not in str(error.orig):
            raise
        strength = "hard" if terms.hard else "soft"
        window = f"{'rolling ' if terms.rolling else ''}{terms.period}"
        raise PerdureError(
            ErrorKind.CONFLICT,
            f"There is a {strength} {window} budget in {terms.unit} for {terms.scope} {terms.value!r} already. Change that one.",
            field="scope",
        ) from None
    return made


async def find(connection: AsyncConnection, budget_id: UUID, *, workspace_id: UUID, lock: bool = False) -> Budget:
    """The budget; with `lock` nobody else changes it meanwhile. Raises `not_found`."""
    statement = _LOCK if lock else _FIND
    row = (await connection.execute(statement, {"id": budget_id, "workspace_id": workspace_id})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no budget {budget_id}.")
    return _budget(row)


async def known(connection: AsyncConnection, budget_id: UUID) -> Budget | None:
    """The budget of whichever workspace; None where there is none any more."""
    row = (await connection.execute(_KNOWN, {"id": budget_id})).one_or_none()
    return None if row is None else _budget(row)


async def listed(
    connection: AsyncConnection, *, workspace_id: UUID, scope: Scope | None = None, value: str | None = None
) -> list[Budget]:
    """The workspace's budgets, oldest first; those that runs and steps made for themselves only where runs' are asked for."""
    asked = {"workspace_id": workspace_id, "scope": scope.value if scope else None, "value": value}
    return [_budget(row) for row in await connection.execute(_LIST, asked)]


async def change(
    connection: AsyncConnection,
    budget_id: UUID,
    *,
    name: str,
    limit: Decimal,
    thresholds: Sequence[Decimal],
    now: datetime,
) -> None:
    """Change what may be changed; accounts keep their limits until `budget_accounts.change_limits`."""
    values = {"id": budget_id, "name": name, "limit": limit, "thresholds": list(thresholds), "now": now}
    await connection.execute(_CHANGE, values)


async def delete(connection: AsyncConnection, budget_id: UUID, *, now: datetime) -> None:
    """End a budget. What it counted is kept."""
    await connection.execute(_DELETE, {"id": budget_id, "now": now})


def _budget(row: Any) -> Budget:
    terms = BudgetTerms(
        name=row.name,
        scope=Scope(row.scope),
        value=row.value,
        unit=Unit(row.unit),
        limit=row.amount,
        hard=row.hard,
        period=Period(row.period),
        rolling=row.rolling,
        time_zone=row.time_zone,
        thresholds=tuple(row.thresholds),
    )
    return Budget(row.id, row.workspace_id, terms, row.created_at, row.updated_at)
