"""Following a turn to its end, whatever becomes of its stream."""

from collections.abc import AsyncGenerator
from uuid import UUID

from api.doors import Doors
from api.problems import TurnFailedError
from contracts.errors import ErrorKind, PerdureError
from contracts.streams import AttemptOpened, PartShown, Position, RecordKind, StreamRecord
from contracts.turns import TurnResult
from storage import messages, turns
from storage.messages import StoredMessage
from storage.streams.log import BEGINNING, LogLost
from storage.turns import TurnRow

QUIET = 5.0
"""After this much silence, in seconds, the turn's row is asked whether the turn has ended without our having heard."""
LONGEST_QUIET = 15.0
"""It is asked less and less often, up to this; every answer is a sign of life for the client."""


async def follow(doors: Doors, turn_id: UUID, after: Position = BEGINNING) -> AsyncGenerator[StreamRecord | None, None]:
    """The records after a position to the end, and None whenever nothing was said for a while.

    Where the log has lost records, the stored message and result stand in for them.
    """
    position, silent, patience = after, 0.0, QUIET
    reader = doors.streams.read(turn_id, position, quiet=QUIET)
    try:
        while True:
            lost = False
            try:
                record = await anext(reader)
            except (LogLost, StopAsyncIteration):
                record, lost = None, True
            if record is not None:
                position, silent, patience = record.position, 0.0, QUIET
                yield record
                if record.kind is RecordKind.END:
                    return
                continue
            silent += QUIET
            if not lost and silent < patience:
                continue
            if (stored := await stored_end(doors, turn_id, position)) is not None:
                for record in stored:
                    yield record
                return
            if lost:
                reader = doors.streams.read(turn_id, position, quiet=QUIET)
            silent, patience = 0.0, min(2 * patience, LONGEST_QUIET)
            yield None
    finally:
        await reader.aclose()


async def newest_attempt(doors: Doors, turn_id: UUID) -> Position:
    """Where a client who has nothing yet begins to read a running turn: what earlier attempts said is void."""
    begun = [record for record in await doors.streams.records(turn_id) if record.kind is RecordKind.RESET]
    return Position(begun[-1].attempt, 0) if begun else BEGINNING


async def stored_end(doors: Doors, turn_id: UUID, after: Position = BEGINNING) -> list[StreamRecord] | None:
    """The whole answer and the end as records that follow everything; what follows `after` of them.

    None while the turn has not ended. They belong to an attempt that never was, one beyond the newest, so that a client who comes
    back in their midst goes on there.
    """
    async with doors.database.singly() as connection:
        turn = await turns.find(connection, turn_id)
        if turn.result is None:
            return None
        said = await messages.of_turn(connection, turn_id)
    attempt = turn.attempt + 1
    records: list[StreamRecord] = []
    if turn.result.model is not None:
        opened = AttemptOpened(step=0, model=turn.result.model)
        records.append(StreamRecord(attempt, 1, RecordKind.RESET, body=opened))
    parts = (part for message in said if message.step is not None for part in message.message.parts)
    for index, part in enumerate(parts):
        shown = PartShown(part=part)
        records.append(StreamRecord(attempt, len(records) + 1, RecordKind.PART, index=index, body=shown))
    records.append(StreamRecord(attempt, len(records) + 1, RecordKind.END, body=turn.result))
    return [record for record in records if record.position > after]


async def wait_for_end(doors: Doors, turn_id: UUID, *, finished: bool = False) -> TurnResult:
    """The turn's result, once it has one; `finished` where it is known to have one."""
    if finished:
        async with doors.database.singly() as connection:
            turn = await turns.find(connection, turn_id)
        if turn.result is not None:
            return turn.result
    async for record in follow(doors, turn_id):
        if record is not None and isinstance(record.body, TurnResult):
            return record.body
    raise PerdureError(ErrorKind.INTERNAL, f"The stream of turn {turn_id} ended without its end.")


async def load(doors: Doors, turn_id: UUID, *, workspace_id: UUID) -> tuple[TurnRow, list[StoredMessage]]:
    """A turn and its messages. Raises `not_found`."""
    async with doors.database.singly() as connection:
        turn = await turns.find(connection, turn_id, workspace_id=workspace_id)
        return turn, await messages.of_turn(connection, turn_id)


def failure_of(result: TurnResult) -> TurnFailedError | None:
    """What a turn without an answer failed of; None for a turn that has one, be it whole or stopped."""
    if result.message_id is not None or result.error_kind is None:
        return None
    message = result.error_message or "The turn failed."
    return TurnFailedError(
        result.error_kind, message, result.turn_id, field=result.error_field, detail=result.error_detail
    )
