"""`reservations`: amounts set aside for an attempt in every budget that counts it, and what they came to.

The amounts of a transaction are reserved, or settled, in the order of their accounts, and never both in one transaction.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.budgets import AccountKey, Charge, Shortfall, Unit, Want
from storage import budget_accounts as accounts

Ahead = Callable[[Decimal, int], Decimal]
"""How much a slice takes ahead of what is free, of so many slices."""
SlotOf = Callable[[int, datetime], datetime]
"""The end of the slot, of so many seconds, that a moment is in."""


@dataclass(frozen=True, slots=True)
class AttemptKey:
    """Names an attempt."""

    turn_id: UUID
    step: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """An amount of one attempt in one account. `charged` None: it is held."""

    attempt: AttemptKey
    account: AccountKey
    workspace_id: UUID
    unit: Unit
    amount: Decimal
    charged: Decimal | None
    reserved_at: datetime


_AT = "budget_id = :budget_id AND subject = :subject AND window_start = :window_start"
_OF = "turn_id = :turn_id AND step = :step AND attempt = :attempt"


def _same(one: str, other: str) -> str:
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in ("budget_id", "subject", "window_start"))


# The statements below splice in nothing but the constants above.
_TAKE = text(f"""
    WITH picked AS (
      SELECT ordinal FROM budget_slices WHERE {_AT} AND (NOT :hard OR (room >= :amount AND NOT barred))
       ORDER BY (ordinal + :spread) % {accounts.MOST_SLICES} LIMIT 1 FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE budget_slices s SET reserved = reserved + :amount, room = CASE WHEN :hard THEN room - :amount ELSE room END
        FROM picked WHERE {_AT} AND s.ordinal = picked.ordinal RETURNING s.ordinal
    )
    INSERT INTO reservations (turn_id, step, attempt, budget_id, subject, window_start, workspace_id, ordinal, unit, hard,
                              slot_seconds, amount, reserved_at)
    SELECT :turn_id, :step, :attempt, :budget_id, :subject, :window_start, :workspace_id, taken.ordinal, :unit, :hard,
           :slot_seconds, :amount, :now FROM taken
    RETURNING ordinal
""")  # noqa: S608

# All of an attempt's amounts at once, unless one of them came to more than is at hand: then nothing. Slices are locked in the
# order of their accounts, as Python sorts these.
_SETTLE_ALL = text(f"""
    WITH held AS MATERIALIZED (
      SELECT budget_id, subject, window_start, ordinal, unit, hard, slot_seconds, amount, charged,
             CASE unit WHEN 'usd' THEN CAST(:usd AS numeric) WHEN 'tokens' THEN CAST(:tokens AS numeric)
                       ELSE CAST(:requests AS numeric) END AS spent
        FROM reservations WHERE {_OF} FOR UPDATE
    ), due AS (
      SELECT *, CASE WHEN charged IS NULL THEN amount ELSE 0 END AS released, spent - coalesce(charged, 0) AS more
        FROM held WHERE charged IS DISTINCT FROM spent
    ), beyond AS (
      SELECT 1 FROM due WHERE hard AND more > released
    ), locked AS MATERIALIZED (
      SELECT d.* FROM due d JOIN budget_slices s USING (budget_id, subject, window_start, ordinal)
       WHERE NOT EXISTS (SELECT FROM beyond)
       ORDER BY budget_id, subject COLLATE "C", window_start FOR UPDATE OF s
    ), given AS (
      UPDATE budget_slices s SET reserved = s.reserved - l.released, spent = s.spent + l.more,
                                 room = CASE WHEN l.hard THEN s.room + l.released - l.more ELSE s.room END
        FROM locked l WHERE {_same("s", "l")} AND s.ordinal = l.ordinal
    ), said AS (
      UPDATE reservations r SET charged = l.spent, settled_at = :now FROM locked l WHERE {_OF} AND {_same("r", "l")}
    )
    SELECT budget_id, subject, window_start, ordinal, unit, hard, slot_seconds, amount, charged, spent,
           EXISTS (SELECT FROM beyond) AS beyond
      FROM held
