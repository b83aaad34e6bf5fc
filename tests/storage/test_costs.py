"""A ledger row keeps the whole of a usage and its cost, and the month's tokens are counted for discounts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from contracts.models import ModelRef
from contracts.usage import Cost, Usage
from storage import attempts, ledger
from storage.attempts import LedgerEntry
from storage.database import Database
from tests.storage.scenes import MODEL, NOW, accepted, opened_attempt, running

USAGE = Usage(
    input_uncached=900,
    cache_read=80,
    cache_write=20,
    output=100,
    input_audio=7,
    cache_read_image=3,
    citation=2,
    code_executions=1,
    speed="fast",
    geo="us",
    stated_cost=Decimal("0.0000000000001234567890123"),
)
COST = Cost(
    total=Decimal("123456789.0000000000000000001"),
    priced=False,
    price_source="policy over genai-prices 0.2.3",
    unit_prices={"input_mtok": Decimal("0.123456789012345678")},
    parts={"input": Decimal("123456789.0000000000000000001")},
    unpriced=("code_executions",),
    stated=USAGE.stated_cost,
    computed=Decimal("1.5"),
)


async def close_with(database: Database, workspace_id: UUID) -> UUID:
    turn = await accepted(database, workspace_id)
    await running(database, turn.turn_id)
    await opened_attempt(database, turn.turn_id)
    async with database.begin() as connection:
        await attempts.close_attempt(
            connection,
            turn.turn_id,
            step=0,
            attempt=1,
            entry=LedgerEntry(state="completed", usage=USAGE, cost=COST, finished_at=NOW, service_tier="flex"),
        )
    return turn.turn_id


async def test_nothing_of_a_usage_or_a_cost_is_lost_or_rounded(database: Database, workspace_id: UUID) -> None:
    turn_id = await close_with(database, workspace_id)
    async with database.begin() as connection:
        (row,) = await ledger.of_turn(connection, turn_id, workspace_id=workspace_id)
    assert row.usage == USAGE
    assert row.charged == COST
    assert (row.cost, row.service_tier) == (COST.total, "flex")


async def test_the_months_tokens_are_those_of_the_model_since_its_first_day(
    database: Database, workspace_id: UUID
) -> None:
    other = ModelRef(provider=MODEL.provider, model=f"sim-{workspace_id}")
    async with database.begin() as connection:
        before = await ledger.month_tokens(connection, MODEL, at=NOW + timedelta(seconds=1))
    await close_with(database, workspace_id)
    async with database.begin() as connection:
        assert await ledger.month_tokens(connection, MODEL, at=NOW + timedelta(seconds=1)) == before + USAGE.total
        assert await ledger.month_tokens(connection, other, at=NOW + timedelta(seconds=1)) == 0
        assert await ledger.month_tokens(connection, MODEL, at=datetime(2026, 2, 28, tzinfo=UTC)) == 0
