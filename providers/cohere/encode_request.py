"""A `ModelRequest` as the body of `/v2/chat`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from contracts.requests import (
    FunctionTool,
    JsonObjectOutput,
    JsonSchemaOutput,
    Knobs,
    ModelRequest,
    NamedTool,
    ProviderTool,
)
from providers.cohere.carried import Carried
from providers.cohere.encode_messages import encode_messages
from providers.cohere.families import thinks
from providers.cohere.provenance import WIRE

_UNKNOWN = ("logit_bias", "top_logprobs", "service_tier", "verbosity", "user")
"""Knobs that Cohere has not."""

_BUDGETS = {"minimal": 512, "low": 2_048, "medium": 8_192}
"""Tokens of thought for the lower efforts; the higher ones are left unbounded (https://docs.cohere.com/docs/reasoning)."""

_MOST_STOPS = 5


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """The body as the wire takes it, the knobs it ignores, and the parts it had to leave out."""

    body: dict[str, Any]
    ignored: tuple[str, ...]
    dropped: tuple[str, ...]


def encode_request(request: ModelRequest, *, provider: str) -> EncodedRequest:
    """Translate. Raises `ProviderError(invalid_request)` naming the field that the wire cannot carry.

    `provider_options` lie over the body (`documents`, `citation_options`, `safety_mode`, `priority`, …).
    """
    carried = Carried(provider)
    messages = encode_messages(request.messages, carried)
    fields: dict[str, Any] = {
        "model": request.model.model,
        "messages": messages,
        **_tools(request, carried),
        "documents": carried.documents or None,
        "response_format": _output(request, carried),
        **_knobs(request.knobs, carried),
        "thinking": _thinking(request, carried),
    }
    body = {name: value for name, value in fields.items() if value is not None}
    for name in dict.fromkeys((WIRE, provider)):
        body |= request.provider_options.get(name, {})
    return EncodedRequest(body, ignored=tuple(carried.ignored), dropped=tuple(carried.dropped))


def _tools(request: ModelRequest, carried: Carried) -> dict[str, Any]:
    """`tools`, `tool_choice` and `strict_tools`. A tool that must be called is the only one offered, since Cohere cannot name
    one.
    """
    functions: list[FunctionTool] = []
    for number, tool in enumerate(request.tools):
        if isinstance(tool, ProviderTool):
            at = f"tools[{number}]"
            carried.refuse(
                f"{at} is a tool of {tool.provider}; {carried.provider} takes functions only: leave it out", at
            )
        functions.append(tool)
    choice = request.tool_choice
    if not functions:
        carried.ignore("tool_choice", choice if choice != "none" else None)
        carried.ignore("parallel_tool_calls", request.knobs.parallel_tool_calls is False)
        return {}
    if isinstance(choice, NamedTool):
        functions = [one for one in functions if one.name == choice.name] or functions
    carried.ignore("parallel_tool_calls", request.knobs.parallel_tool_calls is False)
    strict = [one.strict for one in functions]
    carried.ignore("tools.strict", any(strict) and not all(strict))
    match choice:
        case None | "auto":
            word = None
        case "none":
            word = "NONE"
        case "required" | NamedTool():
            word = "REQUIRED"
        case _:
            assert_never(choice)
    return {
        "tools": [_tool(one) for one in functions],
        "tool_choice": word,
        "strict_tools": True if all(strict) else None,
    }


def _tool(tool: FunctionTool) -> dict[str, Any]:
    schema = tool.parameters or {"type": "object", "properties": {}}
    described = {"description": tool.description} if tool.description is not None else {}
    return {"type": "function", "function": {"name": tool.name, **described, "parameters": schema}}


def _output(request: ModelRequest, carried: Carried) -> dict[str, Any] | None:
    match request.output:
        case None:
            return None
        case JsonObjectOutput() | JsonSchemaOutput(definition=None):
            return {"type": "json_object"}
        case JsonSchemaOutput(definition=definition, description=description):
            carried.ignore("output.description", description)
            return {"type": "json_object", "json_schema": definition}
        case _:
            assert_never(request.output)


def _knobs(knobs: Knobs, carried: Carried) -> dict[str, Any]:
    for name in _UNKNOWN:
        carried.ignore(name, getattr(knobs, name))
    stop = [one for one in knobs.stop if one]
    carried.ignore("stop", len(stop) > _MOST_STOPS)
    return {
        "max_tokens": knobs.max_output_tokens,
        "temperature": _within("temperature", knobs.temperature, 0, 1, carried),
        "p": _within("top_p", knobs.top_p, 0.01, 0.99, carried),
        "k": None if knobs.top_k is None else int(_within("top_k", knobs.top_k, 0, 500, carried) or 0),
        "stop_sequences": stop[:_MOST_STOPS] or None,
        "seed": knobs.seed,
        "presence_penalty": _within("presence_penalty", knobs.presence_penalty, 0, 1, carried),
        "frequency_penalty": _within("frequency_penalty", knobs.frequency_penalty, 0, 1, carried),
        "logprobs": knobs.logprobs,
    }


def _within(name: str, value: float | None, least: float, most: float, carried: Carried) -> float | None:
    """The value in the range that Cohere takes; where it lies outside, the knob is reported as not honoured."""
    if value is None:
        return None
    kept = min(max(value, least), most)
    # Cohere's largest top_p is all but 1, which is what 1 asks for.
    carried.ignore(name, kept != value and not (name == "top_p" and value == 1))
    return kept


def _thinking(request: ModelRequest, carried: Carried) -> dict[str, Any] | None:
    effort, tokens = request.knobs.reasoning_effort, request.knobs.reasoning_tokens
    asked: Sequence[str] = [
        name for name, value in (("reasoning_effort", effort), ("reasoning_tokens", tokens)) if value is not None
    ]
    if not asked:
        return None
    off = tokens == 0 or (tokens is None and effort == "none")
    if not thinks(request.model.model):
        for name in asked:
            carried.ignore(name, not off)
        return None
    if off:
        return {"type": "disabled"}
    budget = tokens if tokens is not None and tokens > 0 else _BUDGETS.get(effort or "")
    return {"type": "enabled", **({"token_budget": budget} if budget else {})}
