"""What the /api doors take."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.errors import ErrorKind, PerdureError
from contracts.parts import Message
from contracts.requests import Knobs, OutputFormat, Tool, ToolChoice
from contracts.routing import RoutingContext
from contracts.turns import Limits, OnBusy, OnNewAttempt


class Body(BaseModel):
    """A request's body: unknown fields are refused, since they are most often misspelt."""

    model_config = ConfigDict(extra="forbid")


class KnobsBody(Knobs):
    """The common settings of a call. What the vendor has not is ignored, and reported in the turn's result."""

    model_config = ConfigDict(extra="forbid")


class LimitsBody(Limits):
    """How long a step waits, in seconds, and how often it tries."""

    model_config = ConfigDict(extra="forbid")


class RoutingBody(RoutingContext):
    """What the request says about its routing; what is absent is found out or taken from the policy."""

    model_config = ConfigDict(extra="forbid")


class TurnBody(Body):
    """A turn. Either `content`, the user's words, or `messages`.

    `model` is asked first, then `models` in order; without either, the conversation's models or the deployment's default, and
    without these routing chooses, as `routing` asks. `auto` says that it shall; `auto:cost` by which strategy.
    """

    content: str | None = Field(default=None, examples=["What is a durable workflow?"])
    messages: list[Message] | None = None
    model: str | None = Field(default=None, examples=["sim:sim-fast"])
    models: list[str] = Field(default=[], max_length=10, examples=[["anthropic:claude-sonnet-4-5"]])
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    output: OutputFormat | None = None
    knobs: KnobsBody = KnobsBody()
    provider_options: dict[str, dict[str, Any]] = {}
    on_busy: OnBusy = "reject"
    on_new_attempt: OnNewAttempt = "reset"
    limits: LimitsBody = LimitsBody()
    routing: RoutingBody = RoutingBody()
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
    """What is to change; what is absent stays, a title of null is removed, and `metadata` is replaced as a whole."""

    title: str | None = Field(default=None, max_length=500)
    models: list[str] | None = Field(default=None, max_length=10)
    metadata: dict[str, Any] | None = None


def path_id(text: str, what: str, *, field: str | None = None) -> UUID:
    """An id in a path, or in `field`. Raises `not_found`: what is not an id names nothing."""
    try:
        return UUID(text)
    except ValueError:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no {what} {text[:100]!r}.", field=field) from None
