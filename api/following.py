"""Following a turn to its end, whatever becomes of its stream."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from uuid import UUID

from api.doors import Doors
from contracts.errors import ErrorKind, PerdureError
from contracts.streams import PartShown, Position, RecordKind, StreamRecord
from contracts.turns import TurnResult
from storage import messages, turns
from storage.messages import StoredMessage
from storage.streams.log import BEGINNING, LogLost
from storage.turns import TurnRow

QUIET_SECONDS = 2.0
"""After this much silence the turn's row is asked whether the turn has ended without our having heard."""


async def follow(doors: Doors, turn_id: UUID, after: Position = BEGINNING) -> AsyncIterator[StreamRecord | None]:
    """The records after a position to the end, and None whenever nothing was said for a while.

    Where the log has lost records, the stored message and result stand in for them.
    """
    position = after
    loop = asyncio.get_running_loop()
    reader = _reader(doors, turn_id, position)
    try:
        while True:
            try:
                async with asyncio.timeout_at(loop.time() + QUIET_SECONDS):
                    record = await anext(reader)
            except (TimeoutError, LogLost, StopAsyncIteration):
                if (stored := await stored_end(doors, turn_id, position)) is not None:
                    for record in stored:
                        yield record
                    return
                await reader.aclose()
                reader = _reader(doors, turn_id, position)
                yield None
                continue
            position = record.position
            yield record
            if record.kind is RecordKind.END:
                return
    finally:
        await reader.aclose()


def _reader(doors: Doors, turn_id: UUID, after: Position) -> AsyncGenerator[StreamRecord, None]:
    return doors.streams.read(turn_id, after)


async def stored_end(doors: Doors, turn_id: UUID, after: Position) -> list[StreamRecord] | None:
    """The whole answer and the end, as records that follow everything; None while the turn has not ended."""
    async with doors.database.begin() as connection:
        turn = await turns.find(connection, turn_id)
        said = await messages.of_turn(connection, turn_id)
    if turn.result is None:
        return None
    attempt = max(turn.attempt, after.attempt) + 1
    parts = [part for message in said if message.step is not None for part in message.message.parts]
    records = [
        StreamRecord(attempt, index + 1, RecordKind.PART, index=index, body=PartShown(part=part))
        for index, part in enumerate(parts)
    ]
    return [*records, StreamRecord(attempt, len(parts) + 1, RecordKind.END, body=turn.result)]


async def wait_for_end(doors: Doors, turn_id: UUID) -> TurnResult:
    """The turn's result, once it has one."""
    async for record in follow(doors, turn_id):
        if record is not None and isinstance(record.body, TurnResult):
            return record.body
    raise PerdureError(ErrorKind.INTERNAL, f"The stream of turn {turn_id} ended without its end.")


async def load(doors: Doors, turn_id: UUID, *, workspace_id: UUID) -> tuple[TurnRow, list[StoredMessage]]:
    """A turn and its messages. Raises `not_found`."""
    async with doors.database.begin() as connection:
        turn = await turns.find(connection, turn_id, workspace_id=workspace_id)
        return turn, await messages.of_turn(connection, turn_id)


def raise_failure(result: TurnResult) -> None:
    """Raise what a failed turn failed of."""
    if result.error_kind is not None and result.message_id is None:
        raise PerdureError(
            result.error_kind,
            result.error_message or "The turn failed.",
            detail={"turn_id": str(result.turn_id)},
        )
