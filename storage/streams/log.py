"""What the rest of the house sees of the stream log."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.streams import AttemptOpened, PartShown, Position, RecordKind, StreamRecord
from contracts.turns import TurnResult

RecordBody = AttemptOpened | PartShown | TurnResult
"""The bodies that a record may have."""

BEGINNING = Position()
"""Before the first record."""


class Fenced(Exception):  # noqa: N818  a state of affairs, not a fault
    """The writer's attempt is no longer the newest of its turn: its work belongs to nobody, stop it."""


class LogLost(Exception):  # noqa: N818  a state of affairs, not a fault
    """The log no longer holds what follows the reader's position: a crash of its server emptied it, or old age.

    What was read stays true. The turn's row and message say what came of it; while the turn still runs, read again.
    """


class StreamWriter(Protocol):
    """Appends one attempt's records. One writer per attempt; not for use by several threads."""

    turn_id: UUID
    attempt: int

    @property
    def fenced(self) -> bool:
        """A newer attempt was seen. What is appended from now on goes nowhere."""
        ...

    def append(self, kind: RecordKind, *, index: int = 0, text: str = "", body: RecordBody | None = None) -> Position:
        """Append a record and return where it stands. Readers in this process have it at once, the log soon."""
        ...

    async def flush(self) -> None:
        """Return when all that was appended is in the log, however long its server is away. Raises `Fenced`."""
        ...

    async def close(self, flush: bool = True) -> None:
        """End the writer. With `flush` it returns when all is in the log or the writer is fenced.

        Cancelled or without `flush`, the rest goes to the log in the background. Closing twice is harmless.
        """
        ...


class StreamLog(Protocol):
    """The streams of all turns. Positions are `(attempt, seq)`, and nothing is ever read out of their order."""

    async def start(self) -> None:
        """Connect and begin to serve. Raises what the server's client raises where it cannot be reached."""
        ...

    async def aclose(self) -> None:
        """Write what is pending, for some seconds at most, and let go of everything."""
        ...

    async def open(self, turn_id: UUID, attempt: int) -> StreamWriter:
        """The writer of an attempt (1 or more), whose number must already be the turn's newest.

        It fences the writers of older attempts: who is to go on from what they said opens first and asks for `records` then.
        Raises ValueError where the attempt was opened before.
        """
        ...

    def read(
        self, turn_id: UUID, after: Position = BEGINNING, *, quiet: float | None = None
    ) -> AsyncGenerator[StreamRecord | None, None]:
        """The records after a position, in order, as they come, until `end` was yielded; None after `quiet` seconds without one.

        Without `quiet` it waits for ever for a turn that says nothing, also for one that does not exist. It survives a loss of
        the server, and raises `LogLost` where the loss took records that the reader lacks. Close it (`aclosing`) when leaving
        early.
        """
        ...

    async def exists(self, turn_id: UUID) -> bool:
        """Anything of the turn is in the log."""
        ...

    async def records(self, turn_id: UUID) -> list[StreamRecord]:
        """All that is in the log now, in order."""
        ...

    async def stop(self, turn_id: UUID) -> None:
        """Tell every process that the turn is to stop at once. Not durable: it reaches those who listen now."""
        ...

    def stops(self, turn_id: UUID) -> AbstractAsyncContextManager[asyncio.Event]:
        """An event that is set when somebody, anywhere, stops the turn while the context is open."""
        ...

    async def purge(self, older_than: datetime) -> int:
        """Remove the streams to which nothing was written since. How many rows that were."""
        ...
