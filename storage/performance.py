"""`model_performance`: decayed sums by model and process, in which no two processes write the same row.

A process writes its whole sums and no increments, so that a write whose fate is unknown can be sent again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.health import ProcessSums, Sums

_WRITE = text("""
    INSERT INTO model_performance (provider, model, process, at, calls, answered, first_token, seconds, tokens, speaking,
                                   errors, in_flight, updated_at)
    SELECT r.*, clock_timestamp() FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        provider text, model text, process text, at timestamptz, calls float8, answered float8, first_token float8[],
        seconds float8, tokens float8, speaking float8, errors jsonb, in_flight int)
    ON CONFLICT (provider, model, process) DO UPDATE SET
        at = excluded.at, calls = excluded.calls, answered = excluded.answered, first_token = excluded.first_token,
        seconds = excluded.seconds, tokens = excluded.tokens, speaking = excluded.speaking, errors = excluded.errors,
        in_flight = excluded.in_flight, updated_at = excluded.updated_at
""")

# Rows commit out of order: look two seconds further back than what was seen. What was told of calls in flight holds for five.
_READ = text("""
    SELECT provider, model, process, at, calls, answered, first_token, seconds, tokens, speaking, errors, updated_at,
           CASE WHEN updated_at > clock_timestamp() - interval '5 seconds' THEN in_flight ELSE 0 END AS in_flight
      FROM model_performance
     WHERE CAST(:since AS timestamptz) IS NULL OR updated_at > CAST(:since AS timestamptz) - interval '2 seconds'
        OR (in_flight > 0 AND updated_at > CAST(:since AS timestamptz) - interval '10 seconds')
""")

_PURGE = text("DELETE FROM model_performance WHERE updated_at < :before")


async def write(connection: AsyncConnection, rows: Sequence[ProcessSums]) -> None:
    """Keep a process's sums, in one statement."""
    if not rows:
        return
    values = [
        {
            "provider": row.provider,
            "model": row.model,
            "process": row.process,
            "at": row.sums.at,
            "calls": row.sums.calls,
            "answered": row.sums.answered,
            "first_token": row.sums.first_token,
            "seconds": row.sums.seconds,
            "tokens": row.sums.tokens,
            "speaking": row.sums.speaking,
            "errors": dict(row.sums.errors),
            "in_flight": row.in_flight,
        }
        for row in rows
    ]
    await connection.execute(_WRITE, {"rows": orjson.dumps(values).decode()})


async def read(
    connection: AsyncConnection, *, since: datetime | None = None
) -> tuple[list[ProcessSums], datetime | None]:
    """The rows that changed after `since` (all without), and what to give as `since` the next time."""
    rows = (await connection.execute(_READ, {"since": since})).all()
    newest = max((row.updated_at for row in rows), default=since)
    return [_sums(row) for row in rows], newest


async def purge(connection: AsyncConnection, *, before: datetime) -> int:
    """Drop rows that nobody wrote since `before`; how many."""
    return int((await connection.execute(_PURGE, {"before": before})).rowcount)


def _sums(row: Any) -> ProcessSums:
    sums = Sums(
        at=row.at,
        calls=row.calls,
        answered=row.answered,
        first_token=tuple(row.first_token),
        seconds=row.seconds,
        tokens=row.tokens,
        speaking=row.speaking,
        errors=row.errors,
    )
    return ProcessSums(row.provider, row.model, row.process, row.in_flight, sums)
