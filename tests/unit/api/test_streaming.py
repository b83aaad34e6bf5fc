"""A client that left and a server that stops are told apart."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from prometheus_client import CollectorRegistry, Gauge
from starlette.types import Message

from api.streaming import EventStream


class Connection:
    """The server's side of one request, in the shape of ASGI."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        self.said = asyncio.Event()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if message.get("body"):
            self.said.set()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


class Told:
    """Whether anybody said that the client left, and whether the events were closed."""

    def __init__(self, *pieces: bytes, ends: bool, fails: bool = False) -> None:
        self.left = 0
        self.closed = False
        self.gauge = Gauge("open", "Open.", registry=CollectorRegistry())
        self.stream = EventStream(
            self._events(pieces, ends, fails), {"X-Turn": "1"}, open_streams=self.gauge, on_leave=self._leave
        )

    async def _leave(self) -> None:
        await asyncio.sleep(0)
        self.left += 1

    async def _events(self, pieces: tuple[bytes, ...], ends: bool, fails: bool) -> AsyncGenerator[bytes, None]:
        try:
            for piece in pieces:
                yield piece
            if fails:
                raise RuntimeError("broken")
            if not ends:
                await asyncio.Event().wait()
        finally:
            self.closed = True


async def test_an_end_is_no_leaving() -> None:
    connection, told = Connection(), Told(b"a", b"b", ends=True)
    await told.stream({"type": "http"}, connection.receive, connection.send)
    assert (connection.body, told.left, told.closed) == (b"ab", 0, True)
    assert connection.sent[0]["status"] == 200
    assert (b"x-turn", b"1") in connection.sent[0]["headers"]
    assert connection.sent[-1]["more_body"] is False


async def test_a_client_that_leaves_is_noticed_once() -> None:
    connection, told = Connection(), Told(b"a", ends=False)
    running = asyncio.create_task(told.stream({"type": "http"}, connection.receive, connection.send))
    await connection.said.wait()
    assert told.gauge._value.get() == 1
    connection.gone.set()
    await running
    assert (told.left, told.closed, told.gauge._value.get()) == (1, True, 0)


async def test_a_server_that_stops_is_no_leaving() -> None:
    connection, told = Connection(), Told(b"a", ends=False)
    running = asyncio.create_task(told.stream({"type": "http"}, connection.receive, connection.send))
    await connection.said.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (told.left, told.closed, told.gauge._value.get()) == (0, True, 0)


async def test_a_failure_in_the_midst_is_raised() -> None:
    connection, told = Connection(), Told(b"a", ends=True, fails=True)
    with pytest.raises(RuntimeError):
        await told.stream({"type": "http"}, connection.receive, connection.send)
    assert (told.left, told.closed) == (0, True)
