"""A loopback Bedrock whose every answer the test writes itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.requests import ModelRequest
from providers.bedrock.adapter import BedrockProvider
from providers.protocol import ProviderConfig
from tests.conformance.bedrock.event_stream import encode_event

KEY = "bedrock-test-key-of-nobody"
MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
EVENT_STREAM = "application/vnd.amazon.eventstream"


@dataclass
class Asked:
    """What the server was asked."""

    line: str
    headers: dict[str, str]
    body: Any


Handler = Callable[[Asked, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Event = tuple[str, dict[str, Any]]


@asynccontextmanager
async def bedrock(
    handler: Handler, *, key: str = KEY, location: str = "", options: tuple[tuple[str, str], ...] = ()
) -> AsyncIterator[tuple[BedrockProvider, list[Asked]]]:
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
    config = ProviderConfig(
        name="bedrock", wire="bedrock", api_key=key, base_url=url, location=location, options=options
    )
    provider = BedrockProvider(config)
    try:
        yield provider, asked
    finally:
        await provider.close()
        server.close()


def replying(status: int, body: str | bytes, headers: dict[str, str] | None = None) -> Handler:
    """A handler that always answers so."""

    async def handler(_asked: Asked, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = body if isinstance(body, bytes) else body.encode()
        fields = {"content-type": "application/json", "connection": "close", **(headers or {})}
        head = [f"HTTP/1.1 {status} answer", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write("\r\n".join([*head, f"content-length: {len(raw)}", "", ""]).encode() + raw)

    return handler


def streaming(*events: Event, end: bytes = b"") -> Handler:
    """A handler that streams these events, and `end` behind them."""
    body = b"".join(encode_event(name, payload) for name, payload in events) + end
    return replying(200, body, {"content-type": EVENT_STREAM, "x-amzn-requestid": "request-1"})


def start() -> Event:
    """The first event."""
    return "messageStart", {"role": "assistant"}


def delta(index: int, **what: Any) -> Event:
    """More of a block."""
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": what}


def begin(index: int, **what: Any) -> Event:
    """A block that is announced."""
    return "contentBlockStart", {"contentBlockIndex": index, "start": what}


def stop(index: int) -> Event:
    """The end of a block."""
    return "contentBlockStop", {"contentBlockIndex": index}


def end(reason: str = "end_turn", **facts: Any) -> tuple[Event, Event]:
    """The last two events."""
    counts = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}
    return ("messageStop", {"stopReason": reason}), (
        "metadata",
        {"usage": counts, "metrics": {"latencyMs": 1}, **facts},
    )


def request(text: str = "hello", model: str = MODEL, **more: Any) -> ModelRequest:
    """A small request."""
    messages = (Message(role="user", parts=(TextPart(text=text),)),)
    return ModelRequest(model=ModelRef(provider="bedrock", model=model), **{"messages": messages, **more})
