"""A whole message, as it is answered without streaming, told as the events that a stream would have."""

from collections.abc import Iterator
from typing import Any

_END = ("stop_reason", "stop_sequence", "stop_details", "container")


def events_of(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The stream's events for a message: each block begins complete."""
    yield {"type": "message_start", "message": {**message, "content": []}}
    for index, block in enumerate(message.get("content") or ()):
        yield {"type": "content_block_start", "index": index, "content_block": block}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {name: message[name] for name in _END if name in message},
        "usage": message.get("usage") or {},
        "context_management": message.get("context_management"),
    }
    yield {"type": "message_stop"}
