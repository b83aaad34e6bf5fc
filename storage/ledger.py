"""Reading the ledger: the attempts of a turn."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.usage import Usage


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One provider call. `state` is open, completed, failed, cancelled or interrupted; `cost` is in USD."""

    step: int
    attempt: int
    candidate: int
    model: str
    served_model: str | None
    state: str
    error_kind: str | None
    error_message: str | None
    usage: Usage
    cost: Decimal
    priced: bool
    price_source: str | None
    simulated: bool
    first_token_ms: int | None
    started_at: datetime
    finished_at: datetime | None


_OF_TURN = text("SELECT * FROM model_usage WHERE turn_id = :turn_id AND workspace_id = :workspace_id ORDER BY attempt")

_USAGE_FIELDS = tuple(Usage.model_fields)


def _row(row: Any) -> LedgerRow:
    return LedgerRow(
        step=row.step,
        attempt=row.attempt,
        candidate=row.candidate,
        model=f"{row.provider}:{row.model}",
        served_model=row.served_model,
        state=row.state,
        error_kind=row.error_kind,
        error_message=row.error_message,
        usage=Usage(**{name: getattr(row, name) for name in _USAGE_FIELDS}),
        cost=row.cost,
        priced=row.priced,
        price_source=row.price_source,
        simulated=row.simulated,
        first_token_ms=row.first_token_ms,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


async def of_turn(connection: AsyncConnection, turn_id: UUID, *, workspace_id: UUID) -> list[LedgerRow]:
    """The turn's attempts, in order."""
    rows = await connection.execute(_OF_TURN, {"turn_id": turn_id, "workspace_id": workspace_id})
    return [_row(row) for row in rows]
