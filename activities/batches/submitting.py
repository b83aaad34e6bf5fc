"""Handing a part to its vendor, once: what may have been handed over before is looked for first."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from activities import budgeting
from activities.batches.ports import at_batch_tier, completing, model_request, provider_of
from activities.errors import failure
from activities.world import World
from contracts.batch_activities import SubmittedPart
from contracts.errors import RULES, ErrorKind, PerdureError, ProviderError
from contracts.ids import batch_marker
from domain.retries import Again
from providers.batching import BatchEntry, BatchPort
from providers.protocol import Provider
from storage import attempts, batch_items, batch_parts, turns
from storage.attempts import StoredAnswer
from storage.batch_items import ItemRow
from storage.batch_parts import PartRow
from storage.batches import BatchRow
from storage.reservations import AttemptKey
from storage.turns import whole_request

SUBMIT_SECONDS = 45.0
"""How long handing over may take."""
QUIET = timedelta(seconds=60)
"""How long after an attempt of unknown outcome the vendor may still come to list its batch."""
MOST_TRIES = 6
"""How often a vendor may refuse for the moment before the items are asked one by one."""
_PAUSE = 5.0


def entry_name(part: PartRow, item: ItemRow) -> str:
    """What an item is called in the vendor's batch: it begins with the part's marker."""
    return f"{batch_marker(part.batch_id, part.number)}-{item.position}"


async def submit(world: World, batch: BatchRow, part: PartRow) -> SubmittedPart:
    """Reserve, hand over, and note the vendor's name of it. Raises Temporal's failure where it has to be tried again."""
    provider, port = provider_of(world, part)
    if part.submitting_at is not None:
        found = await _found(world, port, part)
        if found is not None:
            return await _noted(world, part, found)
        left = part.submitting_at + QUIET - world.clock()
        if left > timedelta(0):
            unknown = PerdureError(
                ErrorKind.UNAVAILABLE, f"Whether {part.model.provider} took part {part.number} is not known yet."
            )
            raise failure(unknown, Again(min(_PAUSE, left.total_seconds())))
    entries = [] if batch.cancel_requested else await _held(world, provider, part)
    if not entries:
        return await give_up(world, part, "Nothing of it is left to hand over.")
    async with world.database.begin() as connection:
        if not await batch_parts.submitting(connection, part, seen=part.submitting_at, now=world.clock()):
            other = PerdureError(ErrorKind.UNAVAILABLE, f"Part {part.number} is being handed over by another worker.")
            raise failure(other, Again(_PAUSE))
    marker = batch_marker(part.batch_id, part.number)
    try:
        async with asyncio.timeout(SUBMIT_SECONDS):
            vendor_id = await port.submit(marker, entries, sort=part.sort)
    except TimeoutError:
        late = PerdureError(ErrorKind.TIMEOUT, f"{part.model.provider} took no batch within {SUBMIT_SECONDS:g} s.")
        raise failure(late, Again(_PAUSE)) from None
    except ProviderError as error:
        if error.status is None and error.kind is not ErrorKind.INVALID_REQUEST:
            # It may have been taken all the same.
            raise failure(error, Again(_PAUSE)) from error
        return await _refused(world, part, error)
    return await _noted(world, part, vendor_id)


async def give_up(world: World, part: PartRow, why: str) -> SubmittedPart:
    """Nobody has been called: take the attempts back, and let each item be asked by itself."""
    async with world.database.begin() as connection:
        items = await batch_items.of_part(connection, part.batch_id, part.number)
    for item in items:
        if item.turn_id is None or item.attempt is None:
            continue
        async with world.database.begin() as connection:
            await attempts.withdraw_attempt(connection, item.turn_id, step=0, attempt=item.attempt)
            await budgeting.release(connection, AttemptKey(item.turn_id, 0, item.attempt), now=world.clock())
    async with world.database.begin() as connection:
        await batch_items.give_up(connection, part.batch_id, part.number)
        await batch_parts.ended(connection, part, "live", message=why, now=world.clock())
    return SubmittedPart(waiting=False)


async def _found(world: World, port: BatchPort, part: PartRow) -> str | None:
    assert part.submitting_at is not None
    async with world.database.begin() as connection:
        items = await batch_items.of_part(connection, part.batch_id, part.number)
    count = sum(item.attempt is not None for item in items)
    try:
        return await port.find(batch_marker(part.batch_id, part.number), count=count, since=part.submitting_at)
    except ProviderError as error:
        raise failure(error, Again(_PAUSE)) from error


async def _noted(world: World, part: PartRow, vendor_id: str) -> SubmittedPart:
    async with world.database.begin() as connection:
        await batch_parts.submitted(connection, part, vendor_id, now=world.clock())
    return SubmittedPart(waiting=True, again_in=world.batch_poll)


async def _refused(world: World, part: PartRow, error: ProviderError) -> SubmittedPart:
    """The vendor said no: for the moment, or for good."""
    async with world.database.begin() as connection:
        tries = await batch_parts.refused(connection, part, error.message)
    if RULES[error.kind].retry_same and tries < MOST_TRIES:
        raise failure(error, Again(error.retry_after or min(60.0, _PAUSE * 2**tries))) from error
    return await give_up(world, part, error.message)


async def _held(world: World, provider: Provider, part: PartRow) -> list[BatchEntry]:
    """Open every item's attempt and reserve what it may cost; what is to be handed over."""
    async with world.database.begin() as connection:
        items = await batch_items.of_part(connection, part.batch_id, part.number)
    entries = [await _hold(world, provider, part, item) for item in items if item.turn_id is not None]
    return [one for one in entries if one is not None]


async def _hold(world: World, provider: Provider, part: PartRow, item: ItemRow) -> BatchEntry | None:
    """An item's entry. One that may not be asked at this price, or not at all, is left to its own workflow, which says why."""
    assert item.turn_id is not None
    name = entry_name(part, item)
    try:
        async with world.database.begin() as connection:
            turn = await turns.find(connection, item.turn_id)
            if item.attempt is not None:
                return BatchEntry(name, model_request(whole_request(turn, None), part.model, item.bound))
            if turn.plan is None:
                raise PerdureError(ErrorKind.INTERNAL, f"Turn {turn.id} was gathered without a plan.")
            opened = await attempts.open_attempt(
                connection,
                turn.id,
                step=0,
                candidate=0,
                model=part.model,
                simulated=provider.config.simulated,
                now=world.clock(),
            )
            if isinstance(opened, StoredAnswer):
                raise PerdureError(ErrorKind.CONFLICT, f"Turn {turn.id} has an answer already.")
            world.price_book(turn.workspace_id).require(part.model, at=world.clock())
            tiered = replace(opened, request=at_batch_tier(opened.request))
            bound = await budgeting.reserve(world, connection, completing(turn, turn.plan), tiered)
            await batch_items.held(connection, part.batch_id, item.position, attempt=opened.number, bound=bound)
            return BatchEntry(name, model_request(opened.request, part.model, bound))
    except PerdureError:
        async with world.database.begin() as connection:
            await batch_items.go(connection, part.batch_id, item.position, "live", part=part.number)
        return None
