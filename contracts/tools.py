"""A tool: what it is, what a call of it does, and how a call ended."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Contract
from contracts.errors import ErrorKind, PerdureError
from contracts.parts import ResultPart, ToolResultPart

ToolName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
"""A name that every vendor takes."""

ToolRetry = Literal["safe", "unsafe", "reconcile"]
"""What a second call does: nothing more than the first (`safe`), possibly the same thing again (`unsafe`), or, after the tool
was asked whether the first call took effect (`reconcile`), only what is missing.
"""


RUN_PIPELINE = "pipelines_run"
"""The tool whose calls are runs of pipelines: who brings steps forward turns them into such."""


class ToolEffects(Contract):
    """What a call does beyond its answer, and what it may take.

    `approval`: a person agrees before it runs. `timeout` is in seconds, `cost` in USD for one call. `max_chars` bounds the text
    that the model sees, `max_bytes` the data or media kept beside it.
    """

    retry: ToolRetry = "unsafe"
    approval: bool = False
    timeout: float = Field(default=30, gt=0, le=3600)
    cost: Decimal = Field(default=Decimal(0), ge=0)
    max_chars: int = Field(default=50_000, ge=100, le=2_000_000)
    max_bytes: int = Field(default=2_000_000, ge=100, le=50_000_000)


class ToolDefinition(Contract):
    """A tool as models and pipelines see it. `parameters` is a JSON Schema of an object."""

    name: ToolName
    description: str
    parameters: dict[str, Any]
    effects: ToolEffects = ToolEffects()


class UnavailableTool(Contract):
    """An MCP server, or one of its tools (`server/tool`), that cannot be used, and why."""

    name: str
    reason: str


class ToolCall(Contract):
    """One call. `arguments` is the JSON text as the model wrote it, which may be malformed.

    `idempotency_key` is the same whenever this call is made again. `begun_before`: an earlier try may have taken effect, and its
    result was lost.
    """

    id: str
    name: str
    arguments: str
    workspace_id: UUID
    idempotency_key: str
    begun_before: bool = False


class ToolOutcome(StrEnum):
    """How a call ended. `failed`: without effect, or with one that does not matter. `unknown`: it may have taken effect."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ToolResult(Contract):
    """What came of a call. `content` is what the model sees, an error as well; `data` is the same for pipelines, as JSON.

    `temporary`: the same call may well succeed later, after `retry_after` seconds where that is known. `truncated`: the tool said
    more than its limits let through, and `data` is then absent where it was too large.
    """

    call_id: str
    name: str
    outcome: ToolOutcome
    content: tuple[ResultPart, ...]
    data: Any = None
    truncated: bool = False
    temporary: bool = False
    retry_after: float | None = None
    cost: Decimal = Decimal(0)

    def as_part(self) -> ToolResultPart:
        """The part of a message that answers the model's call."""
        return ToolResultPart(
            call_id=self.call_id,
            name=self.name,
            content=self.content,
            is_error=self.outcome is not ToolOutcome.OK,
        )


class ToolError(PerdureError):
    """A tool did not do what it was asked. `message` is shown to the model: it says what to change, and holds no secret.

    `maybe_done`: the effect may have happened. `temporary`: the same call may succeed later, after `retry_after` seconds where
    that is known.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        maybe_done: bool = False,
        temporary: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(ErrorKind.TOOL_FAILED, message, field=field)
        self.maybe_done = maybe_done
        self.temporary = temporary
        self.retry_after = retry_after
