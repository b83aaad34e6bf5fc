"""Keeping the parts of a house alive: starting them side by side, starting again what dies, stopping them in order."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from workers.embedded.child import Child

_RESTARTS, _WINDOW_SECONDS = 5, 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0
_WATCH_SECONDS = 0.1


class PartError(Exception):
    """A part could not be started or kept alive; the message has its last words."""


class Part(Protocol):
    """A server or program that can be started again."""

    @property
    def child(self) -> Child:
        """The process. Raises RuntimeError before the first start."""
        ...

    async def start(self) -> object:
        """Start, and wait until it is ready. Raises RuntimeError or OSError."""
        ...

    def stop(self) -> None:
        """Ask it to end, and see to it that it does."""
        ...


class Keeper:
    """Keeps `parts` alive. `noted` is told their pids whenever these change, `said` what a person may want to know."""

    def __init__(
        self, parts: Mapping[str, Part], *, noted: Callable[[dict[str, int]], None], said: Callable[[str], None]
    ) -> None:
        self._parts = parts
        self._noted = noted
        self._said = said
        self._last_pids: dict[str, int] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The pids of the parts that live."""
        found = {}
        for name, part in self._parts.items():
            with contextlib.suppress(RuntimeError):
                if (pid := part.child.pid) is not None:
                    found[name] = pid
        return found

    async def start(self, stopped: asyncio.Event) -> bool:
        """Start all parts side by side; False where `stopped` was set before they were ready. Raises `PartError`."""
        starts = [asyncio.ensure_future(_started(name, part)) for name, part in self._parts.items()]
        return await self._until(stopped, starts, all_of_them=True)

    async def keep(self, stopped: asyncio.Event) -> None:
        """Start again what ends, until `stopped` is set. Raises `PartError` where a part ends too often."""
        await self._until(stopped, [asyncio.ensure_future(self._keep(name)) for name in self._parts], all_of_them=False)

    async def stop(self, first: str) -> None:
        """Stop the part `first`, then the others at once."""
        others = [part for name, part in self._parts.items() if name != first]
        if first in self._parts:
            await _stop(self._parts[first])
        await asyncio.gather(*(_stop(part) for part in others))

    def kill(self, name: str) -> None:
        """Kill -9 a part that need not end in good order."""
        if name in self._parts:
            self._parts[name].child.send(signal.SIGKILL)

    async def _until(
        self, stopped: asyncio.Event, tasks: Sequence["asyncio.Future[None]"], *, all_of_them: bool
    ) -> bool:
        try:
            while not stopped.is_set():
                self._note()
                done, pending = await asyncio.wait(tasks, timeout=_WATCH_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
                for task in done:
                    task.result()
                if all_of_them and not pending:
                    self._note()
                    return True
            return False
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, name: str) -> None:
        part, ends = self._parts[name], list[float]()
        while True:
            while part.child.running:  # noqa: ASYNC110 - the end of a process sets no event
                await asyncio.sleep(_WATCH_SECONDS)
            now = time.monotonic()
            ends = [*(end for end in ends if now - end < _WINDOW_SECONDS), now]
            if len(ends) > _RESTARTS:
                raise PartError(
                    f"{name} ended {len(ends)} times within a minute; its log is {part.child.log}. "
                    f"Its last words:\n{part.child.last_words()}"
                )
            self._said(f"{name} ended ({_how(part.child.exit_code)}); starting it again.")
            if len(ends) > 1:
                await asyncio.sleep(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (len(ends) - 2)))
            try:
                await part.start()
            except (RuntimeError, OSError):
                # Counted as an end, and where it hangs made one.
                await _stop(part)
            else:
                self._said(f"{name} is back after {time.monotonic() - now:.1f} s.")

    def _note(self) -> None:
        if (pids := self.pids) != self._last_pids:
            self._last_pids = pids
            self._noted(pids)


async def _started(name: str, part: Part) -> None:
    try:
        await part.start()
    except (RuntimeError, OSError) as error:
        raise PartError(f"{name}: {error}") from error


async def _stop(part: Part) -> None:
    # RuntimeError: it was never started.
    with contextlib.suppress(RuntimeError):
        await asyncio.to_thread(part.stop)


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
