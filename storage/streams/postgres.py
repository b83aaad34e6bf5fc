"""The log in PostgreSQL: an unlogged table whose rows are batches, and NOTIFY between processes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from contracts.streams import Position
from storage.streams.codec import Row
from storage.streams.listening import Listening
from storage.streams.signals import CHANNEL
from storage.streams.store import Batch, Key, Listener, Outcome

_COMMAND_SECONDS = 10.0
_POOL = 4
_SETTINGS = {"application_name": "perdure-streams", "jit": "off", "timezone": "UTC", "synchronous_commit": "off"}

_WRITE = """
WITH batch AS (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::bytea[])
        AS b(turn_id, attempt, previous, seq_first, seq_last, records)
), judged AS (
    SELECT b.*, coalesce(t.attempt <= b.attempt, false) AS newest,
           b.previous = 0 OR EXISTS (
               SELECT FROM stream_log p
                WHERE p.turn_id = b.turn_id AND p.attempt = b.attempt AND p.seq_first = b.previous
           ) AS joined
      FROM batch b LEFT JOIN turns t ON t.id = b.turn_id
), written AS (
    INSERT INTO stream_log (turn_id, attempt, seq_first, seq_last, records)
    SELECT turn_id, attempt, seq_first, seq_last, records FROM judged WHERE newest AND joined
    ON CONFLICT DO NOTHING
    RETURNING turn_id, attempt, seq_first
)
SELECT j.turn_id, j.attempt, j.newest, w.turn_id IS NOT NULL AS written
  FROM judged j LEFT JOIN written w USING (turn_id, attempt, seq_first)
UNION ALL
SELECT NULL, NULL, NULL, count(pg_notify($7, line)) > 0 FROM unnest($8::text[]) AS line
"""

_LAST = """
SELECT k.turn_id, k.attempt, max(s.seq_last) AS seq
  FROM unnest($1::uuid[], $2::int[]) AS k(turn_id, attempt)
  JOIN stream_log s ON s.turn_id = k.turn_id AND s.attempt = k.attempt
 GROUP BY k.turn_id, k.attempt
"""

# The row that a position stands in the middle of, if any, and those that begin after it: both straight from the primary key.
_AFTER = """
SELECT s.turn_id, s.attempt, s.seq_first, s.seq_last, s.records
  FROM unnest($1::uuid[], $2::int[], $3::int[]) AS w(turn_id, attempt, seq)
 CROSS JOIN LATERAL (
    (SELECT * FROM stream_log r WHERE r.turn_id = w.turn_id AND r.attempt = w.attempt AND r.seq_first <= w.seq
      ORDER BY r.seq_first DESC LIMIT 1)
    UNION ALL
    SELECT * FROM stream_log r WHERE r.turn_id = w.turn_id AND (r.attempt, r.seq_first) > (w.attempt, w.seq)
 ) s
 WHERE s.attempt > w.attempt OR s.seq_last > w.seq
"""

_PRESENT = """
SELECT w.turn_id FROM unnest($1::uuid[]) AS w(turn_id)
 WHERE EXISTS (SELECT FROM stream_log s WHERE s.turn_id = w.turn_id)
"""

_SAY = "SELECT count(pg_notify($1, line)) FROM unnest($2::text[]) AS line"

_PURGE = """
WITH gone AS (
    DELETE FROM stream_log s
     WHERE s.created_at < $1
       AND NOT EXISTS (SELECT FROM stream_log n WHERE n.turn_id = s.turn_id AND n.created_at >= $1)
    RETURNING 1
)
SELECT count(*) FROM gone
"""


async def _as_it_is(_connection: Any) -> None:
    """Nothing here sets, locks, listens or declares a cursor: a connection needs no round trip to be used again."""


class PostgresStore:
    """A `Store` in the database that holds `turns`, whose `attempt` is the fence."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: Any = None
        self._listening: Listening | None = None

    async def start(self, listener: Listener) -> None:
        """Connect; raises what asyncpg raises."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=1,
            max_size=_POOL,
            command_timeout=_COMMAND_SECONDS,
            timeout=_COMMAND_SECONDS,
            server_settings=_SETTINGS,
            reset=_as_it_is,
        )
        self._listening = Listening(self._dsn, listener, _SETTINGS)
        await self._listening.start()

    async def aclose(self) -> None:
        """Let go of all connections."""
        if self._listening is not None:
            await self._listening.aclose()
        if self._pool is not None:
            self._pool.terminate()

    async def begin(self, turn_id: UUID, attempt: int) -> None:
        """Nothing to do: the attempt's number stands in `turns` before it begins."""

    async def write(self, batches: Sequence[Batch], lines: Sequence[str]) -> Mapping[Key, Outcome]:
        """Append and notify in one statement."""
        rows = [(batch, row) for batch in batches for row in batch.rows]
        found = await self._pool.fetch(
            _WRITE,
            [row.turn_id for _, row in rows],
            [row.attempt for _, row in rows],
            [batch.previous for batch, _ in rows],
            [row.seq_first for _, row in rows],
            [row.seq_last for _, row in rows],
            [row.records for _, row in rows],
            CHANNEL,
            lines,
        )
        outcomes: dict[Key, Outcome] = {}
        for turn_id, attempt, newest, written in found:
            if turn_id is None:
                continue
            key = (turn_id, attempt)
            if not newest:
                outcomes[key] = Outcome.FENCED
            elif not written:
                outcomes[key] = Outcome.ADRIFT
            else:
                outcomes.setdefault(key, Outcome.WRITTEN)
        return outcomes

    async def last(self, keys: Collection[Key]) -> Mapping[Key, int]:
        """The highest `seq` in the log of each attempt that has any."""
        rows = await self._pool.fetch(_LAST, [key[0] for key in keys], [key[1] for key in keys])
        return {(row["turn_id"], row["attempt"]): row["seq"] for row in rows}

    async def after(self, positions: Mapping[UUID, Position]) -> list[Row]:
        """The rows that hold anything after each turn's position, each turn's in order."""
        if not positions:
            return []
        rows = await self._pool.fetch(
            _AFTER,
            list(positions),
            [position.attempt for position in positions.values()],
            [position.seq for position in positions.values()],
        )
        by_turn: dict[UUID, list[Row]] = defaultdict(list)
        for row in rows:
            by_turn[row["turn_id"]].append(Row(*row))
        return [row for some in by_turn.values() for row in sorted(some, key=lambda row: (row.attempt, row.seq_first))]

    async def present(self, turn_ids: Collection[UUID]) -> set[UUID]:
        """Which of the turns have anything in the log."""
        return {row["turn_id"] for row in await self._pool.fetch(_PRESENT, list(turn_ids))}

    async def say(self, lines: Sequence[str]) -> None:
        """Notify the other processes."""
        await self._pool.execute(_SAY, CHANNEL, lines)

    async def purge(self, older_than: datetime) -> int:
        """Remove streams that were last written before. How many rows that were."""
        count: int = await self._pool.fetchval(_PURGE, older_than)
        return count
