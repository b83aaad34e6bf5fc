"""HTTP clients for many streams at once.

At the begin and the end of every request httpcore looks at every connection of its pool; with a thousand streams in one pool
that took a fifth of the worker's time. Here connections live in pools of bounded size, and a request goes to the first with room,
so that a quiet worker has one pool and uses its connections again.
"""

import ssl
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx2

from providers.malformed_events import pass_over_malformed

CONNECT_SECONDS = 5.0
POOL_SIZE = 32
IDLE_CONNECTIONS = 16
"""Connections that a pool keeps open without a request."""


TIMEOUT = httpx2.Timeout(None, connect=CONNECT_SECONDS)
"""The caller's deadlines rule over an answer; only connecting is bounded."""


def http_client(**options: Any) -> httpx2.AsyncClient:
    """A client with `TIMEOUT` over as many connections as are asked for.

    `options` are the client's. Where the environment names a proxy, the client's own single pool is used, which knows how to
    reach it.
    """
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=IDLE_CONNECTIONS)
    if urllib.request.getproxies():
        transport = None
    else:
        transport = Pools(lambda: httpx2.AsyncHTTPTransport(verify=_trusted(), limits=limits))
    client = httpx2.AsyncClient(timeout=TIMEOUT, limits=limits, transport=transport, **options)
    hooks = client.event_hooks
    client.event_hooks = {**hooks, "response": [*hooks["response"], pass_over_malformed]}
    return client


@cache
def _trusted() -> ssl.SSLContext:
    """Whom to trust, for every client of the process: reading the authorities takes 40 ms."""
    return httpx2.create_ssl_context()


@dataclass(slots=True)
class _Pool:
    transport: httpx2.AsyncBaseTransport
    busy: int = 0


class Pools(httpx2.AsyncBaseTransport):
    """A transport over as many transports as are needed for each to have at most `POOL_SIZE` requests under way."""

    def __init__(self, make: Callable[[], httpx2.AsyncBaseTransport]) -> None:
        self._make = make
        self._pools: list[_Pool] = []

    @property
    def busy(self) -> list[int]:
        """How many requests are under way in each pool."""
        return [pool.busy for pool in self._pools]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request through the first pool with room."""
        pool = next((pool for pool in self._pools if pool.busy < POOL_SIZE), None)
        if pool is None:
            pool = _Pool(self._make())
            self._pools.append(pool)
        pool.busy += 1
        try:
            response = await pool.transport.handle_async_request(request)
        except BaseException:
            pool.busy -= 1
            raise
        response.stream = _Counted(response.stream, pool)
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        pools, self._pools = self._pools, []
        for pool in pools:
            await pool.transport.aclose()


class _Counted(httpx2.AsyncByteStream):
    """An answer's body, which counts as under way until it is closed."""

    def __init__(self, stream: Any, pool: _Pool) -> None:
        self._stream = stream
        self._pool: _Pool | None = pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece

    async def aclose(self) -> None:
        if self._pool is not None:
            self._pool.busy -= 1
            self._pool = None
        await self._stream.aclose()
