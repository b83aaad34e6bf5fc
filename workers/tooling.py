"""The tools of a process: built from settings, and kept up with what MCP servers offer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import structlog

from contracts.documents import Retriever
from contracts.errors import PerdureError
from contracts.parts import TextPart
from contracts.tools import ToolCall, ToolDefinition, ToolOutcome, ToolResult, UnavailableTool
from settings import Settings, variables
from tools.calling import call
from tools.registry import ToolRegistry, build
from workers.tool_files import ToolsFileError, read_tool_files

LOOK_SECONDS = 60.0
"""How often MCP servers are asked what they offer: they come, change and go."""
FIRST_SECONDS = 5.0
"""How long a starting process waits for them. Whoever answers later is known from then on."""

log = structlog.get_logger("perdure.tools")


class Tooling:
    """The tools that there are, and what cannot be used of what was written down."""

    def __init__(self, registry: ToolRegistry) -> None:
        self.registry = registry
        self.unavailable: tuple[UnavailableTool, ...] = ()
        self.looked = asyncio.Event()

    def definitions(self) -> tuple[ToolDefinition, ...]:
        """What there is, by name."""
        return self.registry.definitions()

    async def call(self, asked: ToolCall, *, now: datetime) -> ToolResult:
        """Call a tool. Whatever comes of it is in the result, also that there is none of that name."""
        try:
            tool = self.registry.get(asked.name)
        except PerdureError as unknown:
            said = (TextPart(text=unknown.message),)
            return ToolResult(call_id=asked.id, name=asked.name, outcome=ToolOutcome.FAILED, content=said)
        return await call(tool, asked, now=now)

    async def follow(self, seconds: float = LOOK_SECONDS) -> None:
        """Ask the MCP servers again and again, for ever. What cannot be used is logged when it is new."""
        while True:
            try:
                found = await self.registry.discover()
            except Exception as error:
                log.warning("MCP servers could not be asked", error=type(error).__name__)
            else:
                for one in found:
                    if one not in self.unavailable:
                        log.warning("a tool cannot be used", name=one.name, reason=one.reason)
                self.unavailable = found
            self.looked.set()
            await asyncio.sleep(seconds)


def build_tools(settings: Settings, retriever: Retriever | None = None) -> ToolRegistry:
    """The tools that `tools.yaml` and its integrations describe, and those that are always there; `retrieve` with a retriever.

    Nothing is connected to yet. Raises ToolsFileError.
    """
    files = read_tool_files(settings.tools_file)
    try:
        return build(files.stanza, variables(), integrations=files.integrations, retriever=retriever)
    except ValueError as error:
        raise ToolsFileError(str(error)) from None


@asynccontextmanager
async def running_tools(settings: Settings, retriever: Retriever | None = None) -> AsyncIterator[Tooling]:
    """The tools, followed while the block runs; their connections and processes end with it. Raises ToolsFileError."""
    tooling = Tooling(build_tools(settings, retriever))
    following = asyncio.create_task(tooling.follow()) if tooling.registry.has_servers else None
    try:
        if following is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(tooling.looked.wait(), FIRST_SECONDS)
        yield tooling
    finally:
        if following is not None:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
        await tooling.registry.close()
