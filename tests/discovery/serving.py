"""A loopback server that answers with JSON by path, in the place of a provider's models endpoint."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from contracts.catalog import DiscoveredModel
from providers.discovery import discover
from providers.protocol import Listing, ProviderConfig, Wire
from providers.registry import build

Answer = Callable[[str, Any], Any]
"""From a path with its query, and the body, to what is answered: JSON, or a status, or a status with a body."""
KEY = "sk-key-of-nobody"


@dataclass
class Served:
    """A server at `url`, and all that it was asked, as `GET /v1/models`."""

    url: str
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def serving(answers: dict[str, Any] | Answer) -> AsyncIterator[Served]:
    """Answer each path with what is said for it, and any other with 404. Text is sent as it is."""
    served = Served("")

    def answered(path: str, body: Any) -> Any:
        return answers(path, body) if callable(answers) else answers.get(path, 404)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            method, path, _ = (await reader.readline()).decode().split(" ")
            headers: dict[str, str] = {}
            while (line := (await reader.readline()).strip()) != b"":
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            served.asked.append(f"{method} {path}")
            found = answered(path, json.loads(body) if body else None)
            status, said = (
                found if isinstance(found, tuple) else (found, "{}") if isinstance(found, int) else (200, found)
            )
            raw = (said if isinstance(said, str) else json.dumps(said)).encode()
            head = f"HTTP/1.1 {status} so\r\ncontent-type: application/json\r\nconnection: close\r\n"
            writer.write(f"{head}content-length: {len(raw)}\r\n\r\n".encode() + raw)
            await writer.drain()
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield served
    finally:
        server.close()


async def discovered(
    url: str, name: str = "house", *, wire: Wire = "openai-chat", seconds: float = 20
) -> dict[str, DiscoveredModel]:
    """What is discovered at a URL, by the models' names, in the order of discovery."""
    (provider,) = build([ProviderConfig(name, wire, KEY, url)]).values()
    assert isinstance(provider, Listing)
    try:
        return {model.name: model for model in await discover(name, provider, seconds=seconds)}
    finally:
        await provider.close()
