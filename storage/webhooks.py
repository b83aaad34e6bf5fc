"""`webhooks`: addresses that a workspace wants to be told at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from contracts.webhooks import EventType


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address. No `events` mean all. `ended_because` says why it is told nothing more; None while it is."""

    id: UUID
    workspace_id: UUID
    url: str
    events: tuple[EventType, ...]
    created_at: datetime
    ended_at: datetime | None
    ended_because: str | None


_COLUMNS = "id, workspace_id, url, events, created_at, ended_at, ended_because"

# The statements below splice in nothing but the constant above.
_INSERT = text(f"""
    INSERT INTO webhooks (workspace_id, url, events, created_at)
    VALUES (:workspace_id, :url, CAST(:events AS text[]), :now)
    ON CONFLICT (workspace_id, url) DO NOTHING RETURNING {_COLUMNS}
""")  # noqa: S608

_LIST = text(f"SELECT {_COLUMNS} FROM webhooks WHERE workspace_id = :workspace_id ORDER BY created_at, id")  # noqa: S608
_FIND = text(f"SELECT {_COLUMNS} FROM webhooks WHERE id = :id AND workspace_id = :workspace_id")  # noqa: S608
_DELETE = text("DELETE FROM webhooks WHERE id = :id AND workspace_id = :workspace_id RETURNING id")

_END = text("""
    UPDATE webhooks SET ended_at = :now, ended_because = :because WHERE id = :id AND ended_at IS NULL
""")


async def create(
    connection: AsyncConnection, *, workspace_id: UUID, url: str, events: Sequence[EventType], now: datetime
) -> Webhook:
    """Keep an address. Raises `conflict` where the workspace has it already."""
    given = {"workspace_id": workspace_id, "url": url, "events": [one.value for one in events], "now": now}
    row = (await connection.execute(_INSERT, given)).one_or_none()
    if row is None:
        message = "This workspace has a webhook with this url. Delete that one first."
        raise PerdureError(ErrorKind.CONFLICT, message, field="url")
    return _webhook(row)


async def listed(connection: AsyncConnection, *, workspace_id: UUID) -> list[Webhook]:
    """The workspace's, oldest first, ended ones included."""
    return [_webhook(row) for row in await connection.execute(_LIST, {"workspace_id": workspace_id})]


async def find(connection: AsyncConnection, webhook_id: UUID, *, workspace_id: UUID) -> Webhook:
    """One of them. Raises `not_found`."""
    row = (await connection.execute(_FIND, {"id": webhook_id, "workspace_id": workspace_id})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no webhook {webhook_id}.")
    return _webhook(row)


async def delete(connection: AsyncConnection, webhook_id: UUID, *, workspace_id: UUID) -> None:
    """Forget it, and what it was still to be told. Raises `not_found`."""
    row = (await connection.execute(_DELETE, {"id": webhook_id, "workspace_id": workspace_id})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no webhook {webhook_id}.")


async def end(connection: AsyncConnection, webhook_id: UUID, *, because: str, now: datetime) -> None:
    """Tell it nothing more."""
    await connection.execute(_END, {"id": webhook_id, "because": because, "now": now})


def _webhook(row: Any) -> Webhook:
    return Webhook(
        row.id,
        row.workspace_id,
        row.url,
        tuple(EventType(one) for one in row.events),
        row.created_at,
        row.ended_at,
        row.ended_because,
    )
