"""One flusher per process: what all writers have pending goes to the log in one statement."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

import structlog

from storage.streams.interest import Interest
from storage.streams.signals import SignalKind, lines
from storage.streams.store import Batch, Key, Outcome, Store
from storage.streams.timing import Timing
from storage.streams.writer import TopicWriter, Urgency

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_MOST_TURNS = 1000
"""Per statement: enough for all streams of a process, while a statement stays below a megabyte or so."""
_MOST_DRIFTS = 3

_log = structlog.get_logger(__name__)


class Flusher:
    """Writes what is due. Failures of the store keep the records and are tried again for ever."""

    def __init__(
        self, store: Store, interest: Interest, origin: str, timing: Timing, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._interest = interest
        self._origin = origin
        self._timing = timing
        self._clock = clock
        self._writers: dict[Key, TopicWriter] = {}
        self._due: dict[TopicWriter, float] = {}
        self._sleeps_until = float("inf")
        self._woken = asyncio.Event()
        self._doubt = False
        self._flushing = False
        self._round = asyncio.Event()
        self._drifts: dict[TopicWriter, int] = {}

    def enter(self, writer: TopicWriter, *, open_attempt: int) -> TopicWriter | None:
        """A writer begins. Returns the turn's writer of `open_attempt`, if there is one.

        Raises ValueError where the attempt has a writer.
        """
        key = (writer.turn_id, writer.attempt)
        if key in self._writers:
            raise ValueError(f"attempt {writer.attempt} of turn {writer.turn_id} has a stream writer already")
        self._writers[key] = writer
        return self._writers.get((writer.turn_id, open_attempt))

    def schedule(self, writer: TopicWriter, urgency: Urgency) -> None:
        """Flush the writer as soon as its urgency and its readers elsewhere ask for."""
        watched = writer.turn_id in self._interest
        match urgency:
            case Urgency.NOW:
                wait = 0.0
            case Urgency.SOON:
                wait = 0.0 if watched else self._timing.watched
            case Urgency.PATIENT:
                wait = self._timing.watched if watched else self._timing.unwatched
        due = self._clock() + wait
        if due < self._due.get(writer, float("inf")):
            self._due[writer] = due
            if due < self._sleeps_until:
                self._woken.set()

    def hasten(self, turn_ids: Iterable[UUID]) -> None:
        """Somebody elsewhere has begun to read these turns."""
        wanted = set(turn_ids)
        for writer in [writer for writer in self._due if writer.turn_id in wanted]:
            self.schedule(writer, Urgency.PATIENT)

    async def drain(self, seconds: float) -> bool:
        """Write all that is pending, for so long at most. False: some is left."""
        for writer in list(self._due):
            self.schedule(writer, Urgency.NOW)
        try:
            async with asyncio.timeout(seconds):
                while self._due or self._flushing:
                    self._round.clear()
                    await self._round.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Flush for ever."""
        pause = _FIRST_PAUSE
        while True:
            await self._until_due()
            try:
                if self._doubt:
                    await self._look()
                await self._flush()
            except Exception as error:
                # Whether the statement was committed is not known, nor what the server lost while it was away.
                self._doubt = True
                _log.warning(
                    "stream log cannot be written, trying again", error=type(error).__name__, streams=len(self._due)
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE
                self._round.set()

    async def _until_due(self) -> None:
        while True:
            due = min(self._due.values(), default=float("inf"))
            wait = due - self._clock()
            if wait <= 0:
                return
            self._sleeps_until = due
            self._woken.clear()
            try:
                async with asyncio.timeout(None if due == float("inf") else wait):
                    await self._woken.wait()
            except TimeoutError:
                pass
            finally:
                self._sleeps_until = float("-inf")

    async def _flush(self) -> None:
        # Those who are nearly due come along: one statement for many streams is the point.
        horizon = self._clock() + self._timing.watched / 2
        writers = [writer for writer, due in self._due.items() if due <= horizon][:_MOST_TURNS]
        for writer in writers:
            del self._due[writer]
        batches = [batch for writer in writers if (batch := writer.take()) is not None]
        if batches:
            told = [batch.turn_id for batch in batches if batch.news or batch.turn_id in self._interest]
            self._flushing = True
            try:
                outcomes = await self._store.write(batches, lines(SignalKind.ROWS, self._origin, told))
            except BaseException:
                for writer in writers:
                    self.schedule(writer, Urgency.NOW)
                raise
            finally:
                self._flushing = False
            self._settle(batches, outcomes)
        for writer in writers:
            if writer.finished:
                self._writers.pop((writer.turn_id, writer.attempt), None)
                self._drifts.pop(writer, None)

    def _settle(self, batches: Sequence[Batch], outcomes: Mapping[Key, Outcome]) -> None:
        for batch in batches:
            writer = self._writers[batch.key]
            match outcomes[batch.key]:
                case Outcome.WRITTEN:
                    writer.wrote(batch)
                    self._drifts.pop(writer, None)
                case Outcome.FENCED:
                    writer.fence()
                case Outcome.ADRIFT:
                    self._adrift(writer)

    def _adrift(self, writer: TopicWriter) -> None:
        self._doubt = True
        self._drifts[writer] = self._drifts.get(writer, 0) + 1
        if self._drifts[writer] <= _MOST_DRIFTS:
            self.schedule(writer, Urgency.NOW)
            return
        _log.error(
            "another writer holds this attempt of the stream", turn_id=str(writer.turn_id), attempt=writer.attempt
        )
        writer.fence()

    async def _look(self) -> None:
        """See where the log stands for every writer, and go back where it has lost something."""
        found = await self._store.last(list(self._writers))
        self._doubt = False
        for key, writer in list(self._writers.items()):
            writer.found(found.get(key, 0))
            if not writer.idle:
                self.schedule(writer, Urgency.NOW)
