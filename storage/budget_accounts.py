"""`budget_accounts` and `budget_slices`: a budget's limit in one window, handed out to slices that nobody queues for.

In every hard account `free + sum(room + reserved + spent) = amount`, `room` and `reserved` never being below 0: what is spent
and reserved is therefore never above what was handed out. Locks are taken in one order: accounts by their key, in an account the
header before the slices, the slices by their number. A locked slice is passed over rather than waited for, but by `gather`.

An account owes where `free` is below 0: its limit was lowered below what was reserved, or calls came to more than was
reserved. What is given back then pays for that first. So whoever makes an account owe bars its slices, and what they get back
stays there until it is gathered: a bar is in the slice's own row, so that nobody who reserves can miss it.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.budgets import AccountKey, Totals

MOST_SLICES = 64
"""Slices of an account at most; there are as many as were needed at once."""

_AT = "budget_id = :budget_id AND subject = :subject AND window_start = :window_start"

# The statements below splice in nothing but the constant above.
_OPEN = text("""
    INSERT INTO budget_accounts (budget_id, subject, window_start, window_end, amount, free)
    SELECT b.id, :subject, :window_start, :window_end, b.amount, b.amount
      FROM (SELECT id, amount FROM budgets WHERE id = :budget_id FOR SHARE) b
    ON CONFLICT DO NOTHING
""")

_TOTALS = text(f"""
    SELECT a.amount, a.free,
           (SELECT coalesce(sum(spent), 0) FROM budget_slots WHERE {_AT} AND slot_end <= :forgotten) AS forgotten,
           s.room, s.reserved, s.spent
      FROM budget_accounts a,
           LATERAL (SELECT coalesce(sum(room), 0) AS room, coalesce(sum(reserved), 0) AS reserved,
                           coalesce(sum(spent), 0) AS spent FROM budget_slices WHERE {_AT}) s
     WHERE {_AT}
""")  # noqa: S608

_LOCK = text(f"SELECT amount, free FROM budget_accounts WHERE {_AT} FOR NO KEY UPDATE")  # noqa: S608
_LOCK_SLICES = text(f"SELECT ordinal, room FROM budget_slices WHERE {_AT} ORDER BY ordinal FOR UPDATE")  # noqa: S608
_EMPTY = text(f"UPDATE budget_slices SET room = 0 WHERE {_AT} AND room > 0")  # noqa: S608
_FREE = text(f"UPDATE budget_accounts SET free = free + :change WHERE {_AT} RETURNING free")  # noqa: S608
_LIMIT = text(f"""
    UPDATE budget_accounts SET amount = amount + :change, free = free + :change WHERE {_AT} RETURNING free
""")  # noqa: S608
_BAR = text(f"UPDATE budget_slices SET barred = true WHERE {_AT} AND NOT barred")  # noqa: S608

_FORGET = text(f"DELETE FROM budget_slots WHERE {_AT} AND slot_end <= :forgotten RETURNING ordinal, spent")  # noqa: S608
_UNSPEND = text(f"UPDATE budget_slices SET spent = spent - :spent WHERE {_AT} AND ordinal = :ordinal")  # noqa: S608

_IDLE = text(f"SELECT ordinal FROM budget_slices WHERE {_AT} ORDER BY ordinal LIMIT 1 FOR UPDATE SKIP LOCKED")  # noqa: S608
_COUNT = text(f"SELECT count(*) FROM budget_slices WHERE {_AT}")  # noqa: S608
_CUT = text("""
    INSERT INTO budget_slices (budget_id, subject, window_start, ordinal)
    VALUES (:budget_id, :subject, :window_start, :ordinal)
""")
_WAIT = text(f"SELECT ordinal FROM budget_slices WHERE {_AT} AND ordinal = :ordinal FOR UPDATE")  # noqa: S608
_FILL = text(f"UPDATE budget_slices SET room = room + :room, barred = false WHERE {_AT} AND ordinal = :ordinal")  # noqa: S608

_LIVE = text("""
    SELECT subject, window_start FROM budget_accounts
     WHERE budget_id = :budget_id AND (window_end IS NULL OR window_end > :now)
""")

_SUBJECTS = text("""
    SELECT subject FROM budget_accounts WHERE budget_id = :budget_id AND window_start = :window_start
     ORDER BY subject LIMIT :limit
""")


async def open_account(connection: AsyncConnection, key: AccountKey, *, window_end: datetime | None) -> None:
    """Make the account where there is none yet, with the budget's limit of now."""
    await connection.execute(_OPEN, {**_named(key), "window_end": window_end})


