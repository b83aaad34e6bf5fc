"""The activities of batches, over the database and the vendors' batch APIs."""

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio import activity

from activities.batches.collecting import collect
from activities.batches.planning import AT_ONCE, Gatherer
from activities.batches.ports import provider_of
from activities.batches.submitting import give_up, submit
from activities.beating import beating
from activities.errors import failure
from activities.pipeline import StoredRunActivities
from activities.turn import ProviderTurnActivities
from activities.world import World
from contracts.activities import CloseTurn
from contracts.batch_activities import (
    BatchActivities,
    BatchPart,
    LookedAtPart,
    PlannedBatch,
    RunBatch,
    SubmittedPart,
    TakeItems,
    TakenItems,
)
from contracts.errors import RULES, ErrorKind, PerdureError
from contracts.run_activities import CloseRun
from contracts.turns import TurnState
from domain.retries import Again, GiveUp
from storage import audit, batch_items, batch_parts, batches
from storage.batch_parts import PartRow
from storage.batches import BatchRow

LONGEST_POLL = 600.0
"""Seconds between two looks at a batch that has been at its vendor for long."""
PATIENCE = timedelta(hours=26)
"""After so long a vendor's batch is stopped: every vendor says that one ends within 24 hours."""
_PAUSE = 15.0


class StoredBatchActivities(BatchActivities):
    """The activities."""

    def __init__(self, world: World) -> None:
        self._world = world

    @activity.defn(name="plan_batch")
    async def plan_batch(self, request: RunBatch) -> PlannedBatch:
        """Decide for some of the items how they are answered."""
        world = self._world
        async with _translated(), beating():
            async with world.database.begin() as connection:
                batch = await batches.find(connection, request.batch_id)
                await batches.start(connection, batch.id, now=world.clock())
                items = await batch_items.unplanned(connection, batch.id, limit=AT_ONCE)
                gatherer = Gatherer(world, batch)
                await gatherer.load(connection)
            for item in items:
                await gatherer.place(item)
            if items:
                return PlannedBatch(done=False)
            async with world.database.begin() as connection:
                parts = await batch_parts.of(connection, batch.id)
            return PlannedBatch(done=True, parts=tuple(part.number for part in parts))

    @activity.defn(name="submit_part")
    async def submit_part(self, request: BatchPart) -> SubmittedPart:
        """Reserve what the part may cost, and hand it to the vendor: once, whatever happens between."""
        world = self._world
        async with _translated(), beating():
            batch, part = await self._part(request)
            match part.state:
                case "planned":
                    return await submit(world, batch, part)
                case "submitted":
                    return SubmittedPart(waiting=True)
                case _:
                    return SubmittedPart(waiting=False)

    @activity.defn(name="look_at_part")
    async def look_at_part(self, request: BatchPart) -> LookedAtPart:
        """Ask the vendor how far it is; where the batch was cancelled, or takes too long, ask it to stop."""
        world = self._world
        async with _translated():
            batch, part = await self._part(request)
            if part.vendor_id is None or part.submitted_at is None:
                return LookedAtPart(ended=True)
            _, port = provider_of(world, part)
            look = await port.look(part.vendor_id)
            age = world.clock() - part.submitted_at
            if not look.ended and (batch.cancel_requested or age > PATIENCE):
                await port.cancel(part.vendor_id)
                look = await port.look(part.vendor_id)
            if look.ended and look.message is not None:
                await give_up(world, part, look.message)
            again_in = min(max(world.batch_poll, age.total_seconds() / 20), LONGEST_POLL)
            return LookedAtPart(ended=look.ended, again_in=again_in)

    async def _part(self, request: BatchPart) -> tuple[BatchRow, PartRow]:
        async with self._world.database.begin() as connection:
            batch = await batches.find(connection, request.batch_id)
            return batch, await batch_parts.find(connection, request.batch_id, request.number)

    @activity.defn(name="collect_part")
    async def collect_part(self, request: BatchPart) -> None:
        """Store the answers and what they cost. What has none is asked by itself."""
        async with _translated(), beating():
            async with self._world.database.begin() as connection:
                part = await batch_parts.find(connection, request.batch_id, request.number)
            if part.state == "submitted":
                await collect(self._world, part)

    @activity.defn(name="take_batch_items")
    async def take_batch_items(self, request: TakeItems) -> TakenItems:
        """Items of a part that are to be asked by themselves."""
        async with _translated():
            async with self._world.database.begin() as connection:
                batch = await batches.find(connection, request.batch_id)
                items = await batch_items.live(
                    connection, batch.id, request.number, after=request.after, limit=request.limit
                )
            return TakenItems(items=tuple(items), workspace_id=batch.workspace_id, cancelled=batch.cancel_requested)

    @activity.defn(name="end_batch_items")
    async def end_batch_items(self, request: BatchPart) -> None:
        """End the items of a cancelled batch that nobody began."""
        world, after = self._world, -1
        turns, runs = ProviderTurnActivities(world), StoredRunActivities(world)
        async with _translated(), beating():
            while True:
                async with world.database.begin() as connection:
                    left = await batch_items.live(
                        connection, request.batch_id, request.number, after=after, limit=AT_ONCE
                    )
                if not left:
                    return
                for item in left:
                    after = item.position
                    if item.turn_id is not None:
                        await turns.close_turn(
                            CloseTurn(
                                turn_id=item.turn_id,
                                state=TurnState.CANCELLED,
                                error_kind=ErrorKind.CANCELLED,
                                error_message="The batch was cancelled before a model answered.",
                            )
                        )
                    elif item.run_id is not None:
                        await runs.close_run(CloseRun(run_id=item.run_id, how="cancelled"))

    @activity.defn(name="close_batch")
    async def close_batch(self, request: RunBatch) -> None:
        """The batch is over."""
        world = self._world
        async with _translated():
            async with world.database.begin() as connection:
                batch = await batches.find(connection, request.batch_id)
                state = await batches.finish(connection, batch.id, now=world.clock())
                if state is None:
                    return
                counts = await batches.counts(connection, batch.id)
                await audit.record(
                    connection,
                    workspace_id=batch.workspace_id,
                    at=world.clock(),
                    actor="worker",
                    action=f"batch.{state.value}",
                    subject_id=batch.id,
                    detail={"items": counts.total, "completed": counts.completed, "failed": counts.failed},
                )


@contextlib.asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Errors become Temporal's: those that time may mend are tried again."""
    try:
        yield
    except PerdureError as error:
        may_mend = RULES[error.kind].retry_same or error.kind in (ErrorKind.NOT_FOUND, ErrorKind.AUTHENTICATION)
        raise failure(error, Again(_PAUSE) if may_mend else GiveUp("it stays as it is")) from error
