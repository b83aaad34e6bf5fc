"""What activities ask of the tools of a deployment."""

from datetime import datetime
from typing import Protocol

from contracts.parts import TextPart
from contracts.tools import ToolCall, ToolDefinition, ToolOutcome, ToolResult


class Toolbox(Protocol):
    """The tools by name."""

    def definitions(self) -> tuple[ToolDefinition, ...]:
        """What there is."""

    async def call(self, asked: ToolCall, *, now: datetime) -> ToolResult:
        """Make a call. It never raises for what a tool does; only cancellation is raised."""


class NoTools:
    """A deployment without tools: every call says so."""

    def definitions(self) -> tuple[ToolDefinition, ...]:
        """None."""
        return ()

    async def call(self, asked: ToolCall, *, now: datetime) -> ToolResult:
        """Fails, naming the tool."""
        said = f"The tool {asked.name!r} is not registered in this deployment."
        return ToolResult(call_id=asked.id, name=asked.name, outcome=ToolOutcome.FAILED, content=(TextPart(text=said),))
