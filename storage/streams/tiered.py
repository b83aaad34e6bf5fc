"""The stream log: topics in memory over a store that all processes share."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from uuid import UUID

import structlog

from contracts.streams import Position, StreamRecord
from storage.streams.codec import decode
from storage.streams.flusher import Flusher
from storage.streams.interest import Interest
from storage.streams.log import BEGINNING, StreamWriter
from storage.streams.reader import read_topic
from storage.streams.ring import Ring
from storage.streams.signals import SignalKind, lines, new_origin, parse
from storage.streams.stopping import Stops
from storage.streams.store import Store
from storage.streams.tailer import Tailer
from storage.streams.timing import Timing
from storage.streams.topic import Topic
from storage.streams.writer import TopicWriter

_log = structlog.get_logger(__name__)


class TieredStreamLog:
    """A `StreamLog`, and the listener of its store. One per process and event loop."""

    def __init__(self, store: Store, timing: Timing = Timing()) -> None:  # noqa: B008  a frozen value
        self._store = store
        self._timing = timing
        self._origin = new_origin()
        self._stops = Stops()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect and begin to serve."""
        self._clock = asyncio.get_running_loop().time
        self._ring = Ring(self._clock, self._timing.linger)
        self._interest = Interest(self._clock, self._timing.interest)
        self._flusher = Flusher(self._store, self._interest, self._origin, self._timing, self._clock)
        self._tailer = Tailer(self._store, self._ring, self._origin, self._timing, self._clock)
        try:
            await self._store.start(self)
        except BaseException:
            await self._store.aclose()
            raise
        self._tasks = [asyncio.create_task(part.run()) for part in (self._flusher, self._tailer)]

    async def aclose(self) -> None:
        """Write what is pending, for some seconds at most, and let go of everything."""
        if self._tasks and not await self._flusher.drain(self._timing.drain):
            _log.warning("stream log closed with records that its server did not take")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._store.aclose()

    async def open(self, turn_id: UUID, attempt: int) -> StreamWriter:
        """The writer of an attempt; see `StreamLog.open`."""
        if attempt < 1:
            raise ValueError(f"attempts count from 1, not {attempt}")
        await self._store.begin(turn_id, attempt)
        topic = self._ring.topic(turn_id)
        writer = TopicWriter(topic, attempt, schedule=self._flusher.schedule, left=self._left)
        before = self._flusher.enter(writer, open_attempt=topic.written_by)
        if before is not None and before.attempt < attempt:
            before.fence()
        if attempt > topic.written_by and attempt >= topic.last.attempt:
            topic.written_by = attempt
        else:
            writer.fence()
        return writer

    async def read(
        self, turn_id: UUID, after: Position = BEGINNING, *, quiet: float | None = None
    ) -> AsyncGenerator[StreamRecord | None, None]:
        """The records after a position; see `StreamLog.read`."""
        topic = self._ring.topic(turn_id)
        with self._ring.reading(topic, after) as mark:
            if not topic.written_by:
                self._tailer.wake(turn_id)
            async with aclosing(
                read_topic(topic, mark, self._store, self._timing, self._clock, quiet=quiet)
            ) as records:
                async for record in records:
                    yield record

    async def exists(self, turn_id: UUID) -> bool:
        """Anything of the turn is in the log."""
        return turn_id in await self._store.present([turn_id])

    async def records(self, turn_id: UUID) -> list[StreamRecord]:
        """All that is in the log now, in order."""
        return [record for row in await self._store.after({turn_id: BEGINNING}) for record in decode(row)]

    async def stop(self, turn_id: UUID) -> None:
        """Tell every process that the turn is to stop at once."""
        self._stops.stop([turn_id])
        await self._store.say(lines(SignalKind.STOP, self._origin, [turn_id]))

    @asynccontextmanager
    async def stops(self, turn_id: UUID) -> AsyncIterator[asyncio.Event]:
        """An event that is set when somebody, anywhere, stops the turn while the context is open."""
        with self._stops.waiting(turn_id) as event:
            yield event

    async def purge(self, older_than: datetime) -> int:
        """Remove the streams to which nothing was written since."""
        return await self._store.purge(older_than)

    @property
    def held(self) -> int:
        """How many streams are in memory."""
        return len(self._ring)

    def topic(self, turn_id: UUID) -> Topic | None:
        """What memory holds of a turn, if anything."""
        return self._ring.find(turn_id)

    def heard(self, line: str) -> None:
        """Another process, or this one, said something."""
        signal = parse(line)
        if signal is None or signal.origin == self._origin:
            return
        match signal.kind:
            case SignalKind.ROWS:
                for turn_id in signal.turn_ids:
                    topic = self._ring.find(turn_id)
                    if topic is not None and topic.readers:
                        self._tailer.wake(turn_id)
            case SignalKind.INTEREST:
                self._interest.heard(signal.turn_ids)
                self._flusher.hasten(signal.turn_ids)
            case SignalKind.STOP:
                self._stops.stop(signal.turn_ids)

    def connected(self) -> None:
        """Lines are heard from now on; some may have been missed."""
        self._tailer.wake_all()

    def _left(self, topic: Topic) -> None:
        topic.touched = self._clock()
        if topic.readers and topic.ended is None:
            self._tailer.wake(topic.turn_id)
