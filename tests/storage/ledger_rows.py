"""Rows of the ledger, written as they are wanted."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from contracts.models import ModelRef
from contracts.usage import Cost, Usage
from storage import attempts
from storage.attempts import LedgerEntry
from storage.database import Database
from tests.storage.scenes import accepted, running


async def add_call(
    database: Database,
    workspace_id: UUID,
    model: str,
    usage: Usage,
    cost: str,
    *,
    at: datetime,
    served: str | None = None,
    parts: dict[str, Decimal] | None = None,
    priced: bool = True,
    simulated: bool = False,
) -> UUID:
    """A turn of one completed call that began at a moment; the turn's id."""
    turn = await accepted(database, workspace_id)
    await running(database, turn.turn_id)
    async with database.begin() as connection:
        await attempts.open_attempt(
            connection, turn.turn_id, step=0, candidate=0, model=ModelRef.parse(model), simulated=simulated, now=at
        )
        entry = LedgerEntry(
            state="completed",
            usage=usage,
            cost=Cost(total=Decimal(cost), priced=priced, parts=parts or {}),
            finished_at=at,
            served_model=served,
        )
        await attempts.close_attempt(connection, turn.turn_id, step=0, attempt=1, entry=entry)
    return turn.turn_id