""")  # noqa: S608

_REMOVE = text(f"DELETE FROM reservations WHERE {_OF}")  # noqa: S608

_SETTLE = text(f"""
    WITH charged AS (UPDATE reservations SET charged = :charged, settled_at = :now WHERE {_OF} AND {_AT})
    UPDATE budget_slices SET reserved = reserved - :released, spent = spent + :spent, room = room + :room
     WHERE {_AT} AND ordinal = :ordinal
""")  # noqa: S608

_ROOM = text(f"SELECT room FROM budget_slices WHERE {_AT} AND ordinal = :ordinal FOR UPDATE")  # noqa: S608

_SLOT = text("""
    INSERT INTO budget_slots (budget_id, subject, window_start, slot_end, ordinal, spent)
    VALUES (:budget_id, :subject, :window_start, :slot_end, :ordinal, :spent)
    ON CONFLICT (budget_id, subject, window_start, slot_end, ordinal) DO UPDATE SET spent = budget_slots.spent + excluded.spent
""")

_LEFT = text("""
    SELECT r.turn_id, r.step, r.attempt, r.budget_id, r.subject, r.window_start, r.workspace_id, r.unit, r.amount, r.charged,
           r.reserved_at
      FROM reservations r
      LEFT JOIN model_usage u ON u.turn_id = r.turn_id AND u.step = r.step AND u.attempt = r.attempt
      LEFT JOIN turns t ON t.id = r.turn_id
     WHERE r.settled_at IS NULL AND r.reserved_at < :before
       AND (u.state IS DISTINCT FROM 'open' OR t.state IS NULL OR t.state NOT IN ('accepted', 'running'))
     ORDER BY r.reserved_at LIMIT :limit
