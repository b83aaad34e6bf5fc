"""A loopback Gemini whose every answer the test writes itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.requests import ModelRequest
from providers.google.adapter import GoogleProvider
from providers.protocol import ProviderConfig

KEY = "AIzaTest-key-of-nobody-000000000000"


@dataclass
class Asked:
    """What the server was asked."""

    line: str
    headers: dict[str, str]
    body: Any


Handler = Callable[[Asked, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def gemini(handler: Handler) -> AsyncIterator[tuple[GoogleProvider, list[Asked]]]:
    """A provider that talks to `handler`, and the list of all that it asked."""
    asked: list[Asked] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = (await reader.readline()).decode().strip()
            headers: dict[str, str] = {}
            while (field := (await reader.readline()).strip()) != b"":
                name, _, value = field.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            asked.append(Asked(line, headers, json.loads(body) if body else None))
            await handler(asked[-1], reader, writer)
            await writer.drain()
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    provider = GoogleProvider(ProviderConfig(name="google", wire="google", api_key=KEY, base_url=url))
    try:
        yield provider, asked
    finally:
        await provider.close()
        server.close()


def replying(status: int, body: str, headers: dict[str, str] | None = None) -> Handler:
    """A handler that always answers so."""

    async def handler(_asked: Asked, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = body.encode()
        fields = {"content-type": "application/json", "connection": "close", **(headers or {})}
        head = [f"HTTP/1.1 {status} answer", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write("\r\n".join([*head, f"content-length: {len(raw)}", "", ""]).encode() + raw)

    return handler


def streaming(*chunks: dict[str, Any], headers: dict[str, str] | None = None) -> Handler:
    """A handler that streams these chunks."""
    body = "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in chunks)
    return replying(200, body, {"content-type": "text/event-stream", **(headers or {})})


def chunk(*parts: dict[str, Any], finish: str | None = None, **usage: int) -> dict[str, Any]:
    """One chunk of an answer."""
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    whole: dict[str, Any] = {"candidates": [candidate], "modelVersion": "gemini-3-flash", "responseId": "r1"}
    return {**whole, "usageMetadata": usage} if usage else whole


def request(text: str = "hello", model: str = "gemini-3-flash", **more: Any) -> ModelRequest:
    """A small request."""
    messages = (Message(role="user", parts=(TextPart(text=text),)),)
    return ModelRequest(model=ModelRef(provider="google", model=model), **{"messages": messages, **more})
