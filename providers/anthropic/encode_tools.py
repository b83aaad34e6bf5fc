"""Our tools and tool choice on Claude's wire."""

from collections.abc import Sequence
from typing import Any, assert_never

from contracts.requests import FunctionTool, ModelRequest, NamedTool, ProviderTool, Tool
from providers.anthropic.encode_parts import Carried, cache_control
from providers.anthropic.provenance import is_ours
from providers.anthropic.schemas import closed


def encode_tools(tools: Sequence[Tool], carried: Carried, *, takes_strict: bool) -> list[dict[str, Any]]:
    """The `tools`, in order; elder models do not take strict ones. Raises `ProviderError(invalid_request)` for another vendor's
    own tool.
    """
    return [_tool(tool, carried, f"tools[{index}]", takes_strict) for index, tool in enumerate(tools)]


def encode_choice(request: ModelRequest, carried: Carried) -> dict[str, Any] | None:
    """The `tool_choice`; the wire takes none without tools. It is here that calls in parallel are forbidden."""
    choice = request.tool_choice
    alone = request.knobs.parallel_tool_calls is False
    if not request.tools:
        carried.ignore("tool_choice", choice if choice != "none" else None)
        carried.ignore("parallel_tool_calls", alone)
        return None
    one = {"disable_parallel_tool_use": True} if alone else {}
    match choice:
        case None:
            return {"type": "auto", **one} if one else None
        case "auto":
            return {"type": "auto", **one}
        case "none":
            return {"type": "none"}
        case "required":
            return {"type": "any", **one}
        case NamedTool(name=name):
            return {"type": "tool", "name": name, **one}
        case _:
            assert_never(choice)


def _tool(tool: Tool, carried: Carried, at: str, takes_strict: bool) -> dict[str, Any]:
    match tool:
        case FunctionTool():
            schema = tool.parameters or {"type": "object", "properties": {}}
            if "type" not in schema:
                schema = {"type": "object", **schema}
            strict = tool.strict if takes_strict else None
            carried.ignore("tools.strict", tool.strict and strict is None)
            return {
                "name": tool.name,
                **({"description": tool.description} if tool.description is not None else {}),
                "input_schema": closed(schema) if strict else schema,
                **({"strict": strict} if strict is not None else {}),
                **cache_control(tool.cache),
            }
        case ProviderTool(provider=provider, payload=payload):
            if not is_ours(provider, carried.provider):
                carried.refuse(
                    f"{at} is a tool of {provider}, which {carried.provider} does not have: "
                    "leave it out, or choose a model of that provider",
                    at,
                )
            return dict(payload)
        case _:
            assert_never(tool)
