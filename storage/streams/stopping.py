"""Events that tell whoever works on a turn that it is to stop."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID


class Stops:
    """The events of this process, by turn."""

    def __init__(self) -> None:
        self._events: dict[UUID, set[asyncio.Event]] = {}

    @contextmanager
    def waiting(self, turn_id: UUID) -> Iterator[asyncio.Event]:
        """An event that a stop of the turn sets, for as long as the block runs."""
        event = asyncio.Event()
        self._events.setdefault(turn_id, set()).add(event)
        try:
            yield event
        finally:
            events = self._events[turn_id]
            events.discard(event)
            if not events:
                del self._events[turn_id]

    def stop(self, turn_ids: Iterable[UUID]) -> None:
        """Set the events of these turns."""
        for turn_id in turn_ids:
            for event in self._events.get(turn_id, ()):
                event.set()
