"""Events that steps of runs wait for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.artifacts import packed, unpacked

_ADD = text("""
    INSERT INTO run_events (run_id, name, payload, idempotency_key, created_at)
    VALUES (:run_id, :name, :payload, :key, :now) ON CONFLICT DO NOTHING RETURNING id
""")

_TAKE = text("""
    UPDATE run_events SET taken_at = :now
     WHERE id = (SELECT id FROM run_events WHERE run_id = :run_id AND name = :name AND taken_at IS NULL
                  ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING payload
""")


async def add(
    connection: AsyncConnection, run_id: UUID, name: str, payload: Any, *, idempotency_key: str | None, now: datetime
) -> bool:
    """Keep an event for the first step that waits for it. False: one with the same key is here already."""
    content = packed(payload, "The event's payload")
    given = {"run_id": run_id, "name": name, "payload": content, "key": idempotency_key, "now": now}
    return (await connection.execute(_ADD, given)).one_or_none() is not None


async def take(connection: AsyncConnection, run_id: UUID, name: str, *, now: datetime) -> tuple[Any] | None:
    """The oldest event of the name that nobody has taken, in a tuple."""
    row = (await connection.execute(_TAKE, {"run_id": run_id, "name": name, "now": now})).one_or_none()
    return None if row is None else (unpacked(bytes(row.payload)),)
