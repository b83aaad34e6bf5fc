"""Silence has limits: the first token, the pause between tokens, the whole attempt."""

import asyncio

from contracts.errors import ErrorKind, ProviderError
from contracts.events import PartDelta, PartStarted, ProviderEvent
from contracts.turns import Limits


class Silence:
    """One call's silence. It is told of events and looks at the clock only when a limit could have passed: a timer that is set
    anew for every token would cost more than the token.
    """

    def __init__(self, limits: Limits, *, provider: str) -> None:
        """Silence begins with `begin`."""
        self._limits = limits
        self._provider = provider
        self._time = asyncio.get_running_loop().time
        self._begun = asyncio.Event()
        self._broken = self._ends = 0.0
        self._answering = False

    def begin(self) -> None:
        """Silence begins now, and not before."""
        self._broken = self._time()
        self._ends = self._broken + self._limits.attempt
        self._begun.set()

    def broken_by(self, event: ProviderEvent) -> None:
        """An event came."""
        self._broken = self._time()
        if not self._answering:
            self._answering = isinstance(event, PartDelta | PartStarted)

    async def too_long(self) -> ProviderError:
        """Return, as a timeout, once a limit has passed."""
        await self._begun.wait()
        while True:
            allowed = self._limits.idle if self._answering else self._limits.first_token
            left = min(self._broken + allowed, self._ends) - self._time()
            if left <= 0:
                return self._expired()
            # The answer may begin while this sleeps, and its pauses be allowed less than the wait for it.
            await asyncio.sleep(left if self._answering else min(left, self._limits.idle))

    def _expired(self) -> ProviderError:
        if self._time() >= self._ends:
            what = f"did not finish within {self._limits.attempt:g} s"
        elif self._answering:
            what = f"stalled for {self._limits.idle:g} s in the middle of its answer"
        else:
            what = f"sent no token within {self._limits.first_token:g} s"
        return ProviderError(ErrorKind.TIMEOUT, f"{self._provider} {what}.", provider=self._provider)
