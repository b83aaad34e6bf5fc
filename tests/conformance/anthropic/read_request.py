"""A recorded request body as a `ModelRequest`: the way back of the adapter's translation, written apart from it."""

from typing import Any

from contracts.models import ModelRef
from contracts.requests import (
    FunctionTool,
    JsonSchemaOutput,
    Knobs,
    ModelRequest,
    NamedTool,
    OutputFormat,
    ProviderTool,
    Tool,
    ToolChoice,
)
from tests.conformance.anthropic.read_messages import ANTHROPIC, read_cache, read_messages

_KNOBS = {
    "max_tokens": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop_sequences": "stop",
    "service_tier": "service_tier",
}
_READ = {*_KNOBS, "model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "metadata"}
_FUNCTION = {"name", "description", "input_schema", "strict", "cache_control"}
_CHOICES: dict[str, ToolChoice] = {"auto": "auto", "any": "required", "none": "none"}


def read_request(body: dict[str, Any]) -> ModelRequest:
    """Read a body in the plain form of `losses.normalised`. What has no common word stays Anthropic's own option."""
    options = {name: value for name, value in body.items() if name not in _READ}
    knobs: dict[str, Any] = {ours: body[name] for name, ours in _KNOBS.items() if name in body}
    choice, is_serial = _choice(body.get("tool_choice"))
    if is_serial:
        knobs["parallel_tool_calls"] = False
    metadata = body.get("metadata") or {}
    if set(metadata) == {"user_id"}:
        knobs["user"] = metadata["user_id"]
    elif metadata:
        options["metadata"] = metadata
    config = dict(body.get("output_config") or {})
    output = _output(config)
    _thinking(body.get("thinking"), config, knobs, options)
    if config:
        options["output_config"] = config
    return ModelRequest(
        model=ModelRef(provider=ANTHROPIC, model=body["model"]),
        messages=read_messages(body),
        tools=tuple(_tool(tool) for tool in body.get("tools", ())),
        tool_choice=choice,
        output=output,
        knobs=Knobs(**knobs),
        provider_options={ANTHROPIC: options} if options else {},
    )


def _tool(tool: dict[str, Any]) -> Tool:
    if not tool.keys() <= _FUNCTION:
        # A server tool, or a function with a field that only Anthropic has.
        return ProviderTool(provider=ANTHROPIC, payload=tool)
    return FunctionTool(
        name=tool["name"],
        description=tool.get("description"),
        parameters=tool["input_schema"],
        strict=tool.get("strict"),
        cache=read_cache(tool),
    )


def _choice(choice: dict[str, Any] | None) -> tuple[ToolChoice | None, bool]:
    """The choice, and whether calls in parallel are forbidden."""
    if choice is None:
        return None, False
    is_serial = bool(choice.get("disable_parallel_tool_use"))
    if choice["type"] == "tool":
        return NamedTool(name=choice["name"]), is_serial
    return _CHOICES[choice["type"]], is_serial


def _output(config: dict[str, Any]) -> OutputFormat | None:
    """Takes the format out of the configuration."""
    form = config.pop("format", None)
    if form is None:
        return None
    assert form.keys() == {"type", "schema"}
    assert form["type"] == "json_schema"
    return JsonSchemaOutput(definition=form["schema"])


def _thinking(
    thinking: dict[str, Any] | None, config: dict[str, Any], knobs: dict[str, Any], options: dict[str, Any]
) -> None:
    """Takes the effort out of the configuration where it goes with thought, as our knob has it."""
    match thinking:
        case None:
            pass
        case {"type": "enabled", "budget_tokens": budget}:
            knobs["reasoning_tokens"] = budget
        case {"type": "adaptive"} if "effort" in config:
            knobs["reasoning_effort"] = config.pop("effort")
        case {"type": "adaptive"}:
            knobs["reasoning_tokens"] = -1
        case {"type": "disabled"}:
            knobs["reasoning_effort"] = "none"
        case _:
            options["thinking"] = thinking
