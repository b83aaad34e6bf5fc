"""Attempts that a crash left open: their cost is estimated from what readers were shown, on the side of caution."""

from collections.abc import Sequence
from decimal import Decimal

from activities import budgeting
from activities.charging import charged
from activities.world import World
from contracts.models import ModelRef
from contracts.parts import TextPart
from contracts.streams import AttemptOpened, StreamRecord
from contracts.turns import TurnRequest
from contracts.usage import Usage
from domain.estimates import estimate
from storage import attempts
from storage.attempts import LedgerEntry
from storage.reservations import AttemptKey
from storage.turns import TurnRow

UNSEEN_TOKENS = 100
"""What a fast model may have said since the log was last written: 250 ms at 400 tokens a second."""


async def settle_lost(
    world: World,
    turn: TurnRow,
    request: TurnRequest,
    lost: Sequence[AttemptKey],
    records: Sequence[StreamRecord],
) -> Decimal:
    """Give every interrupted attempt its estimated usage and cost, and settle what it had reserved; the cost, in USD."""
    usd = Decimal(0)
    for key in lost:
        mine = [record for record in records if record.attempt == key.attempt]
        model = next((record.body.model for record in mine if isinstance(record.body, AttemptOpened)), None)
        planned = turn.plan.candidates[0].model if turn.plan else None
        named = model or planned or (request.models[0] if request.models else None)
        if named is not None:
            usd += await _settle(world, turn, request, key, named, "".join(record.text for record in mine))
    return usd


async def _settle(
    world: World, turn: TurnRow, request: TurnRequest, key: AttemptKey, model: ModelRef, said: str
) -> Decimal:
    now = world.clock()
    usage = estimate(request.messages, (TextPart(text=said),), model=model.model, reported=None)
    usage = _with_unseen(usage, request.knobs.max_output_tokens)
    cost = await charged(world, usage, model, workspace_id=turn.workspace_id, at=now)
    entry = LedgerEntry(state="interrupted", usage=usage, cost=cost, finished_at=now)
    async with world.database.begin() as connection:
        await attempts.close_attempt(connection, turn.id, step=key.step, attempt=key.attempt, entry=entry)
        accounts = await budgeting.settle(connection, key, usage, cost, now=now)
    await budgeting.alert(world, accounts)
    return cost.total


def _with_unseen(usage: Usage, most: int | None) -> Usage:
    output = usage.output + UNSEEN_TOKENS
    return usage.model_copy(update={"output": output if most is None else max(usage.output, min(output, most))})
