"""The invariants of the ledger and of budgets, asked of a live database in one snapshot."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

RECENT = timedelta(minutes=2)
"""What is younger may be about to be put right by an attempt or a sweeper."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement that has to hold. `query` finds what breaks it, oldest first; `meaning` says what it means and what to do.

    `grave` False: an exception is explained by what is allowed to happen, and no fault.
    """

    name: str
    holds: str
    meaning: str
    query: str
    grave: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many rows break an invariant, and the first of them."""

    invariant: Invariant
    broken: int
    examples: tuple[dict[str, Any], ...]


_SUMS = """
    WITH slices AS (
      SELECT budget_id, subject, window_start, sum(room) AS room, sum(reserved) AS reserved, sum(spent) AS spent
        FROM budget_slices GROUP BY 1, 2, 3
    ), said AS (
      SELECT budget_id, subject, window_start, coalesce(sum(amount) FILTER (WHERE charged IS NULL), 0) AS reserved,
             coalesce(sum(charged), 0) AS spent, coalesce(sum(greatest(charged - amount, 0)), 0) AS beyond
        FROM reservations GROUP BY 1, 2, 3
    ), slots AS (
      SELECT budget_id, subject, window_start, sum(spent) AS spent FROM budget_slots GROUP BY 1, 2, 3
    ), account AS (
      SELECT a.budget_id, a.subject, a.window_start, a.amount, a.free, b.hard, b.rolling,
             coalesce(s.room, 0) AS room, coalesce(s.reserved, 0) AS reserved, coalesce(s.spent, 0) AS spent,
             coalesce(said.reserved, 0) AS said_reserved, a.purged + coalesce(said.spent, 0) AS said_spent,
             coalesce(said.beyond, 0) AS beyond, coalesce(slots.spent, 0) AS slots_spent
        FROM budget_accounts a JOIN budgets b ON b.id = a.budget_id
        LEFT JOIN slices s USING (budget_id, subject, window_start)
        LEFT JOIN said USING (budget_id, subject, window_start)
        LEFT JOIN slots USING (budget_id, subject, window_start)
    )
"""


def _of_accounts(query: str) -> str:
    return _SUMS + query


