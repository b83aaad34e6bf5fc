"""Which beta headers a request needs: told from what it holds."""

from typing import Any

_BY_FIELD = {
    "mcp_servers": "mcp-client-2025-11-20",
    "context_management": "context-management-2025-06-27",
    "fallbacks": "server-side-fallback-2026-07-01",
}
_BY_TOOL = {
    "mcp_toolset": "mcp-client-2025-11-20",
    "advisor_20260301": "advisor-tool-2026-03-01",
    "code_execution_20250522": "code-execution-2025-05-22",
    "computer_20241022": "computer-use-2024-10-22",
    "computer_20250124": "computer-use-2025-01-24",
    "computer_20251124": "computer-use-2025-11-24",
}
_BY_BLOCK = {
    "tool_addition": "mid-conversation-tool-changes-2026-07-01",
    "tool_removal": "mid-conversation-tool-changes-2026-07-01",
    "compaction": "compact-2026-01-12",
    "mcp_tool_use": "mcp-client-2025-11-20",
    "advisor_tool_result": "advisor-tool-2026-03-01",
    "container_upload": "files-api-2025-04-14",
}
"""Names as `anthropic.types.AnthropicBetaParam` of the SDK lists them. What the SDK's stable surface holds needs none."""


def needed_betas(body: dict[str, Any]) -> tuple[str, ...]:
    """The betas of the features in a request's body, each once."""
    found: dict[str, None] = {}
    for name, beta in _BY_FIELD.items():
        if body.get(name):
            found[beta] = None
    edits = (body.get("context_management") or {}).get("edits") or ()
    if any(str(edit.get("type", "")).startswith("compact_") for edit in edits if isinstance(edit, dict)):
        found["compact-2026-01-12"] = None
    config = body.get("output_config") or {}
    if config.get("task_budget"):
        found["task-budgets-2026-03-13"] = None
    if isinstance(body.get("container"), dict) and body["container"].get("skills"):
        found["skills-2025-10-02"] = None
    if body.get("speed") == "fast":
        found["fast-mode-2026-02-01"] = None
    for tool in body.get("tools") or ():
        _note(found, _BY_TOOL.get(str(tool.get("type"))))
    for turn in body["messages"]:
        for block in turn["content"]:
            _note(found, _BY_BLOCK.get(str(block.get("type"))))
            source = block.get("source")
            if isinstance(source, dict) and source.get("type") == "file":
                _note(found, "files-api-2025-04-14")
    return tuple(found)


def _note(found: dict[str, None], beta: str | None) -> None:
    if beta is not None:
        found[beta] = None
