"""What a call cost, at the prices of the workspace it was made for."""

from datetime import datetime
from uuid import UUID

from activities.world import World
from contracts.models import ModelRef
from contracts.usage import Cost, Usage
from storage import ledger


async def charged(
    world: World,
    usage: Usage,
    model: ModelRef,
    *,
    workspace_id: UUID,
    at: datetime,
    served: str | None = None,
    tier: str | None = None,
) -> Cost:
    """The cost of one call. `served` and `tier` are the vendor's words for what answered; None where it never said."""
    if usage.total == 0 and usage.stated_cost is None:
        return Cost()
    book = world.price_book(workspace_id)
    used = 0
    if book.volume_of(model):
        async with world.database.begin() as connection:
            used = await ledger.month_tokens(connection, model, at=at)
    return book.price(usage, model, at=at, served_model=served, tier=tier, month_tokens=used)
