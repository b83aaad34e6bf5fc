"""One connection to an MCP server, kept open between calls and opened anew after it broke."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.tools import ToolError
from tools.http.credentials import Credentials, Hider, required
from tools.mcp.stanza import McpProcess, McpUrl
from tools.protocol import Secrets

if TYPE_CHECKING:
    from mcp.client.client import Client

OPEN_SECONDS = 30
_CLOSE_SECONDS = 10


@dataclass(slots=True)
class _Open:
    """A connection and what ends it. `broken` says whether the other side is gone."""

    client: "Client"
    stop: asyncio.Event
    streams: list[Any]

    @property
    def broken(self) -> bool:
        """Whether nothing can come any more: the transport let go of its end."""
        return any(stream.statistics().open_send_streams == 0 for stream in self.streams)


class McpConnection:
    """Opens on the first call. The SDK wants a connection closed by the task that opened it, so a task of its own holds it."""

    def __init__(self, stanza: McpProcess | McpUrl, secrets: Secrets) -> None:
        self._stanza = stanza
        self._secrets = secrets
        self._open: _Open | None = None
        self._owner: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self.hider = Hider({})

    async def client(self) -> "Client":
        """The open client. Raises `ToolError` (nothing was done) where the server does not answer."""
        async with self._opening:
            if self._open is not None and not self._open.broken:
                return self._open.client
            await self._end()
            ready: asyncio.Future[_Open] = asyncio.get_running_loop().create_future()
            self._owner = asyncio.create_task(self._own(ready), name=f"mcp-{self._stanza.name}")
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    self._open = await ready
            except TimeoutError:
                await self._end()
                raise ToolError(f"The MCP server {self._stanza.name} did not open in time.", temporary=True) from None
            except asyncio.CancelledError:
                await self._end()
                raise
            return self._open.client

    async def renew(self, client: "Client") -> None:
        """Open anew at the next call, unless another call has done so since it got this client."""
        async with self._opening:
            if self._open is not None and self._open.client is client:
                await self._end()

    async def close(self) -> None:
        """Close the connection; a process is stopped."""
        async with self._opening:
            await self._end()

    async def _end(self) -> None:
        owner, opened = self._owner, self._open
        self._owner, self._open = None, None
        if owner is None:
            return
        if opened is not None:
            opened.stop.set()
            await asyncio.wait([owner], timeout=_CLOSE_SECONDS)
        if not owner.done():
            owner.cancel()
            await asyncio.wait([owner])

    async def _own(self, ready: "asyncio.Future[_Open]") -> None:
        from mcp.client.client import Client

        stop = asyncio.Event()
        try:
            streams: list[Any] = []
            async with Client(self._transport(streams), cache=None) as client:
                if not ready.done():
                    ready.set_result(_Open(client, stop, streams))
                await stop.wait()
        except Exception as problem:
            # What the server said may hold a secret; the kind of failure is enough.
            if not ready.done():
                ready.set_exception(_unopened(self._stanza.name, problem))

    @asynccontextmanager
    async def _transport(self, streams: list[Any]) -> AsyncIterator[tuple[Any, Any]]:
        """The SDK's transport; `streams` is given what is read from, which tells when the other side is gone."""
        stanza = self._stanza
        async with self._process(stanza) if isinstance(stanza, McpProcess) else self._http(stanza) as (read, write):
            # Over HTTP each request fails by itself, and the SDK's stream does not say more.
            streams += [read] if hasattr(read, "statistics") else []
            yield read, write

    @asynccontextmanager
    async def _process(self, stanza: McpProcess) -> AsyncIterator[tuple[Any, Any]]:
        from mcp.client.stdio import StdioServerParameters, stdio_client

        secret = {variable: required(name, self._secrets) for variable, name in stanza.secret_env.items()}
        self.hider = Hider({name: [secret[variable]] for variable, name in stanza.secret_env.items()})
        parameters = StdioServerParameters(
            command=stanza.command, args=list(stanza.args), env={**stanza.env, **secret}, cwd=stanza.cwd
        )
        with open(stanza.log or os.devnull, "a", encoding="utf-8") as log:  # noqa: ASYNC230  opened once for each process
            async with stdio_client(parameters, errlog=log) as streams:
                yield streams

    @asynccontextmanager
    async def _http(self, stanza: McpUrl) -> AsyncIterator[tuple[Any, Any]]:
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        headers = dict(stanza.headers)
        if stanza.auth is not None:
            credentials = Credentials(stanza.auth, self._secrets)
            self.hider = credentials.hider
            headers |= credentials.headers
        timeout = httpx2.Timeout(OPEN_SECONDS, read=stanza.timeout + OPEN_SECONDS)
        async with httpx2.AsyncClient(headers=headers, timeout=timeout, trust_env=False) as client:
            async with streamable_http_client(stanza.url, http_client=client) as streams:
                yield streams


def _unopened(name: str, problem: BaseException) -> ToolError:
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    if isinstance(problem, ToolError):
        return problem
    return ToolError(f"The MCP server {name} could not be opened ({type(problem).__name__}).", temporary=True)
