"""One connection that hears what all processes say through PostgreSQL, made again whenever it is lost."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from storage.streams.signals import CHANNEL
from storage.streams.store import Listener

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_CHECK_SECONDS = 10.0
"""How often a silent connection is asked whether it lives: a cut cable tells nobody."""

_log = structlog.get_logger(__name__)


class Listening:
    """LISTEN on a channel, the stream log's where none is named."""

    def __init__(self, dsn: str, listener: Listener, settings: dict[str, str], *, channel: str = CHANNEL) -> None:
        self._dsn = dsn
        self._channel = channel
        self._listener = listener
        self._settings = settings
        self._connection: Any = None
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect for the first time; raises what asyncpg raises. From then on it reconnects by itself."""
        await self._connect()
        self._task = asyncio.create_task(self._keep())

    async def aclose(self) -> None:
        """Disconnect."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            self._connection.terminate()

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CHECK_SECONDS):
                    await self._lost.wait()
            try:
                if self._lost.is_set():
                    await self._connect()
                else:
                    await self._connection.execute("SELECT 1", timeout=_CHECK_SECONDS)
            except Exception as error:
                _log.warning(
                    "notifications are interrupted, reconnecting", channel=self._channel, error=type(error).__name__
                )
                self._lost.set()
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE

    async def _connect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
        connection = await asyncpg.connect(self._dsn, timeout=_CHECK_SECONDS, server_settings=self._settings)
        try:
            connection.add_termination_listener(self._terminated)
            await connection.add_listener(self._channel, _hearing(self._listener))
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection
        self._lost.clear()
        self._listener.connected()

    def _terminated(self, connection: object) -> None:
        if connection is self._connection or self._connection is None:
            self._lost.set()


def _hearing(listener: Listener) -> Callable[[object, int, str, str], None]:
    def hear(connection: object, pid: int, channel: str, payload: str) -> None:
        listener.heard(payload)

    return hear
