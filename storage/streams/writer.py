"""The writer of one attempt: memory at once, the log when the flusher comes by."""

import asyncio
from collections.abc import Callable
from enum import IntEnum

from contracts.streams import Position, RecordKind, StreamRecord
from storage.streams.codec import Row, encode
from storage.streams.log import Fenced, RecordBody
from storage.streams.store import Batch
from storage.streams.topic import Topic

RETAINED_BYTES = 1 << 20
"""How much of an attempt is kept encoded, to be written again should the log's server lose it."""

_OPENINGS = frozenset((RecordKind.START, RecordKind.RESET, RecordKind.CONTINUE))


class Urgency(IntEnum):
    """How soon a writer wants to be flushed."""

    PATIENT = 0
    SOON = 1
    NOW = 2


class TopicWriter:
    """A `StreamWriter` that feeds a topic and is drained by the flusher.

    A later attempt's records are held back until its opening is in the log. Shown before, it could be fenced unlogged, and
    readers nearby would have been told that text is void which the attempt after it, going by the log, goes on from.

    `schedule` asks to be flushed; `left` says that the topic has lost its writer, by its end or by the fence.
    """

    def __init__(
        self,
        topic: Topic,
        attempt: int,
        *,
        schedule: "Callable[[TopicWriter, Urgency], None]",
        left: Callable[[Topic], None],
    ) -> None:
        self.turn_id = topic.turn_id
        self.attempt = attempt
        self._topic = topic
        self._schedule = schedule
        self._left = left
        self._seq = 0
        self._spoken = False
        self._news = True
        self._fenced = False
        self._closed = False
        self._held: list[StreamRecord] | None = [] if attempt > 1 else None
        self._pending: list[StreamRecord] = []
        self._rows: list[Row] = []
        self._written = 0
        self._logged = 0
        self._bytes = 0
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    @property
    def fenced(self) -> bool:
        """A newer attempt was seen."""
        return self._fenced

    @property
    def idle(self) -> bool:
        """Nothing waits to be written."""
        return self._fenced or (not self._pending and self._written == len(self._rows))

    @property
    def finished(self) -> bool:
        """Closed, and nothing is left to do."""
        return self._closed and self.idle

    def append(self, kind: RecordKind, *, index: int = 0, text: str = "", body: RecordBody | None = None) -> Position:
        """Append a record; see `StreamWriter.append`."""
        if self._closed:
            raise RuntimeError(f"the stream writer of turn {self.turn_id}, attempt {self.attempt}, is closed")
        self._seq += 1
        if self._fenced:
            return Position(self.attempt, self._seq)
        record = StreamRecord(self.attempt, self._seq, kind, index, text, body)
        if self._held is not None:
            self._held.append(record)
        elif not self._topic.push_written(record):
            self.fence()
            return record.position
        self._pending.append(record)
        if kind is RecordKind.END or (self._held is not None and self._seq == 1):
            self._news = True
            self._schedule(self, Urgency.NOW)
        elif not self._spoken and kind not in _OPENINGS:
            self._spoken = self._news = True
            self._schedule(self, Urgency.SOON)
        elif len(self._pending) == 1:
            self._schedule(self, Urgency.PATIENT)
        return Position(self.attempt, self._seq)

    async def flush(self) -> None:
        """Return when all that was appended is in the log. Raises `Fenced`."""
        if self._fenced:
            raise Fenced(f"attempt {self.attempt} of turn {self.turn_id} is not the newest")
        if self._logged >= self._seq:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append((self._seq, waiter))
        self._schedule(self, Urgency.NOW)
        await waiter

    async def close(self, flush: bool = True) -> None:
        """End the writer; see `StreamWriter.close`."""
        if not self._closed:
            self._closed = True
            self._leave()
            self._schedule(self, Urgency.NOW)
        if flush:
            try:
                await self.flush()
            except Fenced:
                return

    def fence(self) -> None:
        """The attempt is not the newest: drop what is pending and tell who waits."""
        if self._fenced:
            return
        self._fenced = True
        self._held = None
        self._pending.clear()
        self._rows.clear()
        self._leave()
        for _, waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(Fenced(f"attempt {self.attempt} of turn {self.turn_id} is not the newest"))
        self._waiters.clear()

    def take(self) -> Batch | None:
        """All that is not in the log yet."""
        if self._pending:
            row = encode(self.turn_id, self._pending)
            self._pending.clear()
            self._rows.append(row)
            self._bytes += len(row.records)
        rows = tuple(self._rows[self._written :])
        if not rows:
            return None
        previous = self._rows[self._written - 1].seq_first if self._written else 0
        return Batch(self.turn_id, self.attempt, previous, rows, self._news)

    def wrote(self, batch: Batch) -> None:
        """The batch, the one taken last, is in the log."""
        if self._fenced:
            return
        self._written += len(batch.rows)
        self._news = self._news and bool(self._pending)
        while self._bytes > RETAINED_BYTES and self._written > 1:
            self._bytes -= len(self._rows.pop(0).records)
            self._written -= 1
        self._reach(batch.rows[-1].seq_last)

    def found(self, seq: int) -> None:
        """The log was seen to hold the attempt up to `seq`: what it lacks of what is kept is to be written again."""
        if self._fenced:
            return
        if self._rows and seq >= self._rows[0].seq_first and all(row.seq_last != seq for row in self._rows):
            # Not a place where this writer ever stopped: the attempt has another writer.
            self.fence()
            return
        self._written = sum(1 for row in self._rows if row.seq_last <= seq)
        self._reach(seq)

    def _reach(self, seq: int) -> None:
        self._logged = seq
        if seq:
            self._release()
            self._topic.logged(Position(self.attempt, seq))
        if self.finished:
            self._topic.completed(self.attempt)
        reached = [waiter for upto, waiter in self._waiters if upto <= seq]
        self._waiters = [(upto, waiter) for upto, waiter in self._waiters if upto > seq]
        for waiter in reached:
            if not waiter.done():
                waiter.set_result(None)

    def _release(self) -> None:
        held, self._held = self._held or (), None
        for record in held:
            last = self._topic.last
            if record.attempt == last.attempt and record.seq <= last.seq:
                # Whoever reads the log found it there before we were told that it was written.
                continue
            if not self._topic.push_written(record):
                self.fence()
                return

    def _leave(self) -> None:
        if self._topic.written_by == self.attempt:
            self._topic.written_by = 0
            self._left(self._topic)
