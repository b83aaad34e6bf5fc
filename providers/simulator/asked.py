"""What a request asks for, in one form for the three wires, and how a wire says no."""

from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.errors import ErrorKind

Vendor = Literal["openai", "anthropic", "google"]

MESSAGE_TOKENS = 3
"""What every message costs besides its text."""
IMAGE_TOKENS = 258
DOCUMENT_TOKENS = 512


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool that the caller would run. `schema` is that of its arguments; a `custom` tool takes free text."""

    name: str
    schema: dict[str, Any]
    custom: bool = False


@dataclass(slots=True)
class Asked:
    """One request for an answer.

    `last_user` is the text of the last user message; `prefill` the text of an assistant message that ends the
    conversation; `tool_results` the texts of the tool results that end it. `choice` is `auto`, `none`, `required`, or
    `named` with `named` holding the allowed names. `output` is the schema that the answer must follow (`{}` for any object).
    `reasoning` says that thought was asked for, `reasoning_shown` that its text may be shown. `cache_prefix` names the
    part of the prompt that the caller marked for caching and `cache_tokens` its size. `body` is the request itself.
    """

    endpoint: str
    model: str
    stream: bool
    body: dict[str, Any]
    input_tokens: int = 0
    last_user: str = ""
    prefill: str | None = None
    tools: dict[str, OfferedTool] = field(default_factory=dict)
    choice: Literal["auto", "none", "required", "named"] = "auto"
    named: tuple[str, ...] = ()
    parallel: bool = True
    tool_results: tuple[str, ...] = ()
    output: dict[str, Any] | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    reasoning: bool = False
    reasoning_shown: bool = False
    cache_prefix: str | None = None
    cache_tokens: int = 0
    cache_hour: bool = False


class RejectedError(Exception):
    """The request is not valid on this wire. `param` and `code` are OpenAI's words, ignored by the others."""

    def __init__(
        self,
        message: str,
        *,
        kind: ErrorKind = ErrorKind.INVALID_REQUEST,
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.param = param
        self.code = code
