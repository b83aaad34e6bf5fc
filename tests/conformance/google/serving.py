"""A loopback server that answers each call with the recorded answer that the call's id names."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

_KEPT = ("content-type", "retry-after", "x-gemini-service-tier")


def as_streamed(body: str) -> str:
    """A stream that was recorded as one JSON array, as events: the SDK asks for events (`alt=sse`), older clients did not."""
    if not body.lstrip().startswith("["):
        return body
    return "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in json.loads(body))


@asynccontextmanager
async def serve(rows: list[dict[str, Any]]) -> AsyncIterator[str]:
    """Serve `rows`, each to the call whose `X-Client-Request-Id` is its index. Yields the base URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                assert line.startswith((b"POST ", b"GET "))
                headers: dict[str, str] = {}
                while (field := (await reader.readline()).strip()) != b"":
                    name, _, value = field.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                await reader.readexactly(int(headers.get("content-length", 0)))
                row = rows[int(headers["x-client-request-id"])]
                body = as_streamed(row["response_body"]).encode()
                kept = [f"{name}: {value}" for name, value in row["response_headers"].items() if name.lower() in _KEPT]
                head = [f"HTTP/1.1 {row['status']} recorded", *kept, f"content-length: {len(body)}", "", ""]
                writer.write("\r\n".join(head).encode("latin-1") + body)
                await writer.drain()
        except asyncio.CancelledError:
            pass  # The test is over; a kept connection waits for no more.
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
