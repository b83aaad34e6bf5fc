"""Our messages as the chat wire's.

Source: platform.openai.com/docs/api-reference/chat/create; the reasoning fields are those of compatible servers (DeepSeek,
Groq, OpenRouter, Mistral), which want them back.
"""

import json
from collections.abc import Sequence
from typing import Any

from contracts.parts import (
    AudioPart,
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
from providers.openai.encoding import Encoding
from providers.openai.sources import chat_audio, chat_file, chat_image

REASONING_FIELDS = ("reasoning_content", "reasoning", "reasoning_details", "thinking")
"""Where a compatible server shows its thought; a `ReasoningPart.id` keeps which, so that it goes back there."""

WireMessage = dict[str, Any]


def encode_messages(messages: Sequence[Message], encoding: Encoding) -> list[WireMessage]:
    """The wire's `messages`. Raises `ProviderError(invalid_request)` for a part that the wire has no place for."""
    wire: list[WireMessage] = []
    # Tool messages hold text alone, and must follow their call without a gap: media wait for the next other message.
    waiting: list[dict[str, Any]] = []
    for number, message in enumerate(messages):
        at = f"messages[{number}]"
        results = [part for part in message.parts if isinstance(part, ToolResultPart)]
        others = [part for part in message.parts if not isinstance(part, ToolResultPart)]
        for result in results:
            wire.append(_tool_message(result, encoding, at, waiting))
        if others or not results:
            if waiting:
                wire.append({"role": "user", "content": list(waiting)})
                waiting.clear()
            wire += _message(message, others, encoding, at)
    if waiting:
        wire.append({"role": "user", "content": waiting})
    return wire


def _message(message: Message, parts: Sequence[Part], encoding: Encoding, at: str) -> list[WireMessage]:
    name = {"name": message.name} if message.name and encoding.dialect.names else {}
    if not name:
        encoding.ignore("message.name", message.name)
    if message.role == "assistant":
        body = _assistant(parts, encoding, at)
        return [{"role": "assistant", **body, **name}] if body else []
    contents = [content for n, part in enumerate(parts) if (content := _content(part, encoding, f"{at}.parts[{n}]"))]
    if not contents and parts:
        return []
    # `developer` is OpenAI's own word; other servers know `system` alone.
    role = "system" if message.role == "developer" and not encoding.is_vendor else message.role
    return [{"role": "user" if role == "tool" else role, "content": _short(contents), **name}]


def _content(part: Part, encoding: Encoding, at: str) -> dict[str, Any] | None:
    """One content part of a user's or system's message, or None where it was dropped."""
    match part:
        case TextPart():
            return _text(part, encoding)
        case ImagePart():
            return {**chat_image(part, encoding, at), **encoding.cache_marks(part.cache)}
        case AudioPart():
            return chat_audio(part, encoding, at)
        case DocumentPart():
            _ignore_document(part, encoding)
            return {**chat_file(part, encoding, at), **encoding.cache_marks(part.cache)}
        case RefusalPart():
            return {"type": "text", "text": part.text}
        case ProviderPart() | ReasoningPart():
            encoding.dropped.append(f"{at}.{part.type}")
            return None
        case ToolCallPart() | ToolResultPart():
            raise encoding.refusal(f"{at}: a {part.type} cannot stand in this message", at)


def _assistant(parts: Sequence[Part], encoding: Encoding, at: str) -> dict[str, Any]:
    """The fields of an assistant's message; none where nothing of it could be carried."""
    contents: list[dict[str, Any]] = []
    body: dict[str, Any] = {}
    calls: list[dict[str, Any]] = []
    for number, part in enumerate(parts):
        where = f"{at}.parts[{number}]"
        match part:
            case TextPart():
                contents.append(_text(part, encoding))
            case RefusalPart():
                body["refusal"] = body.get("refusal", "") + part.text
            case ToolCallPart():
                calls.append(_call(part, encoding))
            case ReasoningPart() if encoding.is_ours(part.provider) and part.id in REASONING_FIELDS:
                _reasoning(part, body, contents)
            case ReasoningPart() | ProviderPart():
                encoding.dropped.append(f"{where}.{part.type}")
            case ImagePart() | AudioPart() | DocumentPart():
                raise encoding.refusal(
                    f"{where}: the chat wire of {encoding.provider} takes no {part.type} from an assistant: "
                    "leave it out, or put it in a user's message",
                    where,
                )
            case ToolResultPart():
                raise encoding.refusal(f"{where}: a tool's result belongs in a message with the role tool", where)
    if not (contents or calls or body):
        return {}
    if calls:
        body["tool_calls"] = calls
        if encoding.dialect.wants_thought:
            body.setdefault("reasoning_content", "")
    return {"content": _short(contents) if contents else None, **body}


def _text(part: TextPart, encoding: Encoding) -> dict[str, Any]:
    wire: dict[str, Any] = {"type": "text", "text": part.text}
    if part.cache is not None and encoding.family.marks_cache and not encoding.dialect.cache_control:
        wire["prompt_cache_breakpoint"] = {"mode": "explicit"}
        return wire
    return {**wire, **encoding.cache_marks(part.cache)}


def _reasoning(part: ReasoningPart, body: dict[str, Any], contents: list[dict[str, Any]]) -> None:
    match part.id:
        case "reasoning_details" if part.redacted:
            body["reasoning_details"] = [*body.get("reasoning_details", []), *json.loads(part.redacted)]
        case "thinking":
            contents.append({"type": "thinking", "thinking": [{"type": "text", "text": part.text}]})
        case str() as name:
            body[name] = body.get(name, "") + part.text


def _call(part: ToolCallPart, encoding: Encoding) -> dict[str, Any]:
    field = "input" if part.kind == "custom" else "arguments"
    wire = {
        "id": encoding.call_id(part.id),
        "type": part.kind,
        part.kind: {"name": part.name, field: part.arguments},
    }
    if part.signature and encoding.is_ours(part.provider):
        # Gemini behind an OpenAI-shaped door (ai.google.dev/gemini-api/docs/openai).
        wire["extra_content"] = {"google": {"thought_signature": part.signature}}
    return wire


def _tool_message(result: ToolResultPart, encoding: Encoding, at: str, waiting: list[dict[str, Any]]) -> dict[str, Any]:
    encoding.ignore("tool_result.is_error", result.is_error)
    encoding.ignore("cache", result.cache)
    call_id = encoding.call_id(result.call_id)
    texts: list[dict[str, Any]] = []
    media: list[dict[str, Any]] = []
    for number, part in enumerate(result.content):
        if isinstance(part, TextPart):
            texts.append(_text(part, encoding))
        elif (content := _content(part, encoding, f"{at}.content[{number}]")) is not None:
            media.append(content)
    if media:
        waiting += [{"type": "text", "text": f"The files of the result of {call_id}:"}, *media]
        if not texts:
            texts.append({"type": "text", "text": "The result's files follow in the user's next message."})
    return {"role": "tool", "tool_call_id": call_id, "content": _short(texts)}


def _short(contents: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """The content as a plain string where it is one plain text, which every server understands."""
    if not contents:
        return ""
    if len(contents) == 1 and contents[0].keys() == {"type", "text"}:
        return str(contents[0]["text"])
    return contents


def _ignore_document(part: DocumentPart, encoding: Encoding) -> None:
    for name in ("title", "context", "citations"):
        encoding.ignore(f"document.{name}", getattr(part, name))
