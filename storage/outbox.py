"""`outbox`: what is to be told to webhooks, written in the transaction of what happened, and told at least once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.webhooks import Announcement

DeliveryState = Literal["pending", "delivered", "failed"]


@dataclass(frozen=True, slots=True)
class Message:
    """A message that somebody has taken on to tell. `tries` counts this one."""

    id: UUID
    webhook_id: UUID
    event_id: UUID
    url: str
    body: dict[str, Any]
    tries: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the telling of a message stands."""

    event_id: UUID
    type: str
    state: DeliveryState
    tries: int
    error: str | None
    created_at: datetime
    next_at: datetime | None
    delivered_at: datetime | None


_ADD = text("""
    INSERT INTO outbox (workspace_id, webhook_id, event_id, type, body, created_at, next_at)
    SELECT w.workspace_id, w.id, :event_id, :type, CAST(:body AS jsonb), :at, :at FROM webhooks w
     WHERE w.workspace_id = :workspace_id AND w.ended_at IS NULL
       AND (CAST(:webhook_id AS uuid) IS NULL OR w.id = :webhook_id)
       AND (CAST(:webhook_id AS uuid) IS NOT NULL OR w.events = '{}' OR :type = ANY(w.events))
    ON CONFLICT (webhook_id, event_id) DO NOTHING
""")

_CLAIM = text("""
    UPDATE outbox o SET next_at = :until, tries = tries + 1 FROM webhooks w
     WHERE o.id IN (SELECT id FROM outbox WHERE state = 'pending' AND next_at <= :now
                     ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED)
       AND w.id = o.webhook_id
    RETURNING o.id, o.webhook_id, o.event_id, w.url, o.body, o.tries, o.created_at
""")

_TOLD = text("""
    UPDATE outbox SET state = :state, error = :error, next_at = :next_at,
           delivered_at = CASE WHEN :state = 'delivered' THEN CAST(:now AS timestamptz) END
     WHERE id = :id AND state = 'pending'
""")

_END = text("""
    UPDATE outbox SET state = 'failed', error = :error, next_at = NULL WHERE webhook_id = :webhook_id AND state = 'pending'
""")

_OF_WEBHOOK = text("""
    SELECT event_id, type, state, tries, error, created_at, next_at, delivered_at FROM outbox
     WHERE webhook_id = :webhook_id ORDER BY created_at DESC, id DESC LIMIT :limit
""")

_PURGE = text("DELETE FROM outbox WHERE state <> 'pending' AND created_at < :before")


async def add(connection: AsyncConnection, announcement: Announcement, *, webhook_id: UUID | None = None) -> None:
    """Have an announcement told to the webhooks of its workspace that ask for its type; with `webhook_id` to that one alone.

    To be called in the transaction in which it happened. What a webhook is to be told already is not told to it again.
    """
    body = {
        "type": announcement.type.value,
        "timestamp": announcement.at.isoformat(),
        "id": str(announcement.event_id),
        "data": announcement.data,
    }
    given = {
        "workspace_id": announcement.workspace_id,
        "webhook_id": webhook_id,
        "event_id": announcement.event_id,
        "type": announcement.type.value,
        "body": orjson.dumps(body).decode(),
        "at": announcement.at,
    }
    await connection.execute(_ADD, given)


async def claim(connection: AsyncConnection, *, now: datetime, lease: timedelta, limit: int) -> list[Message]:
    """Take on messages that are due. Whoever takes one on has to tell it within `lease`, else another will."""
    rows = await connection.execute(_CLAIM, {"now": now, "until": now + lease, "limit": limit})
    return [Message(row.id, row.webhook_id, row.event_id, row.url, row.body, row.tries, row.created_at) for row in rows]


async def delivered(connection: AsyncConnection, message: Message, *, now: datetime) -> None:
    """It was taken."""
    given = {"id": message.id, "state": "delivered", "error": None, "next_at": None, "now": now}
    await connection.execute(_TOLD, given)


async def refused(
    connection: AsyncConnection, message: Message, *, error: str, next_at: datetime | None, now: datetime
) -> None:
    """It was not taken. It is tried again at `next_at`; None gives it up."""
    state = "failed" if next_at is None else "pending"
    given = {"id": message.id, "state": state, "error": error, "next_at": next_at, "now": now}
    await connection.execute(_TOLD, given)


async def end(connection: AsyncConnection, webhook_id: UUID, *, error: str) -> None:
    """Give up all that a webhook was still to be told."""
    await connection.execute(_END, {"webhook_id": webhook_id, "error": error})


async def of_webhook(connection: AsyncConnection, webhook_id: UUID, *, limit: int) -> list[Delivery]:
    """The newest messages for a webhook."""
    rows = await connection.execute(_OF_WEBHOOK, {"webhook_id": webhook_id, "limit": limit})
    return [Delivery(*row) for row in rows]


async def purge(connection: AsyncConnection, *, before: datetime) -> int:
    """Drop what was told, or given up, and is older than `before`; how many messages that were."""
    return (await connection.execute(_PURGE, {"before": before})).rowcount
