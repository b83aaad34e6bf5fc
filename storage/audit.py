"""The audit trail: who did what to which thing."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_INSERT = text("""
    INSERT INTO audit_log (workspace_id, at, actor, action, subject_id, detail)
    VALUES (:workspace_id, :at, :actor, :action, :subject_id, CAST(:detail AS jsonb))
""")

_OF_SUBJECT = text("""
    SELECT at, actor, action, detail FROM audit_log
     WHERE subject_id = :subject_id AND workspace_id = :workspace_id ORDER BY at, id
""")


async def record(
    connection: AsyncConnection,
    *,
    workspace_id: UUID,
    at: datetime,
    actor: str,
    action: str,
    subject_id: UUID,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add an entry. `detail` holds ids, kinds and figures; never content."""
    await connection.execute(
        _INSERT,
        {
            "workspace_id": workspace_id,
            "at": at,
            "actor": actor,
            "action": action,
            "subject_id": subject_id,
            "detail": orjson.dumps(detail or {}).decode(),
        },
    )


async def of_subject(
    connection: AsyncConnection, subject_id: UUID, *, workspace_id: UUID
) -> list[tuple[datetime, str, str, dict[str, Any]]]:
    """Entries about one thing, oldest first: (at, actor, action, detail)."""
    rows = await connection.execute(_OF_SUBJECT, {"subject_id": subject_id, "workspace_id": workspace_id})
    return [(row.at, row.actor, row.action, row.detail) for row in rows]
