"""What happened in runs, in order: for those who watch."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Logged:
    """One thing that happened. `seq` grows within a run."""

    seq: int
    name: str
    detail: dict[str, Any]
    at: datetime


_ADD = text("INSERT INTO run_log (run_id, name, detail, at) VALUES (:run_id, :name, CAST(:detail AS jsonb), :now)")

_AFTER = text("""
    SELECT seq, name, detail, at FROM run_log WHERE run_id = :run_id AND seq > :after ORDER BY seq LIMIT :limit
""")


async def add(connection: AsyncConnection, run_id: UUID, name: str, detail: dict[str, Any], *, now: datetime) -> None:
    """Note that something happened. `detail` holds ids, states and figures; never content."""
    given = {"run_id": run_id, "name": name, "detail": orjson.dumps(detail).decode(), "now": now}
    await connection.execute(_ADD, given)


async def after(connection: AsyncConnection, run_id: UUID, seq: int, *, limit: int = 500) -> list[Logged]:
    """What happened after `seq`, oldest first."""
    rows = await connection.execute(_AFTER, {"run_id": run_id, "after": seq, "limit": limit})
    return [Logged(row.seq, row.name, row.detail, row.at) for row in rows]
