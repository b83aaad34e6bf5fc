"""Telling readers of a stream how the turn ended, when no running attempt does."""

from uuid import UUID

from contracts.parts import Part
from contracts.streams import PartShown, RecordKind
from contracts.turns import TurnResult
from storage.streams.log import StreamLog


async def show_end(
    streams: StreamLog, turn_id: UUID, *, attempt: int, result: TurnResult, parts: tuple[Part, ...] = ()
) -> None:
    """Append the whole `parts`, which replace what readers hold, and the end."""
    writer = await streams.open(turn_id, attempt)
    for index, part in enumerate(parts):
        writer.append(RecordKind.PART, index=index, body=PartShown(part=part))
    writer.append(RecordKind.END, body=result)
    await writer.close()
