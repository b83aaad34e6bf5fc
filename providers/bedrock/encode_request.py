"""A `ModelRequest` as the parameters of Converse and ConverseStream."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from contracts.requests import JsonObjectOutput, JsonSchemaOutput, ModelRequest, NamedTool
from providers.anthropic.schemas import closed
from providers.bedrock.carried import Carried
from providers.bedrock.encode_messages import Turn, encode_messages
from providers.bedrock.encode_tools import encode_tools
from providers.bedrock.extras import Extras, plan_extras
from providers.bedrock.families import Family, family_of
from providers.bedrock.provenance import WIRE

_TIERS = {"auto": None, "standard": "default"}
_KNOWN_TIERS = ("default", "priority", "flex", "reserved")
_UNKNOWN = (
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "verbosity",
    "user",
)
"""Knobs that Converse has not."""


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """The parameters as botocore takes them (bytes are bytes), the knobs it ignores, and the parts it had to leave out."""

    parameters: dict[str, Any]
    ignored: tuple[str, ...]
    dropped: tuple[str, ...]


def encode_request(request: ModelRequest, *, provider: str) -> EncodedRequest:
    """Translate. Raises `ProviderError(invalid_request)` naming the field that the wire cannot carry.

    `provider_options` lie over the parameters (`guardrailConfig`, `performanceConfig`, `additionalModelRequestFields`, …).
    """
    model = request.model.model
    family = family_of(model)
    carried = Carried(provider)
    turns, prompt = encode_messages(request.messages, carried)
    if request.prefill and request.prefill.strip():
        _prefill(turns, request.prefill.rstrip())
    tools = encode_tools(request, turns, family, carried)
    forced = tools is not None and (request.tool_choice == "required" or isinstance(request.tool_choice, NamedTool))
    extras = plan_extras(family, request.knobs, carried, forced=forced, begun=_began_unthinking(turns))
    _parallel(request, tools, family, extras, carried)
    fields: dict[str, Any] = {
        "modelId": model,
        "messages": turns,
        "system": prompt or None,
        "inferenceConfig": _inference(request, family, extras, carried) or None,
        "toolConfig": tools,
        "additionalModelRequestFields": extras.fields or None,
        "serviceTier": _tier(request, carried),
        "outputConfig": _output(request, family, carried),
    }
    parameters = {name: value for name, value in fields.items() if value is not None}
    for name in dict.fromkeys((WIRE, provider)):
        parameters = _merged(parameters, request.provider_options.get(name, {}))
    return EncodedRequest(parameters, ignored=tuple(carried.ignored), dropped=tuple(carried.dropped))


def _prefill(turns: list[Turn], text: str) -> None:
    if turns and turns[-1]["role"] == "assistant":
        turns[-1]["content"].append({"text": text})
    else:
        turns.append({"role": "assistant", "content": [{"text": text}]})


def _began_unthinking(turns: Sequence[Turn]) -> bool:
    """Whether a turn that calls tools is under way without a thought at its start: another model began it, and Claude refuses to
    think by a budget in its midst.
    """
    if len(turns) < 2 or turns[-1]["role"] != "user":
        return False
    answered = any("toolResult" in block for block in turns[-1]["content"])
    return answered and turns[-2]["role"] == "assistant" and "reasoningContent" not in turns[-2]["content"][0]


def _parallel(
    request: ModelRequest, tools: dict[str, Any] | None, family: Family, extras: Extras, carried: Carried
) -> None:
    """Calls one at a time, which only Claude can be told, in its own field."""
    if request.knobs.parallel_tool_calls is not False:
        return
    if family.claude is None or not tools or tools.get("toolChoice", {"auto": {}}) != {"auto": {}}:
        carried.ignore("parallel_tool_calls", True)
    else:
        tools.pop("toolChoice", None)
        extras.fields["tool_choice"] = {"type": "auto", "disable_parallel_tool_use": True}


def _inference(request: ModelRequest, family: Family, extras: Extras, carried: Carried) -> dict[str, Any]:
    knobs = request.knobs
    for name in _UNKNOWN:
        carried.ignore(name, getattr(knobs, name))
    temperature, top_p = knobs.temperature, knobs.top_p
    if temperature is not None and temperature > 1:
        carried.ignore("temperature", True)
        temperature = 1.0
    claude = family.claude
    if claude is not None:
        if not claude.takes_sampling:
            temperature = top_p = None
        elif extras.thinks:
            # https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility
            temperature = temperature if temperature == 1 else None
            top_p = top_p if top_p is not None and top_p >= 0.95 else None
        if temperature is not None and not claude.takes_both_samplings:
            top_p = None
    carried.ignore("temperature", knobs.temperature is not None and temperature is None)
    carried.ignore("top_p", knobs.top_p is not None and top_p is None)
    stop = [one for one in knobs.stop if one]
    fields = {
        "maxTokens": extras.max_tokens or knobs.max_output_tokens,
        "temperature": temperature,
        "topP": top_p,
        "stopSequences": stop or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _tier(request: ModelRequest, carried: Carried) -> dict[str, str] | None:
    asked = request.knobs.service_tier
    tier = _TIERS.get(asked or "auto", asked)
    if tier is not None and tier not in _KNOWN_TIERS:
        carried.ignore("service_tier", True)
        return None
    return None if tier is None else {"type": tier}


def _output(request: ModelRequest, family: Family, carried: Carried) -> dict[str, Any] | None:
    output = request.output
    match output:
        case None:
            return None
        case JsonObjectOutput():
            # Converse has no mode for any JSON; the prompt, which has to ask for it anyway, must do.
            carried.ignore("output.json_object", True)
            return None
        case JsonSchemaOutput(definition=None):
            carried.ignore("output", True)
            return None
        case JsonSchemaOutput(definition=definition):
            claude = family.claude
            if claude is not None and not claude.takes_schema:
                carried.refuse(
                    f"{request.model.model} cannot be bound to a JSON Schema: choose a newer model, or ask by a tool",
                    "output",
                )
            schema = closed(definition) if claude is not None else definition
            described = {"description": output.description} if output.description else {}
            form = {"name": output.name, "schema": json.dumps(schema, ensure_ascii=False), **described}
            return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": form}}}
        case _:
            assert_never(output)


def _merged(body: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """The body with the caller's own fields laid over it, object by object."""
    merged = dict(body)
    for name, value in options.items():
        below = merged.get(name)
        merged[name] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
