"""Batches, as they were sent and as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.batches import BatchCounts, BatchMode, BatchState
from contracts.errors import ErrorKind, PerdureError


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch as stored. `items` is how many it has."""

    id: UUID
    workspace_id: UUID
    name: str | None
    state: BatchState
    mode: BatchMode
    items: int
    metadata: dict[str, str]
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewItem:
    """A line of a batch that is being accepted: a turn or a run."""

    custom_id: str
    turn_id: UUID | None = None
    run_id: UUID | None = None


_COLUMNS = (
    "id, workspace_id, name, state, mode, items, metadata, cancel_requested_at, created_at, started_at, finished_at"
)

_INSERT = text("""
    INSERT INTO batches (id, workspace_id, name, state, mode, items, request_digest, idempotency_key, author, metadata,
                         created_at)
    VALUES (:id, :workspace_id, :name, 'accepted', :mode, :items, :digest, :key, :author, CAST(:metadata AS jsonb), :now)
    ON CONFLICT (id) DO NOTHING RETURNING id
""")

_ADD_ITEMS = text("""
    INSERT INTO batch_items (batch_id, position, custom_id, turn_id, run_id)
    VALUES (:batch_id, :position, :custom_id, :turn_id, :run_id)
""")

_DIGEST = text("SELECT request_digest FROM batches WHERE id = :id")

# The statements below splice in nothing but the constant above.
_FIND = text(f"SELECT {_COLUMNS} FROM batches WHERE id = :id")  # noqa: S608

_PAGE = text(f"""
    SELECT {_COLUMNS} FROM batches
     WHERE workspace_id = :workspace_id
       AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY created_at DESC, id DESC LIMIT :limit
""")  # noqa: S608

_UNFINISHED = text("""
    SELECT id, workspace_id FROM batches
     WHERE state IN ('accepted', 'running') AND created_at < :before ORDER BY created_at LIMIT :limit
""")

_COUNTS = text("""
    SELECT count(*) AS total,
           count(*) FILTER (WHERE coalesce(t.state, r.state) = 'completed') AS completed,
           count(*) FILTER (WHERE coalesce(t.state, r.state) = 'failed') AS failed,
           count(*) FILTER (WHERE coalesce(t.state, r.state) = 'cancelled') AS cancelled
      FROM batch_items i LEFT JOIN turns t ON t.id = i.turn_id LEFT JOIN runs r ON r.id = i.run_id
     WHERE i.batch_id = :id
""")

_SPENT = text("""
    SELECT coalesce(sum(u.cost), 0) AS cost, coalesce(sum(u.cost) FILTER (WHERE u.service_tier = 'batch'), 0) AS at_batch_prices
      FROM batch_items i LEFT JOIN run_turns rt ON rt.run_id = i.run_id
      JOIN model_usage u ON u.turn_id = coalesce(i.turn_id, rt.turn_id)
     WHERE i.batch_id = :id
""")

_CANCEL = text("""
    UPDATE batches SET cancel_requested_at = coalesce(cancel_requested_at, :now)
     WHERE id = :id AND workspace_id = :workspace_id AND state IN ('accepted', 'running')
""")

_START = text("""
    UPDATE batches SET state = 'running', started_at = coalesce(started_at, :now) WHERE id = :id AND state = 'accepted'
""")

_FINISH = text("""
    UPDATE batches SET state = CASE WHEN cancel_requested_at IS NULL THEN 'completed' ELSE 'cancelled' END, finished_at = :now
     WHERE id = :id AND state IN ('accepted', 'running') RETURNING state
""")


