"""How the simulator is to behave on one call: what a scenario or a model's name can ask for."""

from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from contracts.errors import ErrorKind

FaultKind = Literal[
    "rate_limited",
    "overloaded",
    "unavailable",
    "timeout",
    "context_overflow",
    "content_refused",
    "authentication",
    "invalid_request",
    "not_found",
]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Tokens = Annotated[int, Field(ge=0, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class Fault:
    """An error in the vendor's own words. `retry_after` is in seconds, whatever the format it is written in.

    `in_stream`: a stream begins with status 200 and tells the error as an event, after `after` tokens.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: FaultKind
    retry_after: Seconds | None = None
    retry_after_format: Literal["seconds", "milliseconds", "http-date"] | None = None
    in_stream: bool = False
    after: Tokens = 0

    @property
    def error_kind(self) -> ErrorKind:
        """The kind as the contracts name it."""
        return ErrorKind(self.kind)


@dataclass(frozen=True, slots=True)
class ToolCallWish:
    """A tool call that the answer is to make. `arguments` is an object, or JSON text sent as it is."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    arguments: dict[str, Any] | str = ""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Every way in which an answer can be bent; None or False leaves it alone. Times in seconds, lengths in tokens.

    `cut_after` closes the connection without a proper end, with `cut_clean` it ends the body as if all were said.
    `stall_after` falls silent for `stall_seconds`, or until the caller leaves, and then goes on. `hold_until_released`
    waits, before anything is sent or after `hold_after` tokens, for `POST /control/release`. `omit_finish` leaves out the
    event with the finish reason, `omit_last_event` the stream's closing event (which is the same event where a wire has
    none after it). `ignore_max_tokens` answers as long as it likes. `finish_reason` is one of stop, length, tool_calls,
    content_filter, or a vendor's own word. `batch_seconds` is how long a batch takes, `batch_answered` how many of its requests
    are answered before it expires; `drop_connection` and `hold_until_released` then follow its creation (endpoint `batches`).
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    error: Fault | None = None
    first_token_delay: Seconds | None = None
    tokens_per_second: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    tokens: Tokens | None = None
    text: str | None = None
    echo: bool = False
    reasoning: str | None = None
    tool_calls: tuple[ToolCallWish, ...] | None = None
    call_tools: bool = False
    cut_after: Tokens | None = None
    cut_clean: bool = False
    stall_after: Tokens | None = None
    stall_seconds: Seconds | None = None
    malformed_event_after: Tokens | None = None
    omit_last_event: bool = False
    omit_finish: bool = False
    refuse: bool = False
    reject_prefill: bool = False
    drop_connection: bool = False
    finish_reason: str | None = None
    cached_tokens: Tokens | None = None
    reasoning_tokens: Tokens | None = None
    hold_until_released: bool = False
    hold_after: Tokens | None = None
    context_window: Tokens | None = None
    ignore_max_tokens: bool = False
    batch_seconds: Seconds | None = None
    batch_answered: Tokens | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Behaviour":
        if self.cut_clean and self.cut_after is None:
            raise ValueError("cut_clean needs cut_after")
        if self.stall_seconds is not None and self.stall_after is None:
            raise ValueError("stall_seconds needs stall_after")
        if self.hold_after is not None and not self.hold_until_released:
            raise ValueError("hold_after needs hold_until_released")
        return self

    def overridden_by(self, other: "Behaviour") -> "Behaviour":
        """This behaviour, with every field that `other` sets."""
        changes = {name: getattr(other, name) for name, default in _DEFAULTS if getattr(other, name) != default}
        return replace(self, **changes)


_DEFAULTS: tuple[tuple[str, Any], ...] = tuple((field.name, field.default) for field in fields(Behaviour))
PLAIN = Behaviour()
