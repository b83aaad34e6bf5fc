"""The invariants of the ledger and of budgets, asked of a live database in one snapshot."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.invariant import Invariant
from storage.invariants_budgets import OF_BUDGETS
from storage.invariants_ledger import OF_SUMS, OF_THE_LEDGER
from storage.purging import KEEP

RECENT: Final = timedelta(minutes=2)
"""What is younger may be about to be put right by an attempt or a sweeper."""
INVARIANTS: Final = (*OF_BUDGETS, *OF_THE_LEDGER, *OF_SUMS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many rows break an invariant, and the first of them."""

    invariant: Invariant
    broken: int
    examples: tuple[dict[str, Any], ...]

    def sentences(self) -> list[str]:
        """What is to be said of each example."""
        return [self.invariant.says.format_map(row) for row in self.examples]


async def verify(connection: AsyncConnection, *, now: datetime, examples: int = 5) -> list[Verdict]:
    """Ask every invariant, at the beginning of a transaction; it is made one snapshot, and read only."""
    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    times = {"before": now - RECENT, "kept": now - KEEP}
    found = []
    for one in INVARIANTS:
        # What is spliced in are the statements of the invariants.
        query = text(f"SELECT count(*) OVER () AS all_of_them, broken.* FROM ({one.query}) broken LIMIT :examples")  # noqa: S608
        given = {"examples": examples, **{name: time for name, time in times.items() if f":{name}" in one.query}}
        rows = (await connection.execute(query, given)).mappings().all()
        shown = tuple({name: value for name, value in row.items() if name != "all_of_them"} for row in rows)
        found.append(Verdict(one, rows[0]["all_of_them"] if rows else 0, shown))
    return found


async def wrong_days(connection: AsyncConnection) -> list[tuple[UUID, date]]:
    """The workspaces and days whose sums are not what the ledger says, oldest first."""
    found: set[tuple[UUID, date]] = set()
    for one in OF_SUMS:
        rows = await connection.execute(text(f"SELECT DISTINCT workspace_id, day FROM ({one.query}) broken"))  # noqa: S608
        found |= {(row.workspace_id, row.day) for row in rows}
    return sorted(found, key=lambda one: (one[1], one[0]))
