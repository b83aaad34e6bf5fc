"""Which runs of a pipeline may be at work, where it says how many. Runs that steps started are never counted: they would wait
for the one that waits for them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_HOLD = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('runs of ' || CAST(:workspace_id AS text) || '/' || CAST(:name AS text), 0))"
)

_AHEAD = text("""
    SELECT count(*) FROM runs o, runs r
     WHERE r.id = :run_id AND o.id <> r.id AND o.workspace_id = :workspace_id AND o.name = :name AND o.parent_run_id IS NULL
       AND (o.state = 'running'
            OR (o.state = 'accepted' AND o.queued_at IS NOT NULL
                AND (o.created_at, o.id) < (r.created_at, r.id)))
""")

_QUEUE = text("UPDATE runs SET queued_at = coalesce(queued_at, :now) WHERE id = :run_id")

_NEXT = text("""
    SELECT id FROM runs
     WHERE workspace_id = :workspace_id AND name = :name AND state = 'accepted' AND queued_at IS NOT NULL
     ORDER BY created_at, id LIMIT 1
""")


async def has_turn(
    connection: AsyncConnection, run_id: UUID, *, workspace_id: UUID, name: str, most: int, now: datetime
) -> bool:
    """Whether the run may begin, being one of the first `most`; else it is queued. Asked by one at a time."""
    given = {"workspace_id": str(workspace_id), "name": name}
    await connection.execute(_HOLD, given)
    asked = {"run_id": run_id, "workspace_id": workspace_id, "name": name}
    ahead: int = (await connection.execute(_AHEAD, asked)).scalar_one()
    if ahead < most:
        return True
    await connection.execute(_QUEUE, {"run_id": run_id, "now": now})
    return False


async def next_in_line(connection: AsyncConnection, *, workspace_id: UUID, name: str) -> UUID | None:
    """The run that has waited longest."""
    found: UUID | None = (
        await connection.execute(_NEXT, {"workspace_id": workspace_id, "name": name})
    ).scalar_one_or_none()
    return found