async def accept(
    connection: AsyncConnection,
    items: Sequence[NewItem],
    *,
    batch_id: UUID,
    workspace_id: UUID,
    name: str | None,
    mode: BatchMode,
    digest: bytes,
    idempotency_key: str | None,
    author: str,
    metadata: dict[str, str],
    now: datetime,
) -> None:
    """Write a new batch; its turns and runs are written before. Raises `conflict` where there is one of the id."""
    inserted = await connection.execute(
        _INSERT,
        {
            "id": batch_id,
            "workspace_id": workspace_id,
            "name": name,
            "mode": mode,
            "items": len(items),
            "digest": digest,
            "key": idempotency_key,
            "author": author,
            "metadata": orjson.dumps(metadata).decode(),
            "now": now,
        },
    )
    if inserted.one_or_none() is None:
        raise PerdureError(ErrorKind.CONFLICT, f"Batch {batch_id} is being accepted by another request. Ask for it.")
    rows = [
        {"batch_id": batch_id, "position": at, "custom_id": one.custom_id, "turn_id": one.turn_id, "run_id": one.run_id}
        for at, one in enumerate(items)
    ]
    await connection.execute(_ADD_ITEMS, rows)


async def accepted_before(connection: AsyncConnection, batch_id: UUID, digest: bytes) -> bool:
    """Whether the same key made the batch before. Raises `conflict` where it was used for another."""
    known = (await connection.execute(_DIGEST, {"id": batch_id})).scalar_one_or_none()
    if known is not None and bytes(known) != digest:
        raise PerdureError(
            ErrorKind.CONFLICT,
            f"The idempotency key was used for a different batch ({batch_id}). Send the same, or another key.",
            field="Idempotency-Key",
            detail={"batch_id": str(batch_id)},
        )
    return known is not None


async def find(connection: AsyncConnection, batch_id: UUID, *, workspace_id: UUID | None = None) -> BatchRow:
    """The batch. Raises `not_found`, also where it is another workspace's."""
    row = (await connection.execute(_FIND, {"id": batch_id})).one_or_none()
    if row is None or (workspace_id is not None and row.workspace_id != workspace_id):
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no batch {batch_id}.")
    return _row(row)


async def page(
    connection: AsyncConnection, *, workspace_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[BatchRow]:
    """The workspace's batches, newest first."""
    at, last = before or (None, None)
    rows = await connection.execute(_PAGE, {"workspace_id": workspace_id, "at": at, "id": last, "limit": limit})
    return [_row(row) for row in rows]


async def unfinished(connection: AsyncConnection, *, before: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Batches accepted before `before` that have not ended, and their workspaces."""
    rows = await connection.execute(_UNFINISHED, {"before": before, "limit": limit})
    return [(row.id, row.workspace_id) for row in rows]


async def counts(connection: AsyncConnection, batch_id: UUID) -> BatchCounts:
    """How its items stand."""
    row = (await connection.execute(_COUNTS, {"id": batch_id})).one()
    return BatchCounts(row.total, row.completed, row.failed, row.cancelled)


async def spent(connection: AsyncConnection, batch_id: UUID) -> tuple[Decimal, Decimal]:
    """What it cost so far in USD, and what of that at batch prices."""
    row = (await connection.execute(_SPENT, {"id": batch_id})).one()
    return row.cost, row.at_batch_prices


async def request_cancel(connection: AsyncConnection, batch_id: UUID, *, workspace_id: UUID, now: datetime) -> None:
    """Record the wish to stop, where it has not ended."""
    await connection.execute(_CANCEL, {"id": batch_id, "workspace_id": workspace_id, "now": now})


async def start(connection: AsyncConnection, batch_id: UUID, *, now: datetime) -> None:
    """It runs."""
    await connection.execute(_START, {"id": batch_id, "now": now})


async def finish(connection: AsyncConnection, batch_id: UUID, *, now: datetime) -> BatchState | None:
    """It is over; how. None where it was before."""
    state = (await connection.execute(_FINISH, {"id": batch_id, "now": now})).scalar_one_or_none()
    return None if state is None else BatchState(state)


def _row(row: Any) -> BatchRow:
    return BatchRow(
        id=row.id,
        workspace_id=row.workspace_id,
        name=row.name,
        state=BatchState(row.state),
        mode=row.mode,
        items=row.items,
        metadata=row.metadata,
        cancel_requested=row.cancel_requested_at is not None,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
