"""Our tools and tool choice as Converse's `toolConfig`."""

from collections.abc import Sequence
from typing import Any, assert_never

from contracts.requests import FunctionTool, ModelRequest, NamedTool, ProviderTool, Tool
from providers.anthropic.schemas import closed
from providers.bedrock.carried import Carried
from providers.bedrock.encode_messages import Turn, has_tool_blocks
from providers.bedrock.encode_parts import cache_point
from providers.bedrock.families import Family
from providers.bedrock.provenance import is_ours
from providers.bedrock.sources import Block

_NO_PARAMETERS = {"type": "object", "properties": {}}


def encode_tools(
    request: ModelRequest, turns: Sequence[Turn], family: Family, carried: Carried
) -> dict[str, Any] | None:
    """The `toolConfig`, None where there is nothing to say. Raises `ProviderError(invalid_request)` for another vendor's own
    tool.

    Where the conversation holds calls but the request no tools, the tools are named after the calls: the API refuses such
    blocks without a `toolConfig`.
    """
    tools = [
        block for number, tool in enumerate(request.tools) for block in _tool(tool, family, carried, f"tools[{number}]")
    ]
    called = has_tool_blocks(turns)
    if request.tool_choice == "none":
        # Converse cannot forbid tools: without them in the request there are none, which a conversation with calls rules out.
        if not called:
            return None
        carried.ignore("tool_choice", request.tools)
    if not tools:
        carried.ignore("tool_choice", request.tool_choice if request.tool_choice != "none" else None)
        return {"tools": _named_after(turns)} if called else None
    choice = _choice(request)
    return {"tools": tools, **({"toolChoice": choice} if choice else {})}


def _choice(request: ModelRequest) -> dict[str, Any] | None:
    choice = request.tool_choice
    match choice:
        case None | "none":
            return None
        case "auto":
            return {"auto": {}}
        case "required":
            return {"any": {}}
        case NamedTool(name=name):
            return {"tool": {"name": name}}
        case _:
            assert_never(choice)


def _tool(tool: Tool, family: Family, carried: Carried, at: str) -> list[Block]:
    match tool:
        case FunctionTool():
            schema = tool.parameters or _NO_PARAMETERS
            if "type" not in schema:
                schema = {"type": "object", **schema}
            claude = family.claude
            takes_strict = claude is None or claude.takes_schema
            carried.ignore("tools.strict", tool.strict and not takes_strict)
            strict = tool.strict if takes_strict else None
            spec = {
                "name": tool.name,
                **({"description": tool.description} if tool.description else {}),
                "inputSchema": {"json": closed(schema) if strict else schema},
                **({"strict": strict} if strict is not None else {}),
            }
            return [{"toolSpec": spec}, *cache_point(tool.cache)]
        case ProviderTool(provider=provider, payload=payload):
            if not is_ours(provider, carried.provider):
                carried.refuse(
                    f"{at} is a tool of {provider}, which {carried.provider} does not have: "
                    "leave it out, or choose a model of that provider",
                    at,
                )
            return [dict(payload)]
        case _:
            assert_never(tool)


def _named_after(turns: Sequence[Turn]) -> list[Block]:
    blocks = [block for turn in turns for block in turn["content"]]
    names = dict.fromkeys(str(block["toolUse"]["name"]) for block in blocks if "toolUse" in block)
    return [{"toolSpec": {"name": name, "inputSchema": {"json": _NO_PARAMETERS}}} for name in names or ("tool",)]
