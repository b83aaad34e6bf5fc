"""The topics of this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from contracts.streams import Position
from storage.streams.topic import Mark, Topic


class Ring:
    """Topics by turn: made when written or read, let go of some seconds after the last writer and reader left."""

    def __init__(self, clock: Callable[[], float], linger: float) -> None:
        self._clock = clock
        self._linger = linger
        self._topics: dict[UUID, Topic] = {}

    def __len__(self) -> int:
        return len(self._topics)

    def find(self, turn_id: UUID) -> Topic | None:
        """The turn's topic, if it has one."""
        return self._topics.get(turn_id)

    def topic(self, turn_id: UUID) -> Topic:
        """The turn's topic, made where there is none."""
        topic = self._topics.get(turn_id)
        if topic is None:
            topic = self._topics[turn_id] = Topic(turn_id, self._clock())
        return topic

    @contextmanager
    def reading(self, topic: Topic, after: Position) -> Iterator[Mark]:
        """Count a reader among the topic's own for as long as the block runs."""
        if not topic.readers:
            # What was known of the log is old: a new reader is due the whole grace.
            topic.absent, topic.touched = False, self._clock()
        mark = Mark(after)
        topic.readers.add(mark)
        try:
            yield mark
        finally:
            topic.readers.discard(mark)
            topic.touched = self._clock()

    def followed(self) -> list[Topic]:
        """The topics whose readers wait for more."""
        return [topic for topic in self._topics.values() if topic.readers and topic.ended is None]

    def look(self) -> None:
        """Note which topics have moved since the last look, and let go of those that nobody needs."""
        now = self._clock()
        for topic in list(self._topics.values()):
            if topic.last != topic.seen:
                topic.seen, topic.touched = topic.last, now
            elif not topic.written_by and not topic.readers and now - topic.touched > self._linger:
                del self._topics[topic.turn_id]
