"""Attempts that a crash left open: their cost is estimated from what readers were shown, on the side of caution."""

from collections.abc import Sequence

from activities.charging import charged
from activities.world import World
from contracts.models import ModelRef
from contracts.parts import TextPart
from contracts.streams import AttemptOpened, StreamRecord
from domain.estimates import estimate
from storage import attempts
from storage.attempts import LedgerEntry, OpenedAttempt


async def settle_lost(world: World, opened: OpenedAttempt, records: Sequence[StreamRecord], *, step: int) -> None:
    """Give every interrupted attempt its estimated usage and cost."""
    for number in opened.lost:
        mine = [record for record in records if record.attempt == number]
        model = next((record.body.model for record in mine if isinstance(record.body, AttemptOpened)), None)
        await _settle(world, opened, number, model or opened.request.models[0], "".join(r.text for r in mine), step)


async def _settle(world: World, opened: OpenedAttempt, number: int, model: ModelRef, said: str, step: int) -> None:
    now = world.clock()
    usage = estimate(opened.request.messages, (TextPart(text=said),), model=model.model, reported=None)
    cost = await charged(world, usage, model, workspace_id=opened.turn.workspace_id, at=now)
    entry = LedgerEntry(state="interrupted", usage=usage, cost=cost, finished_at=now)
    async with world.database.begin() as connection:
        await attempts.close_attempt(connection, opened.turn.id, step=step, attempt=number, entry=entry)
