"""Calling tools in tests as the product does, and reading what came of it."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.parts import TextPart
from contracts.tools import ToolCall, ToolOutcome, ToolResult
from tools.calling import call
from tools.protocol import Tool

WORKSPACE = UUID("0198c0de-0000-7000-8000-000000000001")
OTHER_WORKSPACE = UUID("0198c0de-0000-7000-8000-000000000002")
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def asked(
    name: str, arguments: str, *, key: str = "turn/1/call", workspace: UUID = WORKSPACE, begun_before: bool = False
) -> ToolCall:
    return ToolCall(
        id="call_1",
        name=name,
        arguments=arguments,
        workspace_id=workspace,
        idempotency_key=key,
        begun_before=begun_before,
    )


async def use(tool: Tool, *, workspace: UUID = WORKSPACE, begun_before: bool = False, **arguments: Any) -> ToolResult:
    one = asked(tool.definition.name, json.dumps(arguments), workspace=workspace, begun_before=begun_before)
    return await call(tool, one, now=NOW)


def text_of(result: ToolResult) -> str:
    return "".join(part.text for part in result.content if isinstance(part, TextPart))


async def done(tool: Tool, *, workspace: UUID = WORKSPACE, **arguments: Any) -> Any:
    """The data of a call that must succeed."""
    result = await use(tool, workspace=workspace, **arguments)
    assert result.outcome is ToolOutcome.OK, text_of(result)
    return result.data


async def refusal(tool: Tool, *, workspace: UUID = WORKSPACE, **arguments: Any) -> str:
    """What a call says that must fail without effect."""
    result = await use(tool, workspace=workspace, **arguments)
    assert result.outcome is ToolOutcome.FAILED, text_of(result)
    assert result.data is None
    return text_of(result)
