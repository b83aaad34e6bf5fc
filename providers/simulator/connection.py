"""One HTTP exchange: reading the request, writing the answer, noticing that the caller has left, hanging up."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

import orjson

HANG_UP = "perdure.hang_up"
"""The extension of the ASGI scope, given by our server, that closes the TCP connection at once."""
IS_GONE = "perdure.is_gone"
"""The extension that says whether the connection is closed."""
LARGEST_BODY = 64 * 1024 * 1024
_SHORT_WAIT = 0.5
"""A wait of up to so many seconds is a plain timer: cheaper, and the caller's leaving is seen at its end."""
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class HungUpError(Exception):
    """The connection is broken on purpose, under a server that cannot be told to close it."""


class BodyTooLargeError(Exception):
    """The request's body is larger than `LARGEST_BODY`."""


class CallerLeftError(Exception):
    """The caller closed the connection before the answer's end."""


class Connection:
    """One exchange. `headers` have lower-case names; of repeated ones the last counts."""

    def __init__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self._query: bytes = scope.get("query_string", b"")
        extensions = scope.get("extensions") or {}
        self._hang_up: Callable[[], None] | None = extensions.get(HANG_UP, {}).get("call")
        self._is_gone: Callable[[], bool] | None = extensions.get(IS_GONE, {}).get("call")
        self._receive = receive
        self._send = send
        self._watch: asyncio.Task[None] | None = None
        self._left = False
        self.status = 0

    def header(self, name: bytes) -> str | None:
        """A header's value as text."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def query(self) -> dict[str, str]:
        """The query's fields."""
        return dict(parse_qsl(self._query.decode("latin-1"), keep_blank_values=True)) if self._query else {}

    async def body(self) -> bytes:
        """The whole body. Raises `CallerLeftError` or `BodyTooLargeError`."""
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            return bytes(message.get("body", b""))
        read = bytearray()
        while True:
            if message["type"] == "http.disconnect":
                raise CallerLeftError
            read += message.get("body", b"")
            if len(read) > LARGEST_BODY:
                raise BodyTooLargeError
            if not message.get("more_body"):
                return bytes(read)
            message = await self._receive()

    async def start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Send the status and headers."""
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def write(self, data: bytes, *, more: bool = True) -> None:
        """Send a part of the body, the last one where `more` is False."""
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def reply(self, status: int, content: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """Send a whole answer of JSON, or of what `headers` say."""
        given = [*headers, (b"content-length", str(len(content)).encode())]
        if not any(name == b"content-type" for name, _ in given):
            given.append((b"content-type", b"application/json"))
        await self.start(status, given)
        await self.write(content, more=False)

    async def reply_json(self, status: int, content: Any) -> None:
        """Send `content` as JSON."""
        await self.reply(status, orjson.dumps(content))

    def gone(self) -> bool:
        """True once the caller has left, as far as is known without waiting."""
        return self._left or (self._is_gone is not None and self._is_gone())

    async def wait(self, seconds: float | None) -> None:
        """Wait that long, or for ever. Raises `CallerLeftError` as soon as the caller leaves."""
        watch = self._watching()
        if seconds is not None and seconds <= _SHORT_WAIT:
            await asyncio.sleep(seconds)
        else:
            await asyncio.wait((watch,), timeout=seconds)
        self.check()

    async def wait_for(self, event: asyncio.Event) -> None:
        """Wait for `event`. Raises `CallerLeftError` as soon as the caller leaves."""
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((waiting, self._watching()), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        self.check()

    def check(self) -> None:
        """Raise `CallerLeftError` if the caller has left."""
        if self.gone():
            raise CallerLeftError

    async def hang_up(self) -> None:
        """Close the TCP connection as it is, after what was sent so far."""
        if self._hang_up is None:
            raise HungUpError
        self._hang_up()
        await self._watching()

    def close(self) -> None:
        """Stop watching the caller."""
        if self._watch is not None:
            self._watch.cancel()

    def _watching(self) -> asyncio.Task[None]:
        if self._watch is None:
            self._watch = asyncio.ensure_future(self._await_leave())
        return self._watch

    async def _await_leave(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