async def totals(connection: AsyncConnection, key: AccountKey, *, forgotten: datetime) -> Totals | None:
    """The account's state, as of one moment; None where nothing was reserved in it yet. Slots up to `forgotten` do not count."""
    row = (await connection.execute(_TOTALS, {**_named(key), "forgotten": forgotten})).one_or_none()
    if row is None:
        return None
    return Totals(row.amount, row.spent - row.forgotten, row.reserved, row.free + row.room + row.forgotten)


async def lock(connection: AsyncConnection, key: AccountKey) -> Decimal:
    """Hold the account's header; what no slice holds."""
    row = (await connection.execute(_LOCK, _named(key))).one()
    free: Decimal = row.free
    return free


async def gather(connection: AsyncConnection, key: AccountKey) -> Decimal:
    """Take back what slices hold and have not reserved; how much that was. The header is held by the caller."""
    rows = (await connection.execute(_LOCK_SLICES, _named(key))).all()
    room = sum((row.room for row in rows), Decimal(0))
    if room:
        await connection.execute(_EMPTY, _named(key))
        await add_free(connection, key, room)
    return room


async def forget(connection: AsyncConnection, key: AccountKey, *, forgotten: datetime) -> Decimal:
    """Free what was spent in slots up to `forgotten`; how much that was. The header is held by the caller."""
    await connection.execute(_LOCK_SLICES, _named(key))
    rows = (await connection.execute(_FORGET, {**_named(key), "forgotten": forgotten})).all()
    spent: dict[int, Decimal] = {}
    for row in rows:
        spent[row.ordinal] = spent.get(row.ordinal, Decimal(0)) + row.spent
    for ordinal, amount in sorted(spent.items()):
        await connection.execute(_UNSPEND, {**_named(key), "ordinal": ordinal, "spent": amount})
    freed = sum(spent.values(), Decimal(0))
    if freed:
        await add_free(connection, key, freed)
    return freed


async def add_free(connection: AsyncConnection, key: AccountKey, change: Decimal) -> None:
    """Change what no slice holds. The header is held by the caller."""
    free: Decimal = (await connection.execute(_FREE, {**_named(key), "change": change})).scalar_one()
    if change < 0 and free < 0:
        await connection.execute(_BAR, _named(key))


async def idle_slice(connection: AsyncConnection, key: AccountKey, *, spread: int) -> int:
    """A slice, locked: one that nobody else works on, else a new one, else number `spread`. The header is held by the caller."""
    ordinal: int | None = (await connection.execute(_IDLE, _named(key))).scalar_one_or_none()
    if ordinal is not None:
        return ordinal
    count: int = (await connection.execute(_COUNT, _named(key))).scalar_one()
    if count < MOST_SLICES:
        await connection.execute(_CUT, {**_named(key), "ordinal": count})
        return count
    found: int = (await connection.execute(_WAIT, {**_named(key), "ordinal": spread % MOST_SLICES})).scalar_one()
    return found


async def fill(connection: AsyncConnection, key: AccountKey, ordinal: int, room: Decimal) -> None:
    """Hand `room` to a slice, out of what is free, which is at least as much. Header and slice are held by the caller."""
    await connection.execute(_FILL, {**_named(key), "ordinal": ordinal, "room": room})
    await add_free(connection, key, -room)


async def change_limits(connection: AsyncConnection, budget_id: UUID, change: Decimal, *, now: datetime) -> None:
    """Raise or lower the limit of every window that is not over. Where it is lowered slices give back what they hold first."""
    rows = (await connection.execute(_LIVE, {"budget_id": budget_id, "now": now})).all()
    for key in sorted(AccountKey(budget_id, row.subject, row.window_start) for row in rows):
        await change_limit(connection, key, change)


async def change_limit(connection: AsyncConnection, key: AccountKey, change: Decimal) -> None:
    """Raise or lower one account's limit."""
    await lock(connection, key)
    if change < 0:
        await gather(connection, key)
    free: Decimal = (await connection.execute(_LIMIT, {**_named(key), "change": change})).scalar_one()
    if free < 0:
        await connection.execute(_BAR, _named(key))


async def subjects(
    connection: AsyncConnection, budget_id: UUID, *, window_start: datetime, limit: int
) -> Sequence[str]:
    """Whom the budget has counted in a window, where it counts each for himself."""
    asked = {"budget_id": budget_id, "window_start": window_start, "limit": limit}
    return list((await connection.execute(_SUBJECTS, asked)).scalars())


def _named(key: AccountKey) -> dict[str, Any]:
    return {"budget_id": key.budget_id, "subject": key.subject, "window_start": key.window_start}
