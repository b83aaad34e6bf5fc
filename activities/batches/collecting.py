"""Storing what a vendor's batch answered, and what it cost; the rest is asked by itself."""

from collections.abc import Sequence
from dataclasses import replace

from temporalio.exceptions import ApplicationError

from activities import budgeting
from activities.batches.ports import completing, model_request, provider_of
from activities.batches.submitting import entry_name
from activities.settling import Settling
from activities.world import World
from contracts.errors import ErrorKind, PerdureError, ProviderError
from contracts.parts import Part
from contracts.streams import PartShown, RecordKind
from contracts.usage import Cost, Usage
from domain.estimates import BATCH
from providers.batching import BatchPort, BatchResult
from providers.collect import Answer
from providers.protocol import Provider
from storage import attempts, batch_items, batch_parts, turns
from storage.attempts import LedgerEntry, OpenedAttempt
from storage.batch_items import ItemRow
from storage.batch_parts import PartRow
from storage.reservations import AttemptKey
from storage.streams.log import StreamWriter
from storage.turns import TurnRow, whole_request


async def collect(world: World, part: PartRow) -> None:
    """Read the vendor's results to their end. May be done again: what is stored is passed over.

    Raises `ProviderError` where they cannot be read.
    """
    provider, port = provider_of(world, part)
    async with world.database.begin() as connection:
        items = await batch_items.of_part(connection, part.batch_id, part.number)
    waiting = {entry_name(part, item): item for item in items}
    if part.vendor_id is not None:
        async for result in port.results(part.vendor_id):
            item = waiting.pop(result.name, None)
            if item is not None:
                await _take(world, provider, port, part, item, result)
    for name, item in waiting.items():
        await _take(world, provider, port, part, item, BatchResult(name, "expired"))
    async with world.database.begin() as connection:
        await batch_parts.ended(connection, part, "collected", now=world.clock())


async def _take(
    world: World, provider: Provider, port: BatchPort, part: PartRow, item: ItemRow, result: BatchResult
) -> None:
    if item.turn_id is None or item.attempt is None:
        await _go(world, part, item, answered=False)
        return
    async with world.database.begin() as connection:
        turn = await turns.find(connection, item.turn_id)
    error = result.error
    if result.outcome == "answered" and not turn.state.finished:
        request = model_request(whole_request(turn, None), part.model, item.bound)
        try:
            answer = port.answer(request, result.body, sort=part.sort)
        except ProviderError as unread:
            error = unread
        else:
            await _store(world, provider, turn, item.attempt, answer)
            await _go(world, part, item, answered=True)
            return
    if not turn.state.finished:
        await _close(world, turn, item.attempt, error)
    await _go(world, part, item, answered=turn.state.finished)


async def _store(world: World, provider: Provider, turn: TurnRow, number: int, answer: Answer) -> None:
    """Store the answer at the batch's price, as an attempt of the turn's own would."""
    if turn.plan is None:
        raise PerdureError(ErrorKind.INTERNAL, f"Turn {turn.id} was gathered without a plan.")
    opened = OpenedAttempt(turn, number, whole_request(turn, None), 0, (), None)
    writer = await world.streams.open(turn.id, number)
    _show(writer, answer.parts)
    settling = Settling(world, completing(turn, turn.plan), provider, opened, writer, None)
    try:
        await settling.store(answer.parts, replace(answer.finished, service_tier=BATCH))
    except ApplicationError as error:
        # The turn was ended, or asked again, in the meantime: what it cost is kept.
        if error.type != ErrorKind.CONFLICT.value:
            raise


def _show(writer: StreamWriter, parts: Sequence[Part]) -> None:
    for index, part in enumerate(parts):
        writer.append(RecordKind.PART, index=index, body=PartShown(part=part))


async def _close(world: World, turn: TurnRow, number: int, error: ProviderError | None) -> None:
    """The attempt came to nothing, and was not billed."""
    now = world.clock()
    entry = LedgerEntry(
        state="interrupted" if error is None else "failed",
        usage=Usage(),
        cost=Cost(),
        finished_at=now,
        service_tier=BATCH,
        error_kind=error.kind if error else None,
        error_message=error.message if error else None,
        provider_code=error.provider_code if error else None,
    )
    key = AttemptKey(turn.id, 0, number)
    async with world.database.begin() as connection:
        await attempts.close_attempt(connection, turn.id, step=0, attempt=number, entry=entry)
        accounts = await budgeting.settle(connection, key, Usage(), Cost(), now=now) if turn.budgeted else []
    await budgeting.alert(world, accounts)


async def _go(world: World, part: PartRow, item: ItemRow, *, answered: bool) -> None:
    async with world.database.begin() as connection:
        await batch_items.go(connection, part.batch_id, item.position, "done" if answered else "live", part=part.number)
