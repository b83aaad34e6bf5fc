"""What every tool is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from contracts.parts import ResultPart
from contracts.tools import ToolDefinition, ToolEffects

Secrets = Callable[[str], str]
"""The value of a secret by its name; empty where there is none."""

Arguments = dict[str, Any]
"""A call's arguments, which follow the tool's schema."""


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a call knows beside its arguments. `now` has a time zone."""

    workspace_id: UUID
    idempotency_key: str
    now: datetime


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool answers: `data` is JSON, `text` how the model reads it (by default the JSON itself), `media` goes beside it.

    `truncated`: the tool itself left something out, and its text says so.
    """

    data: Any = None
    text: str | None = None
    media: tuple[ResultPart, ...] = ()
    truncated: bool = False


class Tool(Protocol):
    """One tool. It does not check its arguments against its schema: `tools.calling.call` does."""

    @property
    def definition(self) -> ToolDefinition:
        """What the tool is, and what its calls do."""
        ...

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """Do it. Raises `ToolError`; any other exception means that nobody knows whether it was done."""
        ...


@runtime_checkable
class JudgedByArguments(Protocol):
    """A tool some of whose calls do less than the tool can."""

    def effects_of(self, arguments: Arguments) -> ToolEffects:
        """What a call with these arguments does."""
        ...


@runtime_checkable
class Reconcilable(Protocol):
    """A tool that can find out whether an earlier call with the same idempotency key took effect."""

    async def reconcile(self, arguments: Arguments, context: CallContext) -> ToolOutput | None:
        """What the earlier call answered; None where it had no effect. Raises `ToolError` where that cannot be found out."""
        ...


@runtime_checkable
class Closable(Protocol):
    """A tool that holds connections or processes."""

    async def close(self) -> None:
        """Let go of them."""
        ...
