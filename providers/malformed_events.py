"""One malformed event in a stream is passed over; the SDKs would give up the whole answer for it.

An event is malformed if its data begins as a JSON object and is none. The first of a stream is left out; at the second the
stream is broken, and the SDK is left to say so. Where an event ends: html.spec.whatwg.org/multipage/server-sent-events.html.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator

import httpx2
import orjson

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_DATA = re.compile(rb"^data: ?(.*?)\r?$", re.MULTILINE)


async def pass_over_malformed(response: httpx2.Response) -> None:
    """A response hook: of a stream of events its readers get the sound ones."""
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        # The SDKs read here, where the body is no longer compressed.
        whole = response.aiter_bytes
        response.aiter_bytes = lambda chunk_size=None: sound_events(whole(chunk_size))  # type: ignore[method-assign]


async def sound_events(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The bytes of a stream of events, in whole events, without the first malformed one."""
    held, passed_over = b"", False
    async for piece in pieces:
        held += piece
        if passed_over:
            yield held
            held = b""
            continue
        kept, begins = [], 0
        for found in _END.finditer(held):
            event = held[begins : found.end()]
            begins = found.end()
            if passed_over or not _malformed(event):
                kept.append(event)
            else:
                passed_over = True
        held = held[begins:]
        if kept:
            yield b"".join(kept)
    if held:
        yield held


def _malformed(event: bytes) -> bool:
    data = b"\n".join(_DATA.findall(event))
    if not data.startswith(b"{"):
        return False
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        # orjson is stricter than the SDKs, which take NaN and half of a surrogate pair.
        try:
            json.loads(data)
        except ValueError:
            return True
    return False
