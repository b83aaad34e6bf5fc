"""One turn's stream in this process's memory: fed by a local writer or from the log, read by any number of readers.

A topic holds every record after its `floor` up to its `last`. What is below the floor is read from the log.
"""

import asyncio
from bisect import bisect_right
from uuid import UUID

from contracts.streams import Position, RecordKind, StreamRecord
from storage.streams.order import follows

SOFT_LIMIT = 512
"""Records kept for readers to come."""
HARD_LIMIT = 4096
"""Records kept for a reader who is slow; beyond, it reads the log."""


class Mark:
    """How far a reader has come."""

    __slots__ = ("position",)

    def __init__(self, position: Position) -> None:
        self.position = position


class Topic:
    """The newest records of a turn. Everything here is for one event loop."""

    def __init__(self, turn_id: UUID, now: float) -> None:
        self.turn_id = turn_id
        self.floor = Position()
        self.last = Position()
        self.ended: Position | None = None
        self.written_by = 0
        """The attempt whose writer is open in this process; 0 while none is."""
        self.absent = False
        """The log holds nothing of the turn, and has not for a while."""
        self.readers: set[Mark] = set()
        self.touched = now
        """When a record was last seen to have come, or a writer or reader left; seconds of the loop's clock."""
        self.seen = Position()
        """The `last` of the latest look."""
        self._records: list[StreamRecord] = []
        self._logged = Position()
        self._whole_attempt = 0
        self._waiters: list[asyncio.Future[bool]] = []

    def push_written(self, record: StreamRecord) -> bool:
        """Add a local writer's record. False: the turn has gone beyond it, the writer is fenced."""
        last = self.last
        if record.attempt != last.attempt:
            if record.attempt < last.attempt:
                return False
            if record.attempt - 1 != self._whole_attempt:
                # Others may have written attempts before this one that are not here.
                self._break(Position(record.attempt, record.seq - 1))
        elif record.seq != last.seq + 1:
            return False
        self._add(record)
        return True

    def push_logged(self, record: StreamRecord) -> None:
        """Add a record that was found in the log; one that is here already is passed over."""
        if record.position <= self.last:
            return
        if not follows(self.last, record):
            self._break(Position(record.attempt, record.seq - 1))
        self._add(record)

    def logged(self, position: Position) -> None:
        """All up to a position is in the log, so that memory may let go of it."""
        self._logged = max(self._logged, position)
        self._evict()

    def completed(self, attempt: int) -> None:
        """A local attempt is over and wholly in the log: the next attempt follows it without a gap."""
        if self.last.attempt == attempt:
            self._whole_attempt = attempt

    def since(self, position: Position) -> list[StreamRecord]:
        """What is here after a position, which must not be below the floor."""
        if position >= self.last:
            return []
        at = bisect_right(self._records, (position.attempt, position.seq), key=_order)
        return self._records[at:]

    @property
    def first(self) -> StreamRecord | None:
        """The oldest record that is here."""
        return self._records[0] if self._records else None

    async def wait(self, seconds: float | None = None) -> bool:
        """Return True when something has happened here after this call, or False after so many seconds without."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiters.append(waiter)
        # A bare timer: a timeout's context would cost more than the record that is waited for.
        timer = None if seconds is None else loop.call_later(seconds, _give_up, waiter)
        try:
            return await waiter
        finally:
            if timer is not None:
                timer.cancel()
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def wake(self) -> None:
        """Let the readers look again."""
        if self._waiters:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(True)
            self._waiters.clear()

    def _add(self, record: StreamRecord) -> None:
        self._records.append(record)
        self.last = Position(record.attempt, record.seq)
        self.absent = False
        if record.kind is RecordKind.END:
            self.ended = self.last
        self.wake()

    def _break(self, floor: Position) -> None:
        self._records.clear()
        self.floor = self.last = floor

    def _evict(self) -> None:
        excess = len(self._records) - SOFT_LIMIT
        # By quarters, as cutting a list's head costs its length.
        if excess < SOFT_LIMIT // 4:
            return
        keep_after = self._logged
        if self.readers and len(self._records) < HARD_LIMIT:
            keep_after = min(keep_after, *(mark.position for mark in self.readers))
        cut = min(excess, bisect_right(self._records, (keep_after.attempt, keep_after.seq), key=_order))
        if cut:
            self.floor = self._records[cut - 1].position
            del self._records[:cut]


def _give_up(waiter: "asyncio.Future[bool]") -> None:
    if not waiter.done():
        waiter.set_result(False)


def _order(record: StreamRecord) -> tuple[int, int]:
    return record.attempt, record.seq
