"""What a server must do to keep the log: the second tier under the topics in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol
from uuid import UUID

from contracts.streams import Position
from storage.streams.codec import Row

Key = tuple[UUID, int]
"""A turn and one of its attempts: what one writer writes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The next rows of one attempt.

    `previous` is the `seq_first` of the row before them, 0 where they are the first. `news`: other processes are to be told
    even if none has said that it reads, as here are the first words of an attempt or the turn's end.
    """

    turn_id: UUID
    attempt: int
    previous: int
    rows: tuple[Row, ...]
    news: bool

    @property
    def key(self) -> Key:
        """Whose batch it is."""
        return self.turn_id, self.attempt


class Outcome(Enum):
    """What became of a batch: all of it is in the log, or none.

    `FENCED`: the turn has a newer attempt, or is gone. `ADRIFT`: the row before it is missing or these rows are there
    already, so the writer must look where the log stands.
    """

    WRITTEN = auto()
    FENCED = auto()
    ADRIFT = auto()


class Listener(Protocol):
    """Who hears the other processes."""

    def heard(self, line: str) -> None:
        """A line came."""
        ...

    def connected(self) -> None:
        """Lines are heard from now on; some may have been missed before."""
        ...


class Store(Protocol):
    """A server that holds the log. Methods raise what its client raises; callers try again."""

    async def start(self, listener: Listener) -> None:
        """Connect, and tell the listener whatever is said from now on, reconnecting for ever."""
        ...

    async def aclose(self) -> None:
        """Let go of all connections."""
        ...

    async def begin(self, turn_id: UUID, attempt: int) -> None:
        """An attempt begins: writers of older ones are fenced."""
        ...

    async def write(self, batches: Sequence[Batch], lines: Sequence[str]) -> Mapping[Key, Outcome]:
        """Append the batches, at most one per key, and say the lines, in one go."""
        ...

    async def last(self, keys: Collection[Key]) -> Mapping[Key, int]:
        """The highest `seq` in the log of each attempt that has any."""
        ...

    async def after(self, positions: Mapping[UUID, Position]) -> list[Row]:
        """The rows that hold anything after each turn's position, each turn's in order."""
        ...

    async def present(self, turn_ids: Collection[UUID]) -> set[UUID]:
        """Which of the turns have anything in the log."""
        ...

    async def say(self, lines: Sequence[str]) -> None:
        """Tell the other processes."""
        ...

    async def purge(self, older_than: datetime) -> int:
        """Remove streams that were last written before. How many rows that were."""
        ...
