"""Server-sent events (the HTML standard, 9.2)."""

from typing import Any

from api.json import json_bytes
from contracts.streams import StreamRecord

STILL_HERE = b": still here\n\n"
"""A comment that keeps proxies from closing a silent connection."""
COME_BACK = b"retry: 500\n\n"
"""A browser that loses the connection reconnects after half a second, with the last id that it has."""


def event(data: Any, *, name: str | None = None, position: str | None = None) -> bytes:
    """One event."""
    head = b""
    if position is not None:
        head += b"id: " + position.encode() + b"\n"
    if name is not None:
        head += b"event: " + name.encode() + b"\n"
    return head + b"data: " + json_bytes(data) + b"\n\n"


def record_event(record: StreamRecord) -> bytes:
    """A record of a turn's stream, its position as the event's id."""
    return event(record_data(record), name=record.kind.value, position=str(record.position))


def record_data(record: StreamRecord) -> dict[str, Any]:
    """A record as an event's data."""
    data: dict[str, Any] = {}
    if record.body is not None:
        data = record.body.model_dump(mode="json", exclude_none=True)
    if record.kind in ("text", "reasoning", "tool_arguments", "part"):
        data["index"] = record.index
    if record.text:
        data["text"] = record.text
    return data
