"""Reading one stream: from memory where it holds what comes next, from the log below that."""

from collections.abc import AsyncGenerator, Callable
from uuid import UUID

import structlog

from contracts.streams import Position, RecordKind, StreamRecord
from storage.streams.codec import decode
from storage.streams.log import BEGINNING, LogLost
from storage.streams.order import follows, unbroken
from storage.streams.store import Store
from storage.streams.timing import Timing
from storage.streams.topic import Mark, Topic

_log = structlog.get_logger(__name__)


async def read_topic(
    topic: Topic, mark: Mark, store: Store, timing: Timing, clock: Callable[[], float], *, quiet: float | None = None
) -> AsyncGenerator[StreamRecord | None, None]:
    """Yield the records after the mark, moving it, until `end` was yielded, and None after every `quiet` seconds without one.

    Raises `LogLost`.
    """
    missing_since: float | None = None
    while True:
        if topic.ended is not None and mark.position >= topic.ended:
            return
        if mark.position >= topic.floor:
            found = topic.since(mark.position)
        else:
            found = await _below_the_floor(topic, mark, store)
        for record in found:
            mark.position = record.position
            yield record
            if record.kind is RecordKind.END:
                return
        if found:
            missing_since = None
        elif mark.position < topic.floor:
            # A writer writes again what its server lost; give it the time.
            now = clock()
            missing_since = missing_since if missing_since is not None else now
            if now - missing_since >= timing.grace:
                raise _lost(topic.turn_id, mark.position)
            await topic.wait(timing.poll / 4)
        elif topic.last <= mark.position:
            if topic.absent and mark.position != BEGINNING:
                raise _lost(topic.turn_id, mark.position)
            if not await topic.wait(quiet):
                yield None


async def _below_the_floor(topic: Topic, mark: Mark, store: Store) -> list[StreamRecord]:
    """What the log holds between the mark and what is in memory. Moves the mark up to the floor where nothing lies between."""
    try:
        rows = await store.after({topic.turn_id: mark.position})
    except Exception as error:
        _log.warning("stream log cannot be read, trying again", error=type(error).__name__)
        return []
    found = list(unbroken(mark.position, (record for row in rows for record in decode(row))))
    first = topic.first
    if not found and first is not None and mark.position < topic.floor and follows(mark.position, first):
        mark.position = topic.floor
    return found


def _lost(turn_id: UUID, position: Position) -> LogLost:
    return LogLost(
        f"the stream log no longer holds what follows {position} of turn {turn_id}; the turn and its message say the rest"
    )
