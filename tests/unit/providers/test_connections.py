"""Many streams at once, over pools of bounded size."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
import pytest

from providers.connections import POOL_SIZE, Pools, http_client


class Server:
    """Answers each request with a first byte, and the second once it is let go."""

    def __init__(self) -> None:
        self.connections = 0
        self.let_go = asyncio.Event()
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection for as long as it lasts."""
        self.connections += 1
        try:
            while await reader.readline():
                while (await reader.readline()).strip():
                    pass
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na")
                await writer.drain()
                await self.let_go.wait()
                writer.write(b"b")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def served() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.answer, "127.0.0.1", 0, backlog=256)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    try:
        yield server
    finally:
        listening.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def pools_of(client: httpx2.AsyncClient) -> list[int]:
    transport = client._transport
    assert isinstance(transport, Pools)
    return transport.busy


async def test_streams_fill_one_pool_after_the_other_and_leave_them() -> None:
    async with served() as server, http_client() as client:
        async with AsyncExitStack() as stack:
            streams = [
                await stack.enter_async_context(client.stream("GET", server.url)) for _ in range(2 * POOL_SIZE + 3)
            ]
            assert pools_of(client) == [POOL_SIZE, POOL_SIZE, 3]
            server.let_go.set()
            assert {await stream.aread() for stream in streams} == {b"ab"}
        assert pools_of(client) == [0, 0, 0]
        opened = server.connections
        for _ in range(5):
            assert (await client.get(server.url)).content == b"ab"
        assert server.connections == opened


async def test_a_failed_request_leaves_its_place() -> None:
    async with served() as server, http_client() as client:
        server.let_go.set()
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://127.0.0.1:9/")
        assert pools_of(client) == [0]
        assert (await client.get(server.url)).content == b"ab"


async def test_a_stream_that_is_left_leaves_its_place() -> None:
    async with served() as server, http_client() as client:
        async with client.stream("GET", server.url) as response:
            assert await anext(response.aiter_raw()) == b"a"
            assert pools_of(client) == [1]
        assert pools_of(client) == [0]


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as proxy:
        proxy.let_go.set()
        monkeypatch.setenv("http_proxy", proxy.url)
        async with http_client() as client:
            assert (await client.get("http://nowhere.invalid/")).content == b"ab"
