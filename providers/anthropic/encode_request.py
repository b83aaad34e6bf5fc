"""A request in Anthropic's form."""

from dataclasses import dataclass
from typing import Any, assert_never

from contracts.errors import ErrorKind, ProviderError
from contracts.requests import (
    FunctionTool,
    JsonObjectOutput,
    JsonSchemaOutput,
    Knobs,
    ModelRequest,
    NamedTool,
    ProviderTool,
)
from providers.anthropic.encode_messages import encode_messages
from providers.anthropic.families import largest_answer, takes_effort
from providers.anthropic.provenance import WIRE, is_ours

_NOT_HERE = ("seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "verbosity")
_TIERS = ("auto", "standard_only")
_BUDGETS = {"minimal": 1_024, "low": 2_048, "medium": 8_192, "high": 16_384, "xhigh": 24_576, "max": 24_576}
"""Tokens of thinking that stand for an effort, for models that take a budget and no effort."""
_LEAST_BUDGET = 1_024


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """The body, the beta features to ask for, and what was ignored or dropped."""

    body: dict[str, Any]
    betas: tuple[str, ...]
    ignored: tuple[str, ...]
    dropped: tuple[str, ...]


def encode_request(request: ModelRequest, *, provider: str) -> EncodedRequest:
    """The request. Raises `ProviderError(invalid_request)` for a feature that this wire cannot carry."""
    ignored: list[str] = [name for name in _NOT_HERE if getattr(request.knobs, name) is not None]
    said = encode_messages(request.messages, provider=provider)
    if request.prefill is not None:
        said.messages.append({"role": "assistant", "content": [{"type": "text", "text": request.prefill}]})
    body: dict[str, Any] = {"model": request.model.model, "messages": said.messages}
    if said.system:
        body["system"] = said.system
    body |= _knobs(request.knobs, request.model.model, ignored)
    if request.tools:
        body["tools"] = [_tool(tool, provider, f"tools.{at}") for at, tool in enumerate(request.tools)]
        if (choice := _choice(request)) is not None:
            body["tool_choice"] = choice
    match request.output:
        case JsonSchemaOutput(definition=definition):
            schema = definition or {"type": "object"}
            body.setdefault("output_config", {})["format"] = {"type": "json_schema", "schema": schema}
        case JsonObjectOutput():
            ignored.append("output.json_object")
        case None:
            pass
        case _:
            assert_never(request.output)
    betas: list[str] = []
    for name in dict.fromkeys((WIRE, provider)):
        options = dict(request.provider_options.get(name, {}))
        betas += options.pop("betas", [])
        body |= options
    return EncodedRequest(body, tuple(betas), tuple(ignored), tuple(said.dropped))


def _knobs(knobs: Knobs, model: str, ignored: list[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"max_tokens": knobs.max_output_tokens or largest_answer(model)}
    body |= _reasoning(knobs, model, body["max_tokens"], ignored)
    thinks = body.get("thinking", {}).get("type") == "enabled"
    if knobs.temperature is not None:
        if thinks:
            ignored.append("temperature")
        else:
            # This vendor's scale ends at 1.
            body["temperature"] = min(knobs.temperature, 1.0)
            ignored += ["temperature above 1"] if knobs.temperature > 1 else []
    if knobs.top_p is not None:
        body["top_p"] = knobs.top_p
    if knobs.top_k is not None:
        body["top_k"] = knobs.top_k
    if knobs.stop:
        body["stop_sequences"] = list(knobs.stop)
    if knobs.user is not None:
        body["metadata"] = {"user_id": knobs.user}
    if knobs.service_tier in _TIERS:
        body["service_tier"] = knobs.service_tier
    elif knobs.service_tier is not None:
        ignored.append("service_tier")
    return body


def _reasoning(knobs: Knobs, model: str, max_tokens: int, ignored: list[str]) -> dict[str, Any]:
    budget = knobs.reasoning_tokens
    if budget is not None:
        if budget < 0:
            return {"thinking": {"type": "adaptive"}}
        if budget == 0:
            return {"thinking": {"type": "disabled"}}
        return {"thinking": {"type": "enabled", "budget_tokens": budget}}
    effort = knobs.reasoning_effort
    if effort is None or effort == "none":
        return {}
    if takes_effort(model):
        return {"output_config": {"effort": "low" if effort == "minimal" else effort}}
    fitting = min(_BUDGETS[effort], max_tokens - 1)
    if fitting < _LEAST_BUDGET:
        ignored.append("reasoning_effort")
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": fitting}}


def _tool(tool: FunctionTool | ProviderTool, provider: str, where: str) -> dict[str, Any]:
    if isinstance(tool, ProviderTool):
        if is_ours(tool.provider, provider):
            return tool.payload
        raise ProviderError(
            ErrorKind.INVALID_REQUEST,
            f"{provider} has not the tools of {tool.provider}",
            provider=provider,
            field=where,
        )
    shown: dict[str, Any] = {
        "name": tool.name,
        "input_schema": tool.parameters or {"type": "object", "properties": {}},
    }
    if tool.description is not None:
        shown["description"] = tool.description
    if tool.strict is not None:
        shown["strict"] = tool.strict
    if tool.cache is not None:
        shown["cache_control"] = {"type": "ephemeral", **({"ttl": tool.cache.ttl} if tool.cache.ttl else {})}
    return shown


def _choice(request: ModelRequest) -> dict[str, Any] | None:
    parallel = request.knobs.parallel_tool_calls
    match request.tool_choice:
        case NamedTool(name=name):
            choice: dict[str, Any] = {"type": "tool", "name": name}
        case "required":
            choice = {"type": "any"}
        case "none":
            return {"type": "none"}
        case "auto":
            choice = {"type": "auto"}
        case None:
            if parallel is None:
                return None
            choice = {"type": "auto"}
        case _:
            assert_never(request.tool_choice)
    return choice if parallel is None else {**choice, "disable_parallel_tool_use": not parallel}
