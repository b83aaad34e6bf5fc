"""One of our own programs, as a supervised child of `perdure up`."""

import asyncio
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from workers.embedded.child import Child
from workers.embedded.probe import status

_OK = 200
_READY_SECONDS = 60.0


class Program:
    """`python ARGUMENTS`. It is up when `ready_url` answers 200; without one, as soon as it is started.

    `stop_seconds` is how long it may take to end by itself. Where its parent dies it is killed: what it does is durable, and
    a program that lingers would hold the port that its successor needs.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        ready_url: str | None = None,
        stop_seconds: float = 5.0,
    ) -> None:
        self._ready_url = ready_url
        self._stop_seconds = stop_seconds
        self._child = Child(
            name, [sys.executable, *arguments], log=log, environment=environment, death_signal=signal.SIGKILL
        )

    @property
    def child(self) -> Child:
        """The process."""
        return self._child

    async def start(self) -> None:
        """Start, and wait until it is ready. Raises RuntimeError with the log's end."""
        self._child.start()
        if self._ready_url is None:
            return
        end = time.monotonic() + _READY_SECONDS
        while await status(self._ready_url) != _OK or not _listens(self._child.pid, urlsplit(self._ready_url).port):
            if not self._child.running:
                raise RuntimeError(f"{self._child.name} did not start: {self._child.last_words()}")
            if time.monotonic() > end:
                raise RuntimeError(
                    f"{self._child.name} was not ready within {_READY_SECONDS:.0f} s; its log is {self._child.log}"
                )
            await asyncio.sleep(0.03)

    def stop(self) -> None:
        """Ask it to finish."""
        self._child.stop(signal.SIGTERM, self._stop_seconds)


def _listens(pid: int | None, port: int | None) -> bool:
    """It is this very process that answers on `port`, and not another that took it between our look and its start."""
    try:
        found = psutil.Process(pid).net_connections("tcp") if pid is not None else []
    except psutil.Error:
        # Not every system lets us look.
        return pid is not None
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in found)
