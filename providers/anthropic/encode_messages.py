"""Messages in Anthropic's form: instructions apart, roles alternating, blocks of content."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from contracts.errors import ErrorKind, ProviderError
from contracts.parts import (
    AudioPart,
    CacheHint,
    DocumentPart,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from providers.anthropic.provenance import is_ours
from providers.anthropic.sources import document, image

Block = dict[str, Any]


@dataclass(slots=True)
class EncodedMessages:
    """`system` blocks, `messages`, and what could not be carried."""

    system: list[Block] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def encode_messages(messages: Sequence[Message], *, provider: str) -> EncodedMessages:
    """The conversation. Messages of one speaker that follow each other become one. Raises `invalid_request`."""
    encoded = EncodedMessages()
    for at, message in enumerate(messages):
        blocks: list[Block] = []
        for place, part in enumerate(message.parts):
            where = f"messages.{at}.parts.{place}"
            blocks += _block(part, message.role == "assistant", encoded.dropped, provider=provider, where=where)
        if message.role in ("system", "developer"):
            encoded.system += blocks
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if not blocks:
            continue
        if encoded.messages and encoded.messages[-1]["role"] == role:
            encoded.messages[-1]["content"] += blocks
        else:
            encoded.messages.append({"role": role, "content": blocks})
    return encoded


def _block(part: Part, from_model: bool, dropped: list[str], *, provider: str, where: str) -> list[Block]:
    match part:
        case TextPart():
            # An empty text block is refused.
            return [_cached(_text(part, provider), part.cache)] if part.text else []
        case RefusalPart():
            return [{"type": "text", "text": part.text}] if part.text else []
        case ImagePart() if from_model:
            dropped.append(f"{where}: an image that a model drew")
            return []
        case ImagePart():
            return [_cached(image(part), part.cache)]
        case DocumentPart():
            return [_cached(document(part, provider=provider, field=where), part.cache)]
        case AudioPart():
            raise ProviderError(ErrorKind.INVALID_REQUEST, f"{provider} takes no sound", provider=provider, field=where)
        case ReasoningPart():
            return _reasoning(part, dropped, provider=provider, where=where)
        case ToolCallPart():
            call = {"type": "tool_use", "id": part.id, "name": part.name, "input": _arguments(part.arguments)}
            return [_cached(call, part.cache)]
        case ToolResultPart():
            return [_cached(_result(part, dropped, provider=provider, where=where), part.cache)]
        case ProviderPart():
            if is_ours(part.provider, provider):
                return [part.payload]
            dropped.append(f"{where}: a block of {part.provider}")
            return []
        case _:
            assert_never(part)


def _text(part: TextPart, provider: str) -> Block:
    block: Block = {"type": "text", "text": part.text}
    cited = [one.raw for one in part.citations if one.raw is not None and is_ours(one.provider, provider)]
    return {**block, "citations": cited} if cited else block


def _reasoning(part: ReasoningPart, dropped: list[str], *, provider: str, where: str) -> list[Block]:
    if not is_ours(part.provider, provider):
        dropped.append(f"{where}: the reasoning of {part.provider or 'an unknown provider'}")
        return []
    if part.redacted is not None:
        return [{"type": "redacted_thinking", "data": part.redacted}]
    if part.signature is None:
        # Thinking that was cut before its signature came is refused.
        dropped.append(f"{where}: reasoning without its signature")
        return []
    return [{"type": "thinking", "thinking": part.text, "signature": part.signature}]


def _result(part: ToolResultPart, dropped: list[str], *, provider: str, where: str) -> Block:
    content = [
        block
        for place, inner in enumerate(part.content)
        for block in _block(inner, False, dropped, provider=provider, where=f"{where}.content.{place}")
    ]
    result: Block = {"type": "tool_result", "tool_use_id": part.call_id, "content": content}
    return {**result, "is_error": True} if part.is_error else result


def _arguments(text: str) -> Any:
    """A call's arguments, which are an object here; what a model wrote badly goes back under one name."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {"malformed_arguments": text}
    return value if isinstance(value, dict) else {"malformed_arguments": text}


def _cached(block: Block, hint: CacheHint | None) -> Block:
    if hint is None:
        return block
    control = {"type": "ephemeral", **({"ttl": hint.ttl} if hint.ttl else {})}
    return {**block, "cache_control": control}
