"""A whole answer, as it is given without streaming, told as the events that a stream would have."""

from collections.abc import Iterator
from typing import Any


def events_of(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The stream's events for an answer of `/v2/chat`: each block comes in one piece."""
    message = answer.get("message") or {}
    yield {"type": "message-start", "id": answer.get("id")}
    if message.get("tool_plan"):
        yield {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": message["tool_plan"]}}}
    for index, block in enumerate(message.get("content") or ()):
        yield {"type": "content-start", "index": index, "delta": {"message": {"content": block}}}
    for index, call in enumerate(message.get("tool_calls") or ()):
        yield {"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": call}}}
    for citation in message.get("citations") or ():
        yield {"type": "citation-start", "delta": {"message": {"citations": citation}}}
    yield {"type": "message-end", "delta": {name: answer.get(name) for name in ("finish_reason", "usage")}}
