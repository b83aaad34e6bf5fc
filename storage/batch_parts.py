"""The vendors' batches that a batch's items are gathered in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.batches import PartState
from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef


@dataclass(frozen=True, slots=True)
class PartRow:
    """A vendor's batch. `size` is about how many bytes its requests have; `submitting_at`: somebody began to hand it over.

    `vendor_id` None: the vendor has it not, or nobody could note that it has. `tries` counts how often it was refused.
    """

    batch_id: UUID
    number: int
    model: ModelRef
    sort: str
    state: PartState
    items: int
    size: int
    vendor_id: str | None
    message: str | None
    tries: int
    submitting_at: datetime | None
    submitted_at: datetime | None
    collected_at: datetime | None


_OF = text("SELECT * FROM batch_parts WHERE batch_id = :batch_id ORDER BY number")
_FIND = text("SELECT * FROM batch_parts WHERE batch_id = :batch_id AND number = :number")

_ADD = text("""
    INSERT INTO batch_parts (batch_id, number, provider, model, sort, state, items, size)
    VALUES (:batch_id, :number, :provider, :model, :sort, 'planned', 0, 0)
""")

_GROW = text("""
    UPDATE batch_parts SET items = items + 1, size = size + :size WHERE batch_id = :batch_id AND number = :number
""")

_SUBMITTING = text("""
    UPDATE batch_parts SET submitting_at = :now
     WHERE batch_id = :batch_id AND number = :number AND state = 'planned' AND submitting_at IS NOT DISTINCT FROM :seen
    RETURNING number
""")

_REFUSED = text("""
    UPDATE batch_parts SET submitting_at = NULL, tries = tries + 1, message = :message
     WHERE batch_id = :batch_id AND number = :number
    RETURNING tries
""")

_SUBMITTED = text("""
    UPDATE batch_parts SET state = 'submitted', vendor_id = :vendor_id, submitted_at = :now, message = NULL
     WHERE batch_id = :batch_id AND number = :number AND state = 'planned'
""")

_ENDED = text("""
    UPDATE batch_parts SET state = :state, message = coalesce(:message, message),
           collected_at = CASE WHEN :state = 'collected' THEN CAST(:now AS timestamptz) END
     WHERE batch_id = :batch_id AND number = :number
""")


async def of(connection: AsyncConnection, batch_id: UUID) -> list[PartRow]:
    """The parts of a batch."""
    return [_part(row) for row in await connection.execute(_OF, {"batch_id": batch_id})]


async def find(connection: AsyncConnection, batch_id: UUID, number: int) -> PartRow:
    """A part. Raises `not_found`."""
    row = (await connection.execute(_FIND, {"batch_id": batch_id, "number": number})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"Batch {batch_id} has no part {number}.")
    return _part(row)


async def add(connection: AsyncConnection, batch_id: UUID, number: int, *, model: ModelRef, sort: str) -> None:
    """Begin a part."""
    await connection.execute(
        _ADD,
        {"batch_id": batch_id, "number": number, "provider": model.provider, "model": model.model, "sort": sort},
    )


async def grow(connection: AsyncConnection, batch_id: UUID, number: int, *, size: int) -> None:
    """One item more."""
    await connection.execute(_GROW, {"batch_id": batch_id, "number": number, "size": size})


async def submitting(connection: AsyncConnection, part: PartRow, *, seen: datetime | None, now: datetime) -> bool:
    """Note that it is about to be handed over. False: somebody else has begun to since it was `seen`."""
    given = {"batch_id": part.batch_id, "number": part.number, "seen": seen, "now": now}
    return (await connection.execute(_SUBMITTING, given)).one_or_none() is not None


async def refused(connection: AsyncConnection, part: PartRow, message: str) -> int:
    """The vendor did not take it; how often that was."""
    given = {"batch_id": part.batch_id, "number": part.number, "message": message}
    return int((await connection.execute(_REFUSED, given)).scalar_one())


async def submitted(connection: AsyncConnection, part: PartRow, vendor_id: str, *, now: datetime) -> None:
    """The vendor has it."""
    given = {"batch_id": part.batch_id, "number": part.number, "vendor_id": vendor_id, "now": now}
    await connection.execute(_SUBMITTED, given)


async def ended(
    connection: AsyncConnection, part: PartRow, state: PartState, *, message: str | None = None, now: datetime
) -> None:
    """Its answers are stored, or it was given up."""
    given = {"batch_id": part.batch_id, "number": part.number, "state": state, "message": message, "now": now}
    await connection.execute(_ENDED, given)


def _part(row: Any) -> PartRow:
    return PartRow(
        batch_id=row.batch_id,
        number=row.number,
        model=ModelRef(provider=row.provider, model=row.model),
        sort=row.sort,
        state=row.state,
        items=row.items,
        size=row.size,
        vendor_id=row.vendor_id,
        message=row.message,
        tries=row.tries,
        submitting_at=row.submitting_at,
        submitted_at=row.submitted_at,
        collected_at=row.collected_at,
    )
