"""From OpenAI's messages to ours."""

from collections.abc import Sequence

from api.openai.bodies import ChatMessage, ToolCall
from api.openai.decode_parts import decode_part
from api.openai.refusing import invalid
from contracts.parts import (
    AudioPart,
    DocumentPart,
    ImagePart,
    Message,
    Part,
    RefusalPart,
    ResultPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)


def decode_messages(messages: Sequence[ChatMessage]) -> tuple[Message, ...]:
    """The messages, without system and assistant messages that say nothing: clients send such, and vendors refuse them.

    Raises `invalid_request` naming the parameter.
    """
    decoded: list[Message] = []
    old_calls: dict[str, str] = {}
    for at, message in enumerate(messages):
        field = f"messages.{at}"
        match message.role:
            case "tool":
                decoded.append(_tool_result(message, message.tool_call_id, field))
            case "function":
                name = message.name or ""
                if name not in old_calls:
                    raise invalid(f"{field}.name", f"no earlier message calls a function {name[:100]!r}")
                decoded.append(_tool_result(message, old_calls.pop(name), field))
            case role:
                parts = _said(message, field)
                if message.function_call is not None:
                    call = message.function_call
                    # The old form has no ids: the place of the call stands for one.
                    old_calls[call.name] = f"call_{at}"
                    parts.append(ToolCallPart(id=f"call_{at}", name=call.name, arguments=call.arguments))
                if parts or role == "user":
                    decoded.append(Message(role=role, parts=tuple(parts), name=message.name))
    return tuple(decoded)


def _said(message: ChatMessage, field: str) -> list[Part]:
    parts = _content(message, field)
    if message.refusal:
        parts.append(RefusalPart(text=message.refusal))
    parts += (_call(call, f"{field}.tool_calls.{at}") for at, call in enumerate(message.tool_calls or ()))
    return parts


def _content(message: ChatMessage, field: str) -> list[Part]:
    if isinstance(message.content, str):
        return [TextPart(text=message.content)] if message.content else []
    parts = (decode_part(part, f"{field}.content.{at}") for at, part in enumerate(message.content or ()))
    return [part for part in parts if part != TextPart(text="")]


def _call(call: ToolCall, field: str) -> ToolCallPart:
    if call.type == "custom" and call.custom is not None:
        return ToolCallPart(id=call.id, name=call.custom.name, arguments=call.custom.input, kind="custom")
    if call.type == "function" and call.function is not None:
        return ToolCallPart(id=call.id, name=call.function.name, arguments=call.function.arguments)
    raise invalid(f"{field}.{call.type}", f"a call of type {call.type} has a {call.type}")


def _tool_result(message: ChatMessage, call_id: str | None, field: str) -> Message:
    if call_id is None:
        raise invalid(f"{field}.tool_call_id", "a tool's message names the call that it answers")
    content: list[ResultPart] = []
    for at, part in enumerate(_content(message, field)):
        if not isinstance(part, TextPart | ImagePart | DocumentPart | AudioPart):
            raise invalid(f"{field}.content.{at}", f"a tool's message has no {part.type}")
        content.append(part)
    return Message(role="tool", parts=(ToolResultPart(call_id=call_id, name=message.name, content=tuple(content)),))
