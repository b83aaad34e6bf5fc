"""A loopback server that answers each call with the recorded answer that the call's own id names."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

_DROPPED = frozenset({"content-length", "content-encoding", "transfer-encoding", "connection", "date"})
"""Headers that were true of the recorded connection; the body is kept decompressed."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded answer."""

    status: int
    headers: Mapping[str, str]
    body: str | bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """What was asked: the path with its query, the headers in lower case, and the body."""

    target: str
    headers: Mapping[str, str]
    body: bytes


@asynccontextmanager
async def serve_recorded(answers: Sequence[Recorded], heard: dict[int, Heard] | None = None) -> AsyncIterator[str]:
    """Serve `answers`, each to the call whose `X-Client-Request-Id` is its place in the sequence. Yields the base URL.

    `heard` takes what each of them was asked.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while first := await reader.readline():
                asked: dict[str, str] = {}
                while (line := (await reader.readline()).strip()) != b"":
                    name, _, value = line.decode("latin-1").partition(":")
                    asked[name.lower()] = value.strip()
                sent = await reader.readexactly(int(asked.get("content-length", 0)))
                number = int(asked["x-client-request-id"])
                recorded = answers[number]
                if heard is not None:
                    heard[number] = Heard(first.split(b" ")[1].decode(), asked, sent)
                body = recorded.body if isinstance(recorded.body, bytes) else recorded.body.encode()
                kept = [f"{name}: {value}" for name, value in recorded.headers.items() if name.lower() not in _DROPPED]
                head = [f"HTTP/1.1 {recorded.status} recorded", *kept, f"content-length: {len(body)}", "", ""]
                writer.write("\r\n".join(head).encode("latin-1") + body)
                await writer.drain()
        except (asyncio.CancelledError, ConnectionError):
            pass  # The test is over, or the caller had read enough; a kept connection waits for no more.
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
