"""Summing whole months from the sums of their days."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables.usage import USAGE_MEASURES

_SUMS = ", ".join(f"sum({name})" for name in USAGE_MEASURES)

# A month begins on its first day in UTC, as its days do.
_NEXT = text("""
    SELECT coalesce(months_until, (SELECT date_trunc('month', min(day))::date FROM usage_days d
                                    WHERE d.workspace_id = s.workspace_id AND d.dimension = '')) AS month, until
      FROM usage_summed s WHERE workspace_id = :workspace_id FOR UPDATE SKIP LOCKED
""")
_SUM = text(f"""
    INSERT INTO usage_months (workspace_id, dimension, month, value, provider, model, task, {", ".join(USAGE_MEASURES)})
    SELECT workspace_id, dimension, CAST(:month AS date), value, provider, model, task, {_SUMS} FROM usage_days
     WHERE workspace_id = :workspace_id AND day >= :month AND day < :following
     GROUP BY workspace_id, dimension, value, provider, model, task
""")  # noqa: S608 - made of constants
_DROP = text("DELETE FROM usage_months WHERE workspace_id = :workspace_id AND month = :month")
_ADVANCE = text("UPDATE usage_summed SET months_until = :following WHERE workspace_id = :workspace_id")
_UNTIL = text("SELECT months_until FROM usage_summed WHERE workspace_id = :workspace_id")


async def sum_month(connection: AsyncConnection, workspace_id: UUID) -> bool:
    """Sum the next month of a workspace, if all its days are summed to their ends; whether there may be another.

    The sums and the mark of how far they go are one transaction; of several processes one does it.
    """
    found = (await connection.execute(_NEXT, {"workspace_id": workspace_id})).one_or_none()
    if found is None or found.month is None:
        return False
    following = month_after(found.month)
    summed: datetime = found.until
    if summed.date() < following:
        return False
    of = {"workspace_id": workspace_id, "month": found.month, "following": following}
    await connection.execute(_SUM, of)
    await connection.execute(_ADVANCE, {"workspace_id": workspace_id, "following": following})
    return True


async def sum_month_again(connection: AsyncConnection, workspace_id: UUID, day: date) -> None:
    """Sum a day's month anew from its days, if it was summed. Whoever calls holds the workspace's row of `usage_summed`."""
    until: date | None = (await connection.execute(_UNTIL, {"workspace_id": workspace_id})).scalar_one_or_none()
    if until is None or day >= until:
        return
    of = {"workspace_id": workspace_id, "month": day.replace(day=1)}
    await connection.execute(_DROP, of)
    await connection.execute(_SUM, {**of, "following": month_after(day)})


def month_after(day: date) -> date:
    """The first day of the month after a day's."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
