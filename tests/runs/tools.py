"""Tools of a test: they count their calls."""

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from contracts.documents import Retriever
from contracts.parts import TextPart
from contracts.tools import ToolCall, ToolDefinition, ToolEffects, ToolOutcome, ToolResult, UnavailableTool
from tools.files.tools import FilesStanza
from tools.pipelines import PipelinesStanza
from tools.registry import build
from tools.retrieval import RetrieveTool
from tools.stanzas import ToolsStanza
from workers.tooling import Tooling

ANYTHING: dict[str, Any] = {"type": "object"}
OWN = ("t", "web_search", "moody", "lost", "careful")
SAID = "as the tool says"


class Counting:
    """The files of workspaces below `root`, what a house has besides, and others that count their calls.

    `t` and `web_search` say the same whatever they are asked; `moody` fails twice for a while; `lost` never tells;
    `careful` needs somebody's agreement.
    """

    unavailable: tuple[UnavailableTool, ...] = ()

    def __init__(self, root: Path) -> None:
        self.calls: list[ToolCall] = []
        stanza = ToolsStanza(files=FilesStanza(root=root), pipelines=PipelinesStanza(allow=("callable-*", "recursive")))
        self._files = Tooling(build(stanza, lambda _: ""))

    def look_up_in(self, retriever: Retriever) -> None:
        """Let `retrieve` be among the tools."""
        self._files.registry.add(RetrieveTool(retriever))

    def definitions(self) -> tuple[ToolDefinition, ...]:
        own = tuple(
            ToolDefinition(
                name=name, description=name, parameters=ANYTHING, effects=ToolEffects(approval=name == "careful")
            )
            for name in OWN
        )
        return own + self._files.definitions()

    async def call(self, asked: ToolCall, *, now: datetime) -> ToolResult:
        if asked.name not in OWN:
            return await self._files.call(asked, now=now)
        self.calls.append(asked)
        orjson.loads(asked.arguments)
        outcome, said, temporary = ToolOutcome.OK, SAID, False
        if asked.name == "moody" and len(self.made(asked.idempotency_key)) < 3:
            outcome, said, temporary = ToolOutcome.FAILED, "Not now.", True
        if asked.name == "lost":
            outcome, said = ToolOutcome.UNKNOWN, "Whether it took effect is unknown."
        return ToolResult(
            call_id=asked.id,
            name=asked.name,
            outcome=outcome,
            content=(TextPart(text=said),),
            temporary=temporary,
            retry_after=0.01 if temporary else None,
        )

    def made(self, key: str) -> list[ToolCall]:
        """The calls with this idempotency key."""
        return [one for one in self.calls if one.idempotency_key == key]
