"""Tools of a test: they count their calls."""

from datetime import datetime
from typing import Any

import orjson

from contracts.parts import TextPart
from contracts.toolbox import NoTools
from contracts.tools import ToolCall, ToolDefinition, ToolEffects, ToolOutcome, ToolResult

ANYTHING: dict[str, Any] = {"type": "object"}
SAID = "as the tool says"


class Counting:
    """`t` and `web_search` say the same whatever they are asked; `moody` fails twice for a while; `lost` never tells;
    `careful` needs somebody's agreement."""

    def __init__(self) -> None:
        self.calls: list[ToolCall] = []

    def definitions(self) -> tuple[ToolDefinition, ...]:
        return tuple(
            ToolDefinition(
                name=name, description=name, parameters=ANYTHING, effects=ToolEffects(approval=name == "careful")
            )
            for name in ("t", "web_search", "moody", "lost", "careful")
        )

    async def call(self, asked: ToolCall, *, now: datetime) -> ToolResult:
        if asked.name not in [one.name for one in self.definitions()]:
            return await NoTools().call(asked, now=now)
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
