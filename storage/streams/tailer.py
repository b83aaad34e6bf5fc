"""One tailer per process: brings what others wrote into the topics that have readers here."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import structlog

from contracts.streams import Position
from storage.streams.codec import decode
from storage.streams.ring import Ring
from storage.streams.signals import SignalKind, lines
from storage.streams.store import Store
from storage.streams.timing import Timing
from storage.streams.topic import Topic

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_MOST_TURNS = 200
"""Per query: a bound on what one answer may hold."""
_LOCAL_EVERY = 5
"""Every how many polls the topics that are written here are looked at: only a takeover elsewhere would show."""

_log = structlog.get_logger(__name__)


class Tailer:
    """Queries the log for all woken topics at once, and for all followed ones now and then, as a wake may be lost."""

    def __init__(self, store: Store, ring: Ring, origin: str, timing: Timing, clock: Callable[[], float]) -> None:
        self._store = store
        self._ring = ring
        self._origin = origin
        self._timing = timing
        self._clock = clock
        self._woken: set[UUID] = set()
        self._wake = asyncio.Event()
        self._announced: dict[UUID, float] = {}
        self._next_poll = 0.0
        self._polls = 0

    def wake(self, turn_id: UUID) -> None:
        """The log may have more of the turn."""
        self._woken.add(turn_id)
        self._wake.set()

    def wake_all(self) -> None:
        """Wakes may have been missed, and so may others what this process said."""
        self._announced.clear()
        self._next_poll = 0.0
        self._wake.set()

    async def run(self) -> None:
        """Follow for ever."""
        pause = _FIRST_PAUSE
        while True:
            await self._until_wanted()
            polling = self._clock() >= self._next_poll
            woken, self._woken = self._woken, set()
            try:
                await self._look(woken, polling=polling)
            except Exception as error:
                self._woken |= woken
                _log.warning("stream log cannot be read, trying again", error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE
                if polling:
                    self._next_poll = self._clock() + self._timing.poll

    async def _until_wanted(self) -> None:
        wait = self._next_poll - self._clock()
        if not self._woken and wait > 0:
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                pass
        self._wake.clear()

    async def _look(self, woken: set[UUID], *, polling: bool) -> None:
        followed = self._ring.followed()
        if polling:
            self._polls += 1
            too = self._polls % _LOCAL_EVERY == 0
            wanted = [topic for topic in followed if too or not topic.written_by or topic.turn_id in woken]
        else:
            wanted = [topic for topic in followed if topic.turn_id in woken]
        await self._announce(wanted)
        for at in range(0, len(wanted), _MOST_TURNS):
            await self._fetch(wanted[at : at + _MOST_TURNS])
        if polling:
            await self._miss([topic for topic in wanted if not topic.written_by])
            self._ring.look()

    async def _announce(self, topics: list[Topic]) -> None:
        now = self._clock()
        before = now - self._timing.renew
        due = [
            topic.turn_id
            for topic in topics
            if not topic.written_by and self._announced.get(topic.turn_id, float("-inf")) <= before
        ]
        if due:
            await self._store.say(lines(SignalKind.INTEREST, self._origin, due))
            self._announced = {turn_id: at for turn_id, at in self._announced.items() if at > before}
            self._announced.update(dict.fromkeys(due, now))

    async def _fetch(self, topics: list[Topic]) -> None:
        rows = await self._store.after({topic.turn_id: topic.last for topic in topics})
        by_turn = {topic.turn_id: topic for topic in topics}
        for row in rows:
            topic = by_turn[row.turn_id]
            for record in decode(row):
                topic.push_logged(record)
            topic.logged(Position(row.attempt, row.seq_last))

    async def _miss(self, topics: list[Topic]) -> None:
        """Find the topics that the log holds nothing of, though they have been quiet for long."""
        before = self._clock() - self._timing.grace
        quiet = [topic for topic in topics if topic.touched < before and topic.last == topic.seen]
        if not quiet:
            return
        present = await self._store.present([topic.turn_id for topic in quiet])
        for topic in quiet:
            topic.absent = topic.turn_id not in present and topic.ended is None
            if topic.absent:
                topic.wake()
