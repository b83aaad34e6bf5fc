"""Our messages as the responses wire's input items.

Source: platform.openai.com/docs/api-reference/responses/create (`input`), /guides/reasoning (what must come back).
"""

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
from providers.openai.chat_messages import REASONING_FIELDS
from providers.openai.encoding import Encoding
from providers.openai.sources import responses_file, responses_image

Item = dict[str, Any]
SUMMARY_GAP = "\n\n"
"""What stands between the summaries of one thought in a reasoning part's text."""


def encode_items(messages: Sequence[Message], encoding: Encoding) -> list[Item]:
    """The wire's `input`. Raises `ProviderError(invalid_request)` for a part that the wire has no place for."""
    items: list[Item] = []
    for number, message in enumerate(messages):
        at = f"messages[{number}]"
        encoding.ignore("message.name", message.name)
        if message.role == "assistant":
            for index, part in enumerate(message.parts):
                _assistant_part(part, items, encoding, f"{at}.parts[{index}]")
        else:
            items += _message(message, encoding, at)
    return items


def _message(message: Message, encoding: Encoding, at: str) -> list[Item]:
    """The items of a message that is not the model's: tool results and provider items stand alone, the rest together."""
    role = "user" if message.role == "tool" else message.role
    items: list[Item] = []
    contents: list[Item] = []
    for number, part in enumerate(message.parts):
        where = f"{at}.parts[{number}]"
        if isinstance(part, ToolResultPart):
            items.append(_result(part, encoding, where))
        elif isinstance(part, ProviderPart) and encoding.is_ours(part.provider):
            items.append(part.payload)
        elif (content := _content(part, encoding, where)) is not None:
            contents.append(content)
    if contents or not message.parts:
        items.append({"role": role, "content": _short(contents)})
    return items


def _content(part: Part, encoding: Encoding, at: str) -> Item | None:
    """One content of an input message, or None where it was dropped."""
    match part:
        case TextPart():
            content: Item = {"type": "input_text", "text": part.text}
            if part.cache is not None:
                if encoding.family.marks_cache:
                    content["prompt_cache_breakpoint"] = {"mode": "explicit"}
                else:
                    encoding.ignore("cache", part.cache)
            return content
        case RefusalPart():
            return {"type": "input_text", "text": part.text}
        case ImagePart():
            encoding.ignore("cache", part.cache)
            return responses_image(part)
        case DocumentPart():
            encoding.ignore("cache", part.cache)
            for name in ("title", "context", "citations"):
                encoding.ignore(f"document.{name}", getattr(part, name))
            return responses_file(part)
        case AudioPart():
            raise encoding.refusal(
                f"{at}: the responses wire of {encoding.provider} takes no sound: ask a model of the chat wire", at
            )
        case ProviderPart() | ReasoningPart():
            encoding.dropped.append(f"{at}.{part.type}")
            return None
        case ToolCallPart() | ToolResultPart():
            raise encoding.refusal(f"{at}: a {part.type} cannot stand in this message", at)


def _assistant_part(part: Part, items: list[Item], encoding: Encoding, at: str) -> None:
    match part:
        case TextPart():
            encoding.ignore("cache", part.cache)
            annotations = [c.raw for c in part.citations if c.raw is not None and encoding.is_ours(c.provider)]
            content: Item = {"type": "output_text", "text": part.text, "annotations": annotations}
            _say(content, part if encoding.is_ours(part.provider) else TextPart(text=part.text), items)
        case RefusalPart():
            _say({"type": "refusal", "refusal": part.text}, TextPart(text=part.text), items)
        case ReasoningPart() if encoding.is_ours(part.provider) and part.id and part.id not in REASONING_FIELDS:
            items.append(_reasoning(part, part.id, always_shown=encoding.dialect.wants_thought))
        case ProviderPart() if encoding.is_ours(part.provider):
            items.append(part.payload)
        case ReasoningPart() | ProviderPart():
            encoding.dropped.append(f"{at}.{part.type}")
        case ToolCallPart():
            items.append(_call(part, encoding))
        case ImagePart() | AudioPart() | DocumentPart():
            raise encoding.refusal(
                f"{at}: {encoding.provider} takes no {part.type} from an assistant: leave it out, or put it in a user's "
                "message",
                at,
            )
        case ToolResultPart():
            raise encoding.refusal(f"{at}: a tool's result belongs in a message with the role tool", at)


def _say(content: Item, part: TextPart, items: list[Item]) -> None:
    """Put what the assistant said into its message item; without an id, in the wire's short form."""
    last = items[-1] if items else {}
    if part.id is None:
        phase = {"phase": part.phase} if part.phase else {}
        plain = content["type"] == "output_text" and not content["annotations"]
        said: Any = content["text"] if plain else [content]
        items.append({"role": "assistant", "content": said, **phase})
        return
    if last.get("type") == "message" and (last.get("id"), last.get("phase")) == (part.id, part.phase):
        last["content"].append(content)
        return
    item = {"type": "message", "id": part.id, "role": "assistant", "status": "completed", "content": [content]}
    items.append({**item, "phase": part.phase} if part.phase else item)


def _reasoning(part: ReasoningPart, item_id: str, *, always_shown: bool) -> Item:
    item: Item = {
        "type": "reasoning",
        "id": item_id,
        "summary": [{"type": "summary_text", "text": text} for text in part.summaries],
    }
    if part.redacted is not None:
        item["encrypted_content"] = part.redacted
    if part.text and (always_shown or part.text != SUMMARY_GAP.join(part.summaries)):
        item["content"] = [{"type": "reasoning_text", "text": part.text}]
    return item


def _call(part: ToolCallPart, encoding: Encoding) -> Item:
    encoding.ignore("cache", part.cache)
    kind, field = ("custom_tool_call", "input") if part.kind == "custom" else ("function_call", "arguments")
    item: Item = {
        "type": kind,
        "call_id": encoding.call_id(part.id),
        "name": part.name,
        field: part.arguments,
    }
    if encoding.is_ours(part.provider):
        item |= {"id": part.item_id} if part.item_id else {}
        item |= {"namespace": part.namespace} if part.namespace else {}
    return item


def _result(part: ToolResultPart, encoding: Encoding, at: str) -> Item:
    encoding.ignore("tool_result.is_error", part.is_error)
    encoding.ignore("cache", part.cache)
    contents = [_content(one, encoding, f"{at}.content[{number}]") for number, one in enumerate(part.content)]
    kind = "custom_tool_call_output" if part.kind == "custom" else "function_call_output"
    output = _short([content for content in contents if content is not None])
    return {"type": kind, "call_id": encoding.call_id(part.call_id), "output": output}


def _short(contents: list[Item]) -> str | list[Item]:
    """The content as a plain string where it is one plain text."""
    if not contents:
        return ""
    if len(contents) == 1 and contents[0].keys() == {"type", "text"}:
        return str(contents[0]["text"])
    return contents