""")


async def reserve(
    connection: AsyncConnection,
    attempt: AttemptKey,
    wants: Sequence[Want],
    *,
    ahead: Ahead,
    forgotten: Callable[[Want], datetime],
    now: datetime,
) -> Shortfall | None:
    """Reserve all of `wants`. A shortfall of any: the caller has to roll the transaction back."""
    for want in sorted(wants, key=lambda one: one.key):
        if await _take(connection, attempt, want, now):
            continue
        short = await _refill(connection, attempt, want, ahead=ahead, forgotten=forgotten(want), now=now)
        if short is not None:
            return short
    return None


async def settle(
    connection: AsyncConnection, attempt: AttemptKey, charge: Charge, *, slot_of: SlotOf, now: datetime
) -> list[AccountKey]:
    """Charge what the attempt came to, and give back what is left of what it had reserved; the accounts.

    May be said again with another charge, where more became known: the difference is charged. What goes beyond the reservation is
    charged as well, since it was spent; a hard account's `free` may then fall below 0.
    """
    sums = {"usd": charge.of(Unit.USD), "tokens": charge.of(Unit.TOKENS), "requests": charge.of(Unit.REQUESTS)}
    rows = (await connection.execute(_SETTLE_ALL, {**_of(attempt), **sums, "now": now})).all()
    settled = sorted(((_key(row), row) for row in rows), key=lambda one: one[0])
    for key, row in settled:
        if row.charged == row.spent:
            continue
        if row.beyond:
            await _settle(connection, attempt, key, row, now=now)
        more = row.spent - (row.charged or Decimal(0))
        if row.slot_seconds and more:
            slot = {"slot_end": slot_of(row.slot_seconds, now), "ordinal": row.ordinal, "spent": more}
            await connection.execute(_SLOT, {**_named(key), **slot})
    return [key for key, _ in settled]


async def release(connection: AsyncConnection, attempt: AttemptKey, *, slot_of: SlotOf, now: datetime) -> None:
    """Give everything back, of an attempt that called nobody and leaves no row."""
    await settle(connection, attempt, Charge(), slot_of=slot_of, now=now)
    await connection.execute(_REMOVE, _of(attempt))


async def left_behind(connection: AsyncConnection, *, before: datetime, limit: int) -> list[Reservation]:
    """Reservations made before `before` that are still held though their attempt, or its turn, is over."""
    rows = await connection.execute(_LEFT, {"before": before, "limit": limit})
    return [
        Reservation(
            AttemptKey(row.turn_id, row.step, row.attempt),
            _key(row),
            row.workspace_id,
            Unit(row.unit),
            row.amount,
            row.charged,
            row.reserved_at,
        )
        for row in rows
    ]


async def _take(connection: AsyncConnection, attempt: AttemptKey, want: Want, now: datetime) -> bool:
    """Reserve in a slice that nobody else works on and that has room."""
    budget = want.claim.budget
    taken = await connection.execute(
        _TAKE,
        {
            **_of(attempt),
            **_named(want.key),
            "workspace_id": budget.workspace_id,
            "unit": budget.terms.unit.value,
            "hard": budget.terms.hard,
            "slot_seconds": want.window.slot_seconds,
            "amount": want.amount,
            "spread": secrets.randbelow(accounts.MOST_SLICES),
            "now": now,
        },
    )
    return taken.one_or_none() is not None


async def _refill(
    connection: AsyncConnection, attempt: AttemptKey, want: Want, *, ahead: Ahead, forgotten: datetime, now: datetime
) -> Shortfall | None:
    """Hand room to a slice, and reserve in it."""
    key, hard, amount = want.key, want.claim.budget.terms.hard, want.amount
    state = await accounts.totals(connection, key, forgotten=forgotten)
    if state is None:
        await accounts.open_account(connection, key, window_end=want.window.end)
    elif hard and state.room < amount:
        # Said without a lock, so that many who ask an exhausted budget do not queue for its answer.
        return Shortfall(want, state.room)
    free = await accounts.lock(connection, key)
    room = Decimal(0)
    if hard:
        if free < amount and want.window.slot_seconds:
            free += await accounts.forget(connection, key, forgotten=forgotten)
        if free < amount:
            free += await accounts.gather(connection, key)
        if free < amount:
            return Shortfall(want, free)
        room = amount + ahead(free - amount, accounts.MOST_SLICES)
    ordinal = await accounts.idle_slice(connection, key, spread=secrets.randbelow(accounts.MOST_SLICES))
    if hard:
        await accounts.fill(connection, key, ordinal, room)
    # Ours is the slice, and it has the room.
    if not await _take(connection, attempt, want, now):
        raise RuntimeError(f"Slice {ordinal} of budget {key.budget_id} was filled and has no room.")
    return None


async def _settle(
    connection: AsyncConnection, attempt: AttemptKey, key: AccountKey, row: Any, *, now: datetime
) -> None:
    """Settle one amount of an attempt, some of which came to more than was reserved."""
    released = row.amount if row.charged is None else Decimal(0)
    more = row.spent - (row.charged or Decimal(0))
    room = released - more if row.hard else Decimal(0)
    if room < 0:
        await accounts.lock(connection, key)
        held: Decimal = (await connection.execute(_ROOM, {**_named(key), "ordinal": row.ordinal})).scalar_one()
        beyond = max(Decimal(0), -room - held)
        if beyond:
            await accounts.add_free(connection, key, -beyond)
        room += beyond
    changes = {"released": released, "spent": more, "room": room, "charged": row.spent}
    await connection.execute(_SETTLE, {**_of(attempt), **_named(key), **changes, "ordinal": row.ordinal, "now": now})


def _key(row: Any) -> AccountKey:
    return AccountKey(row.budget_id, row.subject, row.window_start)


def _named(key: AccountKey) -> dict[str, Any]:
    return {"budget_id": key.budget_id, "subject": key.subject, "window_start": key.window_start}


def _of(attempt: AttemptKey) -> dict[str, Any]:
    return {"turn_id": attempt.turn_id, "step": attempt.step, "attempt": attempt.attempt}
