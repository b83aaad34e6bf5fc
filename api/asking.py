"""From what a caller sent to what a turn asks: checks that all doors share."""

from collections.abc import Sequence

from api.bodies import TurnBody
from api.naming import Names, chosen
from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.parts import Message, RefusalPart, TextPart, ToolCallPart, ToolResultPart
from contracts.turns import TurnRequest

_FITTING: dict[str, frozenset[str]] = {
    "system": frozenset({"text"}),
    "developer": frozenset({"text"}),
    "user": frozenset({"text", "image", "audio", "document", "provider"}),
    "assistant": frozenset({"text", "refusal", "reasoning", "tool_call", "image", "audio", "document", "provider"}),
    "tool": frozenset({"tool_result"}),
}
"""Which parts a role may say."""


def turn_request(
    body: TurnBody,
    names: Names,
    *,
    defaults: tuple[ModelRef, ...] = (),
    history: Sequence[Message] = (),
    model_field: str = "model",
) -> TurnRequest:
    """The turn that a body asks for. `defaults` are the conversation's models, `history` what was said in it so far,
    `model_field` what the caller calls `model`.

    Raises `invalid_request` or `not_found`, naming the field.
    """
    said = body.messages
    if said is None:
        if not body.content or body.content.isspace():
            raise PerdureError(ErrorKind.INVALID_REQUEST, "content is empty; say something.", field="content")
        said = [Message(role="user", parts=(TextPart(text=body.content),))]
    check_messages(said, history=history)
    models, routing = chosen(body.model, body.models, body.routing, names, defaults=defaults, field=model_field)
    return TurnRequest(
        models=models,
        routing=routing,
        messages=tuple(said),
        tools=tuple(body.tools),
        tool_choice=body.tool_choice,
        output=body.output,
        knobs=body.knobs,
        provider_options=body.provider_options,
        on_busy=body.on_busy,
        on_new_attempt=body.on_new_attempt,
        limits=body.limits,
        metadata=body.metadata,
    )


def check_prompt(prompt: str | None, *, field: str = "prompt") -> None:
    """Refuse a prompt that says nothing."""
    if prompt is not None and (not prompt or prompt.isspace()):
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"{field} is empty; say something.", field=field)


def answers_tools(messages: Sequence[Message] | None) -> bool:
    """Some of the messages are results of tool calls."""
    return any(isinstance(part, ToolResultPart) for message in messages or () for part in message.parts)


def check_messages(messages: Sequence[Message], *, history: Sequence[Message] = ()) -> None:
    """Refuse what no model could answer: nothing said, a part that its role cannot say, a tool's result without its call."""
    if not messages:
        raise PerdureError(ErrorKind.INVALID_REQUEST, "messages is empty; say something.", field="messages")
    called = {part.id for message in history for part in message.parts if isinstance(part, ToolCallPart)}
    for at, message in enumerate(messages):
        field = f"messages.{at}"
        if not any(_says_something(message, position) for position in range(len(message.parts))):
            raise PerdureError(ErrorKind.INVALID_REQUEST, f"{field} is empty; say something.", field=field)
        for part in message.parts:
            if part.type not in _FITTING[message.role]:
                raise PerdureError(
                    ErrorKind.INVALID_REQUEST,
                    f"{field}: a {message.role} message has no {part.type} parts.",
                    field=field,
                )
            match part:
                case ToolCallPart():
                    called.add(part.id)
                case ToolResultPart() if part.call_id not in called:
                    raise PerdureError(
                        ErrorKind.INVALID_REQUEST,
                        f"{field} answers tool call {part.call_id[:100]!r}, which no earlier message makes.",
                        field=field,
                    )
                case _:
                    continue


def _says_something(message: Message, position: int) -> bool:
    match message.parts[position]:
        case TextPart(text=text) | RefusalPart(text=text):
            return bool(text) and not text.isspace()
        case _:
            return True
