"""An answer that comes in pieces, and the difference between a client that left and a server that stops."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from fastapi.responses import Response
from prometheus_client import Gauge
from starlette.types import Receive, Scope, Send

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No cache keeps the events, and nginx does not hold them back."""


class EventStream(Response):
    """Server-sent events. `on_leave` is called when the client goes before the end, and only then.

    Starlette's own streaming response cancels its generator for both reasons alike, so that a server's stop would look like a
    client's. `open_streams` counts those that are being read.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncGenerator[bytes, None],
        headers: dict[str, str],
        *,
        open_streams: Gauge,
        on_leave: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self.status_code = 200
        self.background = None
        self._events = events
        self._open_streams = open_streams
        self._on_leave = on_leave
        self.init_headers({**HEADERS, **headers})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the client is gone."""
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(until_disconnected(receive))
        try:
            with self._open_streams.track_inprogress():
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            left = not sending.done()
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.wait({sending, leaving})
        if left and self._on_leave is not None:
            await self._on_leave()
        if not sending.cancelled():
            sending.result()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._events) as events:
            async for piece in events:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def until_disconnected(receive: Receive) -> None:
    """Return when the client is gone. The request's body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        continue
