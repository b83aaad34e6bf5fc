"""Spending at the level of storage: reserve, settle and look, each in a transaction of its own."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from contracts.budgets import Budget, BudgetTerms, Charge, Claim, Period, Scope, Shortfall, Totals, Unit, Want
from domain.budgets.amounts import slice_ahead
from domain.budgets.windows import forgotten_before, slot_end, window_of
from storage import budget_accounts, budgets, reservations
from storage.database import Database
from storage.ids import new_id
from storage.reservations import AttemptKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZERO = Decimal(0)


def terms(limit: str = "5", **changes: object) -> BudgetTerms:
    said: dict[str, object] = {
        "name": "a budget",
        "scope": Scope.WORKSPACE,
        "value": "",
        "unit": Unit.USD,
        "limit": Decimal(limit),
        "hard": True,
        "period": Period.TOTAL,
        "rolling": False,
        "time_zone": "UTC",
        "thresholds": (Decimal(50), Decimal(80), Decimal(95), Decimal(100)),
    }
    return BudgetTerms(**{**said, **changes})  # type: ignore[arg-type]


async def new_budget(database: Database, workspace_id: UUID, limit: str = "5", **changes: object) -> Budget:
    async with database.begin() as connection:
        return await budgets.create(connection, workspace_id, terms(limit, **changes), now=NOW)


def want(budget: Budget, amount: Decimal, *, subject: str = "", now: datetime = NOW) -> Want:
    return Want(Claim(budget, subject), window_of(budget.terms, now), amount)


class _ShortError(Exception):
    def __init__(self, shortfall: Shortfall) -> None:
        super().__init__(shortfall)
        self.shortfall = shortfall


def new_attempt() -> AttemptKey:
    return AttemptKey(new_id(), 0, 1)


async def reserve(
    database: Database, attempt: AttemptKey, wants: Sequence[Want], *, now: datetime = NOW
) -> Shortfall | None:
    """Reserve, or roll back and say where there is no room."""
    try:
        async with database.begin() as connection:
            short = await reservations.reserve(
                connection,
                attempt,
                wants,
                ahead=slice_ahead,
                forgotten=lambda one: forgotten_before(one.window, now),
                now=now,
            )
            if short is not None:
                raise _ShortError(short)
    except _ShortError as error:
        return error.shortfall
    return None


async def settle(
    database: Database,
    attempt: AttemptKey,
    usd: Decimal = ZERO,
    *,
    now: datetime = NOW,
    tokens: int = 0,
    requests: int = 0,
) -> None:
    async with database.begin() as connection:
        await reservations.settle(connection, attempt, Charge(usd, tokens, requests), slot_of=slot_end, now=now)


async def change_limit(database: Database, budget: Budget, limit: Decimal, *, now: datetime = NOW) -> None:
    """Raise or lower a budget as the API does."""
    async with database.begin() as connection:
        held = await budgets.find(connection, budget.id, workspace_id=budget.workspace_id, lock=True)
        await budgets.change(
            connection, budget.id, name=held.terms.name, limit=limit, thresholds=held.terms.thresholds, now=now
        )
        await budget_accounts.change_limits(connection, budget.id, limit - held.terms.limit, now=now)


async def totals(database: Database, budget: Budget, *, subject: str = "", now: datetime = NOW) -> Totals:
    """The account's state; of one that nobody reserved in, the whole limit."""
    window = window_of(budget.terms, now)
    async with database.begin() as connection:
        found = await budget_accounts.totals(
            connection, want(budget, ZERO, subject=subject, now=now).key, forgotten=forgotten_before(window, now)
        )
    return found or Totals(budget.terms.limit, ZERO, ZERO, budget.terms.limit)


async def broken_accounts(database: Database) -> list[object]:
    """Hard accounts whose parts do not sum to their limit, or whose slices do not say what their reservations say."""
    query = text("""
        WITH slices AS (
          SELECT budget_id, subject, window_start, sum(room) AS room, sum(reserved) AS reserved, sum(spent) AS spent
            FROM budget_slices GROUP BY 1, 2, 3
        ), said AS (
          SELECT budget_id, subject, window_start, sum(amount) FILTER (WHERE charged IS NULL) AS reserved, sum(charged) AS spent
            FROM reservations WHERE hard GROUP BY 1, 2, 3
        )
        SELECT a.*, s.room, s.reserved, s.spent, said.reserved AS said_reserved, said.spent AS said_spent
          FROM budget_accounts a JOIN slices s USING (budget_id, subject, window_start)
          LEFT JOIN said USING (budget_id, subject, window_start)
          JOIN budgets b ON b.id = a.budget_id AND b.hard AND NOT b.rolling
         WHERE a.free + s.room + s.reserved + s.spent <> a.amount
            OR s.reserved <> coalesce(said.reserved, 0) OR s.spent <> coalesce(said.spent, 0)
    """)
    async with database.begin() as connection:
        return list((await connection.execute(query)).all())
