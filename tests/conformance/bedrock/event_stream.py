"""Recorded events, which are kept decoded, as the binary stream that they were
(https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html)."""

import json
import struct
import zlib
from typing import Any

_STRING = 7


def encode_stream(body: str) -> bytes:
    """The stream for a record's body: one JSON object a line, of `event` (its name), `type` (`event` or `exception`) and
    `payload`.
    """
    return b"".join(encode_event(**json.loads(line)) for line in body.splitlines() if line.strip())


def encode_event(event: str, payload: Any, type: str = "event") -> bytes:
    """One message of the stream."""
    headers = {f":{type}-type": event, ":content-type": "application/json", ":message-type": type}
    head = b"".join(_header(name, value) for name, value in headers.items())
    text = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(head) + len(text), len(head))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + text
    return message + struct.pack("!I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(value)) + value.encode()
