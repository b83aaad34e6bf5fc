"""`/api/tools`: what models and pipelines may call."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from api.auth import Caller, DoorsOf
from api.documenting import documented
from api.json import json_response
from contracts.tools import ToolDefinition

router = APIRouter(prefix="/api/tools", tags=["tools"])

_EXAMPLE: dict[str, Any] = {
    "data": [
        {
            "name": "slack__send-message",
            "description": "Send a message to a Slack channel, or an answer into a thread of it.",
            "parameters": {"type": "object", "properties": {"channel": {"type": "string"}}, "required": ["channel"]},
            "effects": {
                "retry": "unsafe",
                "approval": False,
                "timeout": 30.0,
                "cost": "0",
                "max_chars": 50000,
                "max_bytes": 2000000,
            },
        }
    ],
    "unavailable": [{"name": "search", "reason": "The MCP server search did not open in time."}],
}


@router.get("", responses=documented({200: ("All of them, by name.", _EXAMPLE)}, errors=(401, 503)))
async def list_tools(caller: Caller, doors: DoorsOf) -> Response:
    """The deployment's tools: the schema of their arguments, and what a call does.

    `retry` says what a second call does: nothing more (`safe`), possibly the same again (`unsafe`), or, after the tool was asked
    whether the first took effect (`reconcile`), only what is missing. `unavailable` are MCP servers, and tools of theirs, that
    cannot be used now.
    """
    shown = [shown_tool(one) for one in doors.tools.definitions()]
    away = [one.model_dump(mode="json") for one in doors.tools.unavailable]
    return json_response({"data": shown, "unavailable": away})


def shown_tool(definition: ToolDefinition) -> dict[str, Any]:
    """A tool in JSON."""
    return definition.model_dump(mode="json")
