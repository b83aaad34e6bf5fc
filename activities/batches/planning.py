"""Deciding how the items of a batch are answered: gathered for a vendor's batch, or each by itself."""

from dataclasses import dataclass, field
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.batches.ports import model_request, port_of
from activities.world import World
from contracts.errors import PerdureError
from contracts.models import ModelRef
from providers.batching import BatchPort
from storage import batch_items, batch_parts, turns
from storage.batch_items import ItemRow
from storage.batches import BatchRow
from storage.turns import whole_request

AT_ONCE = 200
"""Items that are planned in one activity."""
MOST_IN_PART = 1_000
"""A vendor takes more. What a crash in the middle has to look at again, and what is held in memory, is bounded by it."""
_WIRE_EXTRA = 1_000
"""Bytes that a request may have on the wire beyond what it has here."""


@dataclass(slots=True)
class _Gathering:
    """A part that still takes items."""

    number: int
    items: int
    size: int


@dataclass(slots=True)
class Gatherer:
    """Puts the items of one batch into parts."""

    world: World
    batch: BatchRow
    _open: dict[tuple[ModelRef, str], _Gathering] = field(default_factory=dict)
    _numbers: int = 0

    async def load(self, connection: AsyncConnection) -> None:
        """Know the parts that were begun before."""
        for part in await batch_parts.of(connection, self.batch.id):
            self._numbers = part.number
            self._open[part.model, part.sort] = _Gathering(part.number, part.items, part.size)

    async def place(self, item: ItemRow) -> None:
        """Decide how an item is answered."""
        async with self.world.database.begin() as connection:
            if item.turn_id is None or self.batch.mode == "live" or item.ended:
                await batch_items.go(connection, self.batch.id, item.position, "live", part=0)
                return
            placed = await self._gathered(connection, item, item.turn_id)
            if not placed:
                await batch_items.go(connection, self.batch.id, item.position, "live", part=0)

    async def _gathered(self, connection: AsyncConnection, item: ItemRow, turn_id: UUID) -> bool:
        """Whether the item goes to a vendor's batch. One that nobody can plan is left to its own workflow, which says why."""
        world, now = self.world, self.world.clock()
        turn = await turns.find(connection, turn_id)
        try:
            plan = turn.plan or await world.planner.plan(connection, turn, now=now)
            model = plan.candidates[0].model
            port = port_of(world, model)
            if port is None:
                return False
            sort = port.sort_of(model_request(whole_request(turn, None), model, None))
        except PerdureError:
            return False
        size = len(orjson.dumps(turn.asked)) + _WIRE_EXTRA
        if size > port.bounds.bytes:
            return False
        number = await self._part_for(connection, port, model, sort, size)
        await turns.start(connection, turn.id, plan, now=now)
        await batch_items.go(connection, self.batch.id, item.position, "vendor", part=number)
        return True

    async def _part_for(
        self, connection: AsyncConnection, port: BatchPort, model: ModelRef, sort: str, size: int
    ) -> int:
        gathering = self._open.get((model, sort))
        most = min(port.bounds.requests, MOST_IN_PART)
        if gathering is None or gathering.items >= most or gathering.size + size > port.bounds.bytes:
            self._numbers += 1
            gathering = self._open[model, sort] = _Gathering(self._numbers, 0, 0)
            await batch_parts.add(connection, self.batch.id, gathering.number, model=model, sort=sort)
        gathering.items += 1
        gathering.size += size
        await batch_parts.grow(connection, self.batch.id, gathering.number, size=size)
        return gathering.number
