"""What the /api doors take."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.doors import Doors
from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.parts import Message, TextPart, ToolCallPart, ToolResultPart
from contracts.requests import Knobs, OutputFormat, Tool, ToolChoice
from contracts.turns import Limits, OnBusy, OnNewAttempt, TurnRequest


class Body(BaseModel):
    """A request's body: unknown fields are refused, since they are most often misspelt."""

    model_config = ConfigDict(extra="forbid")


class TurnBody(Body):
    """A turn. Either `content`, the user's words, or `messages`; `model` and, if it fails, `fallbacks` in order."""

    content: str | None = Field(default=None, examples=["What is a durable workflow?"])
    messages: list[Message] | None = None
    model: str | None = Field(default=None, examples=["sim:sim-fast"])
    fallbacks: list[str] = Field(default=[], max_length=10, examples=[["anthropic:claude-sonnet-4-5"]])
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    output: OutputFormat | None = None
    knobs: Knobs = Knobs()
    provider_options: dict[str, dict[str, Any]] = {}
    on_busy: OnBusy = "reject"
    on_new_attempt: OnNewAttempt = "reset"
    limits: Limits = Limits()
    metadata: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "TurnBody":
        if (self.content is None) == (self.messages is None):
            raise ValueError("give either content or messages")
        return self


class ConversationBody(Body):
    """A new conversation. `models` are the default of its turns: the first choice and its fallbacks."""

    title: str | None = Field(default=None, max_length=500, examples=["Durable workflows"])
    models: list[str] = Field(default=[], max_length=10)
    metadata: dict[str, Any] = {}


class ConversationChange(Body):
    """What is to change; what is absent stays, and a title of null is removed."""

    title: str | None = Field(default=None, max_length=500)
    models: list[str] | None = Field(default=None, max_length=10)
    metadata: dict[str, Any] | None = None


def turn_request(body: TurnBody, doors: Doors, defaults: tuple[ModelRef, ...]) -> TurnRequest:
    """The turn that a body asks for; `defaults` are the conversation's models. Raises what is wrong with it."""
    said = body.messages
    if said is None:
        if not body.content:
            raise PerdureError(ErrorKind.INVALID_REQUEST, "content is empty; say something.", field="content")
        said = [Message(role="user", parts=(TextPart(text=body.content),))]
    check_messages(said)
    return TurnRequest(
        models=chosen_models(body.model, body.fallbacks, doors, defaults),
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


def chosen_models(
    model: str | None, fallbacks: list[str], doors: Doors, defaults: tuple[ModelRef, ...]
) -> tuple[ModelRef, ...]:
    """The first choice and its fallbacks. Raises `not_found` with near names, `invalid_request` where none is named."""
    name = model or (None if defaults else doors.default_model)
    if name is not None:
        first = [doors.catalog.resolve(name)]
    elif defaults:
        first = list(defaults)
    else:
        raise PerdureError(ErrorKind.INVALID_REQUEST, "Name a model, as provider:model.", field="model")
    others = [doors.catalog.resolve(other, field=f"fallbacks.{at}") for at, other in enumerate(fallbacks)]
    return tuple(dict.fromkeys([*first, *others]))


def check_messages(messages: list[Message], *, field: str = "messages") -> None:
    """Refuse what no model could answer: nothing said, or a tool's result whose call is not there."""
    if not messages:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"{field} is empty; say something.", field=field)
    called: set[str] = set()
    for at, message in enumerate(messages):
        if not message.parts:
            raise PerdureError(ErrorKind.INVALID_REQUEST, f"{field}.{at} is empty.", field=f"{field}.{at}")
        for part in message.parts:
            match part:
                case ToolCallPart():
                    called.add(part.id)
                case ToolResultPart() if part.call_id not in called:
                    raise PerdureError(
                        ErrorKind.INVALID_REQUEST,
                        f"{field}.{at} answers tool call {part.call_id[:100]!r}, which no earlier message makes.",
                        field=f"{field}.{at}",
                    )
                case _:
                    continue


def path_id(text: str, what: str) -> UUID:
    """An id in a path. Raises `not_found`: what is not an id names nothing."""
    try:
        return UUID(text)
    except ValueError:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no {what} {text[:100]!r}.") from None
