"""Recorded turns and system prompts as our messages."""

import base64
import json
from typing import Any

from contracts.parts import (
    BytesSource,
    CacheHint,
    Citation,
    DocumentPart,
    FileSource,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    ReasoningPart,
    ResultPart,
    Role,
    Source,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)

ANTHROPIC = "anthropic"

_FIELDS: dict[str, set[str]] = {
    "text": {"text", "citations", "cache_control"},
    "image": {"source", "cache_control"},
    "document": {"source", "title", "context", "citations", "cache_control"},
    "thinking": {"thinking", "signature"},
    "redacted_thinking": {"data"},
    "tool_use": {"id", "name", "input", "caller", "cache_control"},
    "tool_result": {"tool_use_id", "content", "is_error", "cache_control"},
}
"""The fields that our parts carry; a block with more of them is one that only Anthropic understands."""


def read_messages(body: dict[str, Any]) -> tuple[Message, ...]:
    """The system prompt and the turns; the results of tools are messages of their own."""
    messages: list[Message] = []
    if body.get("system"):
        messages.append(Message(role="system", parts=tuple(_part(block) for block in body["system"])))
    for turn in body["messages"]:
        parts = [_part(block) for block in turn["content"]]
        results = tuple(part for part in parts if isinstance(part, ToolResultPart))
        others = tuple(part for part in parts if not isinstance(part, ToolResultPart))
        if results:
            messages.append(Message(role="tool", parts=results))
        if others:
            role: Role = turn["role"]
            messages.append(Message(role=role, parts=others))
    return tuple(messages)


def read_cache(block: dict[str, Any]) -> CacheHint | None:
    """The hint for a block's `cache_control`."""
    control = block.get("cache_control")
    return None if control is None else CacheHint(ttl=control.get("ttl"))


def _part(block: dict[str, Any]) -> Part:
    if _is_only_theirs(block):
        return ProviderPart(provider=ANTHROPIC, payload=block)
    match block:
        case {"type": "thinking"}:
            return ReasoningPart(text=block["thinking"], signature=block["signature"], provider=ANTHROPIC)
        case {"type": "redacted_thinking"}:
            return ReasoningPart(redacted=block["data"], provider=ANTHROPIC)
        case {"type": "tool_use"}:
            return ToolCallPart(
                id=block["id"],
                name=block["name"],
                arguments=json.dumps(block["input"]),
                signature=json.dumps(block["caller"]) if "caller" in block else None,
                provider=ANTHROPIC,
                cache=read_cache(block),
            )
        case {"type": "tool_result"}:
            return ToolResultPart(
                call_id=block["tool_use_id"],
                content=tuple(_content(one) for one in block.get("content", ())),
                is_error=block.get("is_error", False),
                cache=read_cache(block),
            )
        case _:
            return _content(block)


def _content(block: dict[str, Any]) -> ResultPart:
    cache = read_cache(block)
    match block["type"]:
        case "text":
            cited = tuple(Citation(provider=ANTHROPIC, raw=raw) for raw in block.get("citations") or ())
            return TextPart(text=block["text"], citations=cited, cache=cache)
        case "image":
            return ImagePart(source=_source(block["source"]), cache=cache)
        case "document":
            citations = block.get("citations")
            return DocumentPart(
                source=_source(block["source"]),
                title=block.get("title"),
                context=block.get("context"),
                citations=None if citations is None else citations["enabled"],
                cache=cache,
            )
        case other:
            raise AssertionError(f"a block of an unknown kind: {other}")


def _source(source: dict[str, Any]) -> Source:
    match source:
        case {"type": "base64", "media_type": media_type, "data": content}:
            return BytesSource(media_type=media_type, content=content)
        case {"type": "text", "media_type": media_type, "data": text}:
            return BytesSource(media_type=media_type, content=base64.b64encode(text.encode()).decode())
        case {"type": "url", "url": url}:
            return UrlSource(url=url)
        case {"type": "file", "file_id": file_id}:
            return FileSource(file_id=file_id)
        case _:
            raise AssertionError(f"a source of an unknown kind: {source['type']}")


def _is_only_theirs(block: dict[str, Any]) -> bool:
    fields = _FIELDS.get(block["type"])
    if fields is None or not block.keys() <= {"type", *fields}:
        return True
    if (block.get("source") or {}).get("type") == "content":
        return True
    inner = block.get("content", ())
    return any(one["type"] not in ("text", "image", "document") or _is_only_theirs(one) for one in inner)
