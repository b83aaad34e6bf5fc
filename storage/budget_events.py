"""`budget_events` and `budget_waits`: what budgets had to say, each thing once, and the turns that wait for one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

EventKind = Literal["threshold", "exhausted"]


@dataclass(frozen=True, slots=True)
class BudgetEvent:
    """In a window a threshold (per cent) was reached, or (`exhausted`, threshold 0) a call was refused for the first time."""

    id: UUID
    budget_id: UUID
    subject: str
    window_start: datetime
    kind: EventKind
    threshold: Decimal
    detail: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class WaitingTurn:
    """A turn that waits for room in a budget. `wanted` is in the budget's unit."""

    turn_id: UUID
    budget_id: UUID
    subject: str
    wanted: Decimal
    since: datetime


_INSERT = text("""
    INSERT INTO budget_events (workspace_id, budget_id, subject, window_start, kind, threshold, detail, at)
    VALUES (:workspace_id, :budget_id, :subject, :window_start, :kind, :threshold, CAST(:detail AS jsonb), :now)
    ON CONFLICT DO NOTHING RETURNING id
""")

_LIST = text("""
    SELECT id, budget_id, subject, window_start, kind, threshold, detail, at FROM budget_events
     WHERE workspace_id = :workspace_id AND (CAST(:budget_id AS uuid) IS NULL OR budget_id = :budget_id)
     ORDER BY at DESC, id DESC LIMIT :limit
""")

_WAIT = text("""
    INSERT INTO budget_waits (turn_id, workspace_id, budget_id, subject, wanted, since)
    VALUES (:turn_id, :workspace_id, :budget_id, :subject, :wanted, :now)
    ON CONFLICT (turn_id) DO UPDATE
       SET budget_id = excluded.budget_id, subject = excluded.subject, wanted = excluded.wanted
""")

_WAITED = text("DELETE FROM budget_waits WHERE turn_id = :turn_id")

_WAITING = text("""
    SELECT turn_id, budget_id, subject, wanted, since FROM budget_waits WHERE budget_id = :budget_id ORDER BY since
""")

_WAIT_OF = text("""
    SELECT turn_id, budget_id, subject, wanted, since FROM budget_waits
     WHERE turn_id = :turn_id AND workspace_id = :workspace_id FOR NO KEY UPDATE
""")


async def tell(
    connection: AsyncConnection,
    *,
    workspace_id: UUID,
    budget_id: UUID,
    subject: str,
    window_start: datetime,
    kind: EventKind,
    threshold: Decimal,
    detail: Mapping[str, Any],
    now: datetime,
) -> UUID | None:
    """Keep an event; its id. None: it was told of before, by whomever."""
    values = {
        "workspace_id": workspace_id,
        "budget_id": budget_id,
        "subject": subject,
        "window_start": window_start,
        "kind": kind,
        "threshold": threshold,
        "detail": orjson.dumps(dict(detail)).decode(),
        "now": now,
    }
    found: UUID | None = (await connection.execute(_INSERT, values)).scalar_one_or_none()
    return found


async def listed(
    connection: AsyncConnection, *, workspace_id: UUID, budget_id: UUID | None = None, limit: int
) -> list[BudgetEvent]:
    """The newest events, of one budget or of all."""
    rows = await connection.execute(_LIST, {"workspace_id": workspace_id, "budget_id": budget_id, "limit": limit})
    return [
        BudgetEvent(row.id, row.budget_id, row.subject, row.window_start, row.kind, row.threshold, row.detail, row.at)
        for row in rows
    ]


async def wait(
    connection: AsyncConnection,
    turn_id: UUID,
    *,
    workspace_id: UUID,
    budget_id: UUID,
    subject: str,
    wanted: Decimal,
    now: datetime,
) -> None:
    """Note that the turn waits for that budget."""
    values = {
        "turn_id": turn_id,
        "workspace_id": workspace_id,
        "budget_id": budget_id,
        "subject": subject,
        "wanted": wanted,
        "now": now,
    }
    await connection.execute(_WAIT, values)


async def waited(connection: AsyncConnection, turn_id: UUID) -> None:
    """The turn waits no more."""
    await connection.execute(_WAITED, {"turn_id": turn_id})


async def waiting(connection: AsyncConnection, budget_id: UUID) -> list[WaitingTurn]:
    """The turns that wait for a budget, the longest first."""
    rows = await connection.execute(_WAITING, {"budget_id": budget_id})
    return [WaitingTurn(*row) for row in rows]


async def wait_of(connection: AsyncConnection, turn_id: UUID, *, workspace_id: UUID) -> WaitingTurn | None:
    """What the turn waits for, held by the caller; None where it waits for no budget."""
    asked = {"turn_id": turn_id, "workspace_id": workspace_id}
    row = (await connection.execute(_WAIT_OF, asked)).one_or_none()
    return None if row is None else WaitingTurn(*row)
