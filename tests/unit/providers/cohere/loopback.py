"""A loopback Cohere whose every answer the test writes itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.requests import ModelRequest
from providers.cohere.adapter import CohereProvider
from providers.protocol import ProviderConfig

KEY = "cohere-test-key-of-nobody"
MODEL = "command-a-reasoning-08-2025"


@dataclass
class Asked:
    """What the server was asked."""

    line: str
    headers: dict[str, str]
    body: Any


Handler = Callable[[Asked, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Event = dict[str, Any]


@asynccontextmanager
async def cohere(handler: Handler) -> AsyncIterator[tuple[CohereProvider, list[Asked]]]:
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
    provider = CohereProvider(ProviderConfig(name="cohere", wire="cohere", api_key=KEY, base_url=f"{url}/v2"))
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
    """A handler that streams these events, without the `[DONE]` that may follow."""
    return replying(200, "".join(told(event) for event in events), {"content-type": "text/event-stream"})


def told(event: Event) -> str:
    """An event as the stream tells it."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"


def start() -> Event:
    """The first event."""
    return {"type": "message-start", "id": "m1", "delta": {"message": {"role": "assistant", "content": []}}}


def said(index: int, first: str, *pieces: str, kind: str = "text") -> list[Event]:
    """A block of text or thought in pieces."""
    begun = {"type": kind, kind: first}
    return [
        {"type": "content-start", "index": index, "delta": {"message": {"content": begun}}},
        *({"type": "content-delta", "index": index, "delta": {"message": {"content": {kind: one}}}} for one in pieces),
        {"type": "content-end", "index": index},
    ]


def call(index: int, id_: str, name: str, *pieces: str) -> list[Event]:
    """A tool call in pieces."""
    begun = {"id": id_, "type": "function", "function": {"name": name, "arguments": ""}}
    more = [{"function": {"arguments": piece}} for piece in pieces]
    return [
        {"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": begun}}},
        *({"type": "tool-call-delta", "index": index, "delta": {"message": {"tool_calls": one}}} for one in more),
        {"type": "tool-call-end", "index": index},
    ]


def end(reason: str = "COMPLETE", **usage: Any) -> Event:
    """The last event."""
    counts = {
        "billed_units": {"input_tokens": 1, "output_tokens": 2},
        "tokens": {"input_tokens": 30, "output_tokens": 4},
    }
    return {"type": "message-end", "delta": {"finish_reason": reason, "usage": {**counts, **usage}}}


def request(text: str = "hello", model: str = MODEL, **more: Any) -> ModelRequest:
    """A small request."""
    messages = (Message(role="user", parts=(TextPart(text=text),)),)
    return ModelRequest(model=ModelRef(provider="cohere", model=model), **{"messages": messages, **more})