INVARIANTS = (
    Invariant(
        "accounts_sum",
        "In every hard budget's window, what is free, held by slices, reserved and spent sums to the limit.",
        "Amounts were changed outside Perdure, or this is a fault of it: please report it.",
        _of_accounts("""SELECT budget_id, subject, window_start, amount, free, room, reserved, spent FROM account
              WHERE hard AND free + room + reserved + spent <> amount ORDER BY window_start"""),
    ),
    Invariant(
        "accounts_match_reservations",
        "What an account says is reserved and spent is what its reservations say.",
        "Amounts were changed outside Perdure, or this is a fault of it: please report it.",
        _of_accounts("""SELECT budget_id, subject, window_start, reserved, said_reserved, spent,
                    CASE WHEN rolling THEN slots_spent ELSE said_spent END AS said_spent
               FROM account
              WHERE reserved <> said_reserved OR spent <> CASE WHEN rolling THEN slots_spent ELSE said_spent END
              ORDER BY window_start"""),
    ),
    Invariant(
        "limits_hold",
        "In every hard budget's window, spent and reserved together are within the limit.",
        "Calls came to more than was reserved for them (`beyond`: a provider counted more tokens than the worst that was "
        "expected, or searched more often), or the limit was lowered below what was spent. Nothing more is accepted until "
        "there is room.",
        _of_accounts("""SELECT budget_id, subject, window_start, amount, spent, reserved, beyond FROM account
              WHERE hard AND spent + reserved > amount ORDER BY window_start"""),
        grave=False,
    ),
    Invariant(
        "nothing_left_reserved",
        "Nothing is reserved for attempts that are over.",
        "A worker died. The sweeper settles these within a minute; where they stay, no worker runs.",
        """SELECT r.turn_id, r.step, r.attempt, r.budget_id, r.unit, r.amount, r.reserved_at, u.state AS attempt_state,
                  t.state AS turn_state
             FROM reservations r
             LEFT JOIN model_usage u ON u.turn_id = r.turn_id AND u.step = r.step AND u.attempt = r.attempt
             LEFT JOIN turns t ON t.id = r.turn_id
            WHERE r.settled_at IS NULL AND r.reserved_at < :before
              AND (u.state IS DISTINCT FROM 'open' OR t.state IS NULL OR t.state NOT IN ('accepted', 'running'))
            ORDER BY r.reserved_at""",
    ),
    Invariant(
        "charges_match_the_ledger",
        "What was charged to a budget is what the ledger says of the attempt.",
        "Rows of the ledger were changed or deleted outside Perdure, or this is a fault of it: please report it.",
        """SELECT r.turn_id, r.step, r.attempt, r.budget_id, r.unit, r.charged, u.cost,
                  u.input_uncached + u.cache_read + u.cache_write + u.output AS tokens, u.state
             FROM reservations r
             LEFT JOIN model_usage u ON u.turn_id = r.turn_id AND u.step = r.step AND u.attempt = r.attempt
            WHERE r.settled_at IS NOT NULL AND r.charged IS DISTINCT FROM CASE r.unit
                    WHEN 'usd' THEN round(u.cost, 12)
                    WHEN 'tokens' THEN u.input_uncached + u.cache_read + u.cache_write + u.output
                    ELSE CASE WHEN u.input_uncached + u.cache_read + u.cache_write + u.output > 0 OR round(u.cost, 12) <> 0
                         THEN 1 ELSE 0 END END
            ORDER BY r.reserved_at""",
    ),
    Invariant(
        "nothing_left_open",
        "No attempt is open whose turn has ended.",
        "The attempt's worker may still be busy with it; where it stays, the worker died while the turn was being closed.",
        """SELECT u.turn_id, u.step, u.attempt, u.started_at, t.state AS turn_state
             FROM model_usage u JOIN turns t ON t.id = u.turn_id
            WHERE u.state = 'open' AND u.started_at < :before AND t.state NOT IN ('accepted', 'running')
            ORDER BY u.started_at""",
    ),
    Invariant(
        "parts_sum",
        "The parts of a cost sum to it exactly.",
        "The row was changed outside Perdure, or this is a fault of it: please report it.",
        """SELECT turn_id, step, attempt, cost, cost_parts FROM model_usage
            WHERE cost_parts <> '{}'::jsonb
              AND cost <> (SELECT sum(value::numeric) FROM jsonb_each_text(cost_parts)) ORDER BY started_at""",
    ),
    Invariant(
        "turns_sum",
        "A turn's cost is that of its attempts.",
        "An attempt that was thought dead answered after its turn had ended, and was billed: the ledger is right.",
        """SELECT t.id AS turn_id, (t.result -> 'cost' ->> 'total')::numeric AS said, sum(u.cost) AS ledger
             FROM turns t JOIN model_usage u ON u.turn_id = t.id
            WHERE t.result -> 'cost' ->> 'total' IS NOT NULL
            GROUP BY t.id HAVING (t.result -> 'cost' ->> 'total')::numeric <> sum(u.cost) ORDER BY t.id""",
        grave=False,
    ),
)


async def verify(connection: AsyncConnection, *, now: datetime, examples: int = 5) -> list[Verdict]:
    """Ask every invariant, at the beginning of a transaction; it is made one snapshot, and read only."""
    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    found = []
    for one in INVARIANTS:
        # What is spliced in are the statements above.
        query = text(f"SELECT count(*) OVER () AS all_of_them, broken.* FROM ({one.query}) broken LIMIT :examples")  # noqa: S608
        given = {"examples": examples, **({"before": now - RECENT} if ":before" in one.query else {})}
        rows = (await connection.execute(query, given)).mappings().all()
        shown = tuple({name: value for name, value in row.items() if name != "all_of_them"} for row in rows)
        found.append(Verdict(one, rows[0]["all_of_them"] if rows else 0, shown))
    return found
