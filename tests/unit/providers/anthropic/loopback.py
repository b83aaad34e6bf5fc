"""A loopback Claude whose every answer the test writes itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.requests import ModelRequest
from providers.anthropic.adapter import AnthropicProvider
from providers.protocol import ProviderConfig

KEY = "sk-ant-test-key-of-nobody"
MODEL = "claude-sonnet-4-5"


@dataclass
class Asked:
    """What the server was asked."""

    line: str
    headers: dict[str, str]
    body: Any


Handler = Callable[[Asked, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Event = dict[str, Any]


@asynccontextmanager
async def claude(handler: Handler) -> AsyncIterator[tuple[AnthropicProvider, list[Asked]]]:
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
    provider = AnthropicProvider(ProviderConfig(name="anthropic", wire="anthropic", api_key=KEY, base_url=url))
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


def streaming(*events: Event) -> Handler:
    """A handler that streams these events."""
    return replying(200, "".join(told(event) for event in events), {"content-type": "text/event-stream"})


def told(event: Event) -> str:
    """An event as the stream tells it."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"


def start(**usage: Any) -> Event:
    """The first event."""
    counts = {"input_tokens": 3, "output_tokens": 1, **usage}
    return {"type": "message_start", "message": {"id": "msg_1", "model": MODEL, "content": [], "usage": counts}}


def block(index: int, wire: dict[str, Any], *deltas: dict[str, Any]) -> list[Event]:
    """A block with its deltas."""
    return [
        {"type": "content_block_start", "index": index, "content_block": wire},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text_block(index: int, *pieces: str) -> list[Event]:
    """A block of text in pieces."""
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def end(reason: str | None = "end_turn", delta: dict[str, Any] | None = None, **usage: Any) -> list[Event]:
    """The last two events."""
    counts = {"output_tokens": 2, **usage}
    return [
        {"type": "message_delta", "delta": {"stop_reason": reason, **(delta or {})}, "usage": counts},
        {"type": "message_stop"},
    ]


def request(text: str = "hello", model: str = MODEL, **more: Any) -> ModelRequest:
    """A small request."""
    messages = (Message(role="user", parts=(TextPart(text=text),)),)
    return ModelRequest(model=ModelRef(provider="anthropic", model=model), **{"messages": messages, **more})
