"""Answers held back until somebody releases them, so that a test can act at an exact moment."""

import asyncio

from providers.simulator.connection import Connection


class Holding:
    """The calls that wait now, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, asyncio.Event]] = []

    def seqs(self) -> list[int]:
        """The call numbers that are held."""
        return [seq for seq, _ in self._waiting]

    def release(self, count: int | None = None) -> int:
        """Let the first `count` go on (None: all); returns how many went."""
        released = self._waiting if count is None else self._waiting[:count]
        self._waiting = [] if count is None else self._waiting[count:]
        for _, event in released:
            event.set()
        return len(released)

    async def hold(self, seq: int, connection: Connection) -> None:
        """Wait to be released. Raises `CallerLeftError` if the caller leaves first."""
        held = (seq, asyncio.Event())
        self._waiting.append(held)
        try:
            await connection.wait_for(held[1])
        finally:
            if held in self._waiting:
                self._waiting.remove(held)
