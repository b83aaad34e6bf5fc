"""Dropping what budgets no longer need: settled reservations, and windows that are long over."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

KEEP: Final = timedelta(days=32)
"""Longer than the longest window that ends: a month, with the hour that a clock repeats in autumn."""

# What was charged stays in the account, so that its sums still prove what is spent.
_RESERVATIONS = text("""
    WITH gone AS (
      DELETE FROM reservations r USING (
        SELECT turn_id, step, attempt, budget_id, subject, window_start FROM reservations
         WHERE reserved_at < :before AND settled_at < :before LIMIT :limit FOR UPDATE SKIP LOCKED
      ) o
       WHERE (r.turn_id, r.step, r.attempt, r.budget_id, r.subject, r.window_start)
           = (o.turn_id, o.step, o.attempt, o.budget_id, o.subject, o.window_start)
      RETURNING r.budget_id, r.subject, r.window_start, r.charged
    ), sums AS (
      SELECT budget_id, subject, window_start, sum(charged) AS charged FROM gone GROUP BY 1, 2, 3
    ), kept AS (
      UPDATE budget_accounts a SET purged = a.purged + s.charged FROM sums s
       WHERE (a.budget_id, a.subject, a.window_start) = (s.budget_id, s.subject, s.window_start) AND s.charged <> 0
    )
    SELECT count(*) FROM gone
""")

# Whatever was reserved in a window was reserved before its end; `reserved_at` has an index that knows how few are so old.
_WINDOWS = text("""
    WITH over AS (
      SELECT a.budget_id, a.subject, a.window_start FROM budget_accounts a
       WHERE a.window_end < :before
         AND NOT EXISTS (SELECT FROM reservations r WHERE (r.budget_id, r.subject, r.window_start)
                                                        = (a.budget_id, a.subject, a.window_start)
                                                      AND r.reserved_at < :before)
       LIMIT :limit FOR UPDATE SKIP LOCKED
    ), slices AS (
      DELETE FROM budget_slices s USING over o
       WHERE (s.budget_id, s.subject, s.window_start) = (o.budget_id, o.subject, o.window_start)
    )
    DELETE FROM budget_accounts a USING over o
     WHERE (a.budget_id, a.subject, a.window_start) = (o.budget_id, o.subject, o.window_start)
""")


async def purge_reservations(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Drop settled reservations that were made and settled before `before`, at most `limit`; how many."""
    found: int = (await connection.execute(_RESERVATIONS, {"before": before, "limit": limit})).scalar_one()
    return found


async def purge_windows(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Drop the accounts of windows that ended before `before` and have no reservation left, at most `limit`; how many."""
    return (await connection.execute(_WINDOWS, {"before": before, "limit": limit})).rowcount
