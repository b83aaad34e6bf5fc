"""Recorded requests as ours."""

import json
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
from tests.conformance.bedrock.read_messages import BEDROCK, read_cache, read_messages

_KNOBS = {"maxTokens": "max_output_tokens", "temperature": "temperature", "topP": "top_p", "stopSequences": "stop"}
_READ = {
    "messages",
    "system",
    "toolConfig",
    "inferenceConfig",
    "additionalModelRequestFields",
    "outputConfig",
    "serviceTier",
}


def read_request(body: dict[str, Any], model: str) -> ModelRequest:
    """Read a body in the plain form of `losses.normalised`. What has no common word stays Bedrock's own option."""
    options = {name: value for name, value in body.items() if name not in _READ}
    inference = body.get("inferenceConfig", {})
    assert inference.keys() <= _KNOBS.keys()
    knobs: dict[str, Any] = {ours: inference[name] for name, ours in _KNOBS.items() if name in inference}
    if "serviceTier" in body:
        knobs["service_tier"] = body["serviceTier"]["type"]
    extras = dict(body.get("additionalModelRequestFields", {}))
    _reasoning(extras, knobs)
    _top_k(extras, knobs)
    if extras:
        options["additionalModelRequestFields"] = extras
    config = body.get("toolConfig", {})
    return ModelRequest(
        model=ModelRef(provider=BEDROCK, model=model),
        messages=read_messages(body),
        tools=_tools(config.get("tools", [])),
        tool_choice=_choice(config.get("toolChoice")),
        output=_output(body.get("outputConfig")),
        knobs=Knobs(**knobs),
        provider_options={BEDROCK: options} if options else {},
    )


def _tools(blocks: list[dict[str, Any]]) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for block in blocks:
        match block:
            case {"toolSpec": {"name": name, "inputSchema": {"json": schema}, **rest}}:
                assert rest.keys() <= {"description", "strict"}
                said, strict = rest.get("description"), rest.get("strict")
                tools.append(FunctionTool(name=name, parameters=schema, description=said, strict=strict))
            case {"cachePoint": _}:
                tools[-1] = tools[-1].model_copy(update={"cache": read_cache(block)})
            case _:
                tools.append(ProviderTool(provider=BEDROCK, payload=block))
    return tuple(tools)


def _choice(choice: dict[str, Any] | None) -> ToolChoice | None:
    match choice:
        case None:
            return None
        case {"auto": _}:
            return "auto"
        case {"any": _}:
            return "required"
        case {"tool": {"name": name}}:
            return NamedTool(name=name)
        case _:
            raise AssertionError(f"an unknown choice: {choice}")


def _output(config: dict[str, Any] | None) -> OutputFormat | None:
    if config is None:
        return None
    form = config["textFormat"]["structure"]["jsonSchema"]
    schema = json.loads(form["schema"]) if isinstance(form["schema"], str) else form["schema"]
    return JsonSchemaOutput(name=form["name"], description=form.get("description"), definition=schema)


def _reasoning(extras: dict[str, Any], knobs: dict[str, Any]) -> None:
    """Takes what our reasoning knobs say out of the model's own fields."""
    effort = extras.get("reasoning_effort") or extras.get("reasoning_config")
    if isinstance(effort, str):
        extras.pop("reasoning_effort", None)
        extras.pop("reasoning_config", None)
        knobs["reasoning_effort"] = effort
    match extras.get("thinking"):
        case {"type": "enabled", "budget_tokens": budget}:
            del extras["thinking"]
            knobs["reasoning_tokens"] = budget
        case {"type": "adaptive"}:
            del extras["thinking"]
            knobs["reasoning_tokens"] = -1
            level = extras.pop("output_config", {}).get("effort")
            if level is not None:
                knobs["reasoning_effort"] = level
        case {"type": "disabled"}:
            del extras["thinking"]
            knobs["reasoning_effort"] = "none"
        case _:
            pass


def _top_k(extras: dict[str, Any], knobs: dict[str, Any]) -> None:
    if "top_k" in extras:
        knobs["top_k"] = extras.pop("top_k")
    nova = extras.get("inferenceConfig", {})
    if "topK" in nova:
        knobs["top_k"] = nova["topK"]
        del extras["inferenceConfig"]
