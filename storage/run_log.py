"""What happened in runs, in order: for those who watch.

Rows are numbered before their transactions commit, so that a number may turn up after a higher one was read. They are read by
transaction, and told of only when every transaction that began to write before theirs has ended: nothing then comes late.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class LogMark(NamedTuple):
    """A place in a run's log: the transaction's number, and the row's within all logs. They grow."""

    tx: int
    seq: int

    @classmethod
    def parse(cls, given: str) -> "LogMark":
        """Read what `str` gives. Raises ValueError for anything else."""
        tx, dot, seq = given.partition(".")
        if not (dot and all(one.isascii() and one.isdigit() and len(one) < 19 for one in (tx, seq))):
            raise ValueError("the id is not one of this stream's")
        return cls(int(tx), int(seq))

    def __str__(self) -> str:
        return f"{self.tx}.{self.seq}"


START = LogMark(0, 0)


@dataclass(frozen=True, slots=True)
class Logged:
    """One thing that happened."""

    mark: LogMark
    name: str
    detail: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class LogPage:
    """What happened, oldest first, as far as it can be told.

    `last` is the newest row that was looked at: those between `rows` and it come in a later page, as do those beyond it where
    there are `more`.
    """

    rows: list[Logged]
    last: LogMark
    more: bool


_ADD = text("INSERT INTO run_log (run_id, name, detail, at) VALUES (:run_id, :name, CAST(:detail AS jsonb), :now)")

# A row that can be seen is of a transaction older than the snapshot's end, unless it was restored from another cluster.
_AFTER = text("""
    SELECT tx, seq, name, detail, at,
           tx < CAST(CAST(pg_snapshot_xmin(now) AS text) AS bigint)
           OR tx >= CAST(CAST(pg_snapshot_xmax(now) AS text) AS bigint) AS settled
      FROM run_log, pg_current_snapshot() AS now
     WHERE run_id = :run_id AND (tx, seq) > (CAST(:tx AS bigint), CAST(:seq AS bigint))
     ORDER BY tx, seq LIMIT :limit
""")


async def add(connection: AsyncConnection, run_id: UUID, name: str, detail: dict[str, Any], *, now: datetime) -> None:
    """Note that something happened. `detail` holds ids, states and figures; never content."""
    given = {"run_id": run_id, "name": name, "detail": orjson.dumps(detail).decode(), "now": now}
    await connection.execute(_ADD, given)


async def after(connection: AsyncConnection, run_id: UUID, mark: LogMark, *, limit: int = 500) -> LogPage:
    """What happened after `mark`, as far as nothing older can turn up any more."""
    given = {"run_id": run_id, "tx": mark.tx, "seq": mark.seq, "limit": limit}
    found = (await connection.execute(_AFTER, given)).all()
    rows = [
        Logged(LogMark(row.tx, row.seq), row.name, row.detail, row.at)
        for row in takewhile(lambda row: row.settled, found)
    ]
    last = LogMark(found[-1].tx, found[-1].seq) if found else mark
    return LogPage(rows, last, more=len(found) == limit)
