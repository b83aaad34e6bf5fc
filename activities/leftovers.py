"""What a worker that died left of a turn: open rows are estimated and their reservations settled."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import structlog
from temporalio import activity

from activities import budgeting
from activities.beating import beating
from activities.lost import settle_lost
from activities.world import World
from contracts.sweeping import SweepActivities, Swept
from contracts.turns import TurnRequest
from contracts.usage import Cost, Usage
from storage import interrupted, reservations, turns
from storage.reservations import AttemptKey
from storage.turns import TurnRow, whole_request

GRACE = timedelta(seconds=30)
"""How long a reservation may outlive its attempt: the attempt that follows, or the turn's end, settles it first."""
_BATCH = 200

log = structlog.get_logger("perdure.sweeping")


async def settle_open(world: World, turn: TurnRow) -> None:
    """Settle the attempts of a turn that is about to end without an answer. An attempt that is alive overwrites the estimate."""
    async with world.database.begin() as connection:
        left = await interrupted.close_left_open(connection, turn.id, now=world.clock())
        request = await _request(world, turn) if left else None
    if request is not None:
        lost = [AttemptKey(turn.id, step, number) for step, number in left]
        await settle_lost(world, turn, request, lost, await world.streams.records(turn.id))


class StoredSweepActivities(SweepActivities):
    """The activities over the database."""

    def __init__(self, world: World) -> None:
        self._world = world

    @activity.defn(name="settle_left")
    async def settle_left(self) -> Swept:
        """Settle what is still reserved though its attempt or its turn is over; some of it, where there is much."""
        async with beating():
            return await sweep_reservations(self._world, self._world.clock())


async def sweep_reservations(world: World, now: datetime) -> Swept:
    """Settle what is still held though its attempt or its turn is over, at most `_BATCH`; what that was."""
    async with world.database.begin() as connection:
        left = await reservations.left_behind(connection, before=now - GRACE, limit=_BATCH)
    by_turn: dict[UUID, set[AttemptKey]] = {}
    for one in left:
        by_turn.setdefault(one.attempt.turn_id, set()).add(one.attempt)
    swept = Swept(reservations=len(left))
    for turn_id, keys in by_turn.items():
        swept += await _sweep(world, turn_id, sorted(keys, key=lambda key: (key.step, key.attempt)), now)
    if left:
        log.warning("settled what lost attempts had reserved", **swept.model_dump(mode="json"))
    return swept


async def _sweep(world: World, turn_id: UUID, keys: list[AttemptKey], now: datetime) -> Swept:
    unknown: list[AttemptKey] = []
    usd = Decimal(0)
    for key in keys:
        async with world.database.begin() as connection:
            row = await interrupted.billed(connection, key.turn_id, step=key.step, attempt=key.attempt)
            if row is not None and row.unsettled:
                unknown.append(key)
                continue
            # Its row says what it cost; one without a row called nobody.
            usage, cost = (row.usage, row.cost) if row is not None else (Usage(), Cost())
            accounts = await budgeting.settle(connection, key, usage, cost, now=now)
        usd += cost.total
        await budgeting.alert(world, accounts)
    if unknown:
        async with world.database.begin() as connection:
            turn = await turns.find(connection, turn_id)
        request = await _request(world, turn)
        usd += await settle_lost(world, turn, request, unknown, await world.streams.records(turn_id))
    return Swept(attempts=len(keys), estimated=len(unknown), usd=usd)


async def _request(world: World, turn: TurnRow) -> TurnRequest:
    if turn.conversation_id is None:
        return whole_request(turn, None)
    async with world.database.begin() as connection:
        history = await interrupted.history(connection, turn.id)
    return whole_request(turn, history)
