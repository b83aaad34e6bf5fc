"""Which turns other processes read, as they have said lately."""

from collections.abc import Callable, Iterable
from uuid import UUID


class Interest:
    """Turns with readers elsewhere. A word is believed for `seconds`."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._until: dict[UUID, float] = {}

    def heard(self, turn_ids: Iterable[UUID]) -> None:
        """Another process reads these turns."""
        until = self._clock() + self._seconds
        for turn_id in turn_ids:
            self._until[turn_id] = until

    def __contains__(self, turn_id: UUID) -> bool:
        return self._until.get(turn_id, 0.0) > self._clock()

    def forget(self) -> None:
        """Drop what is not believed any longer."""
        now = self._clock()
        self._until = {turn_id: until for turn_id, until in self._until.items() if until > now}
