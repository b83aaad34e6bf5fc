"""Our messages as Cohere's."""

from collections.abc import Sequence
from typing import Any, assert_never

from contracts.parts import (
    AudioPart,
    Citation,
    DocumentPart,
    ImagePart,
    Message,
    ProviderPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from providers.cohere.carried import Carried
from providers.cohere.provenance import TOOL_PLAN, is_ours
from providers.cohere.sources import encode_document, encode_image

Block = dict[str, Any]


def encode_messages(messages: Sequence[Message], carried: Carried) -> list[Block]:
    """The messages, in order. A tool's results are a message each; documents go to `carried.documents`.

    Raises `ProviderError(invalid_request)` naming the part that the wire cannot carry.
    """
    encoded: list[Block] = []
    for number, message in enumerate(messages):
        at = f"messages[{number}]"
        carried.ignore("name", message.name)
        match message.role:
            case "assistant":
                encoded += _assistant(message, carried, at)
            case "system" | "developer":
                encoded += _plain("system", message, carried, at)
            case "user" | "tool":
                encoded += _plain("user", message, carried, at)
            case _:
                assert_never(message.role)
    return encoded


def _plain(role: str, message: Message, carried: Carried, at: str) -> list[Block]:
    """What a person or the system says, with the results of tools ahead of it: they answer the turn before."""
    content: list[Block] = []
    results: list[Block] = []
    for index, part in enumerate(message.parts):
        place = f"{at}.parts[{index}]"
        match part:
            case TextPart(text=text) | RefusalPart(text=text):
                content += [{"type": "text", "text": text}] if text else []
            case ImagePart() if role == "user":
                content.append(encode_image(part, carried, place))
            case DocumentPart():
                carried.documents.append(encode_document(part, carried, place))
            case ToolResultPart():
                results.append(_result(part, carried, place))
            case ProviderPart(provider=provider, payload=payload):
                if is_ours(provider, carried.provider):
                    content.append(dict(payload))
                else:
                    carried.dropped.append(f"{place}: a block of {provider}")
            case ReasoningPart() | ToolCallPart() | ImagePart() | AudioPart():
                carried.refuse(f"{place} is of type {part.type}, which {carried.provider} does not take there", place)
            case _:
                assert_never(part)
    return [*results, *([{"role": role, "content": _short(content)}] if content else [])]


def _assistant(message: Message, carried: Carried, at: str) -> list[Block]:
    content: list[Block] = []
    calls: list[Block] = []
    citations: list[Block] = []
    plan = ""
    for index, part in enumerate(message.parts):
        place = f"{at}.parts[{index}]"
        match part:
            case TextPart(text=text):
                content += [{"type": "text", "text": text}] if text else []
                citations += _citations(part.citations, carried)
            case RefusalPart(text=text):
                content += [{"type": "text", "text": text}] if text else []
            case ReasoningPart(text=text, id=id_, provider=provider):
                if not is_ours(provider, carried.provider):
                    carried.dropped.append(f"reasoning of {provider or 'an unknown provider'}")
                elif id_ == TOOL_PLAN:
                    plan += text
                elif text:
                    content.append({"type": "thinking", "thinking": text})
            case ToolCallPart():
                calls.append(_call(part))
            case ProviderPart(provider=provider, payload=payload):
                if is_ours(provider, carried.provider):
                    content.append(dict(payload))
                else:
                    carried.dropped.append(f"{place}: a block of {provider}")
            case ImagePart() | AudioPart() | DocumentPart() | ToolResultPart():
                # Another model made it; the API takes such content from users only.
                carried.dropped.append(f"{place}: {part.type} in an assistant's message")
            case _:
                assert_never(part)
    fields = {"content": _short(content), "tool_plan": plan, "tool_calls": calls, "citations": citations}
    said = {name: value for name, value in fields.items() if value}
    return [{"role": "assistant", **said}] if said else []


def _call(part: ToolCallPart) -> Block:
    arguments = part.arguments if part.arguments.strip() else "{}"
    return {"id": part.id, "type": "function", "function": {"name": part.name, "arguments": arguments}}


def _result(part: ToolResultPart, carried: Carried, at: str) -> Block:
    content: list[Block] = []
    for index, one in enumerate(part.content):
        place = f"{at}.content[{index}]"
        match one:
            case TextPart(text=text):
                content.append({"type": "text", "text": text})
            case DocumentPart():
                content.append({"type": "document", "document": encode_document(one, carried, place)})
            case ImagePart() | AudioPart():
                carried.refuse(
                    f"{place} is of type {one.type}, which {carried.provider} does not take in a tool's result: send text",
                    place,
                )
            case _:
                assert_never(one)
    carried.ignore("tool_result.is_error", part.is_error)
    return {"role": "tool", "tool_call_id": part.call_id, "content": _short(content) or ""}


def _citations(citations: Sequence[Citation], carried: Carried) -> list[Block]:
    own = [one.raw for one in citations if one.raw is not None and is_ours(one.provider, carried.provider)]
    if len(own) < len(citations):
        carried.dropped.append("citations of another provider")
    return own


def _short(content: list[Block]) -> list[Block] | str:
    """A text alone as the plain text that it is."""
    match content:
        case [{"type": "text", "text": str() as text}]:
            return text
        case _:
            return content
