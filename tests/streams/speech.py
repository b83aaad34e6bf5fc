"""Short words for what the tests of streams say and hear."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from itertools import pairwise
from uuid import UUID

from contracts.models import ModelRef
from contracts.streams import AttemptOpened, Position, RecordKind, StreamRecord
from contracts.turns import TurnResult, TurnState
from storage.streams.log import BEGINNING, StreamLog, StreamWriter

MODEL = ModelRef.parse("openai:gpt-5")
SECONDS = 20.0
"""A test's patience."""


def opened(cause: None = None, keep_chars: int = 0) -> AttemptOpened:
    return AttemptOpened(step=0, model=MODEL, cause=cause, keep_chars=keep_chars)


def result(turn_id: UUID) -> TurnResult:
    return TurnResult(turn_id=turn_id, state=TurnState.COMPLETED)


def begin(writer: StreamWriter, *, keep_chars: int = 0) -> None:
    kind = RecordKind.START if writer.attempt == 1 else RecordKind.CONTINUE if keep_chars else RecordKind.RESET
    writer.append(kind, body=opened(keep_chars=keep_chars))


def say(writer: StreamWriter, *words: str) -> None:
    for word in words:
        writer.append(RecordKind.TEXT, text=word)


def end(writer: StreamWriter) -> None:
    writer.append(RecordKind.END, body=result(writer.turn_id))


async def whole(log: StreamLog, turn_id: UUID, after: Position = BEGINNING) -> list[StreamRecord]:
    """Read to the end."""
    async with asyncio.timeout(SECONDS), aclosing(log.read(turn_id, after)) as records:
        return [record async for record in records]


async def some(log: StreamLog, turn_id: UUID, count: int, after: Position = BEGINNING) -> list[StreamRecord]:
    """Read so many records and leave."""
    found: list[StreamRecord] = []
    async with asyncio.timeout(SECONDS), aclosing(log.read(turn_id, after)) as records:
        async for record in records:
            found.append(record)
            if len(found) == count:
                break
    return found


def text(records: Iterable[StreamRecord]) -> str:
    """The text said, as of the last record."""
    said = ""
    for record in records:
        match record.kind:
            case RecordKind.START | RecordKind.RESET:
                said = ""
            case RecordKind.CONTINUE:
                assert isinstance(record.body, AttemptOpened)
                assert len(said) >= record.body.keep_chars, "text that is to be kept was never read"
                said = said[: record.body.keep_chars]
            case RecordKind.TEXT:
                said += record.text
            case _:
                pass
    return said


def positions(records: Iterable[StreamRecord]) -> list[str]:
    return [str(record.position) for record in records]


def assert_in_order(records: list[StreamRecord]) -> None:
    """Strictly increasing, and without a gap inside an attempt."""
    for before, record in pairwise(records):
        assert record.position > before.position
        if record.attempt == before.attempt:
            assert record.seq == before.seq + 1
        else:
            assert record.seq == 1
