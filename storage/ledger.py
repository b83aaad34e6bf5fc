"""Reading the ledger: the attempts of a turn."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.models import ModelRef
from contracts.usage import Cost, Usage
from storage.usage_columns import cost_of, usage_of


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One provider call. `state` is open, completed, failed, cancelled or interrupted; `cost` is in USD, and `charged` says how
    it came about.
    """

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
    charged: Cost
    service_tier: str | None


_MONTH = text("""
    SELECT coalesce(sum(input_uncached + cache_read + cache_write + output), 0) AS tokens
      FROM model_usage
     WHERE provider = :provider AND model = :model AND started_at >= :since AND started_at < :until
""")

_OF_TURN = text("SELECT * FROM model_usage WHERE turn_id = :turn_id AND workspace_id = :workspace_id ORDER BY attempt")


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
        usage=usage_of(row),
        cost=row.cost,
        priced=row.priced,
        price_source=row.price_source,
        charged=cost_of(row),
        service_tier=row.service_tier,
        simulated=row.simulated,
        first_token_ms=row.first_token_ms,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


async def of_turn(connection: AsyncConnection, turn_id: UUID, *, workspace_id: UUID) -> list[LedgerRow]:
    """The turn's attempts, in order."""
    rows = await connection.execute(_OF_TURN, {"turn_id": turn_id, "workspace_id": workspace_id})
    return [_row(row) for row in rows]


async def month_tokens(connection: AsyncConnection, model: ModelRef, *, at: datetime) -> int:
    """Tokens that the whole deployment used of a model in the calendar month of `at` (UTC), before `at`: for volume discounts."""
    until = at.astimezone(UTC)
    since = until.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = await connection.execute(
        _MONTH, {"provider": model.provider, "model": model.model, "since": since, "until": until}
    )
    return int(found.scalar_one())
