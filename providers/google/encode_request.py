"""A `ModelRequest` as the body of `generateContent`."""

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
    OutputFormat,
    ProviderTool,
    Tool,
    ToolChoice,
)
from providers.google.encode_messages import encode_messages
from providers.google.encode_parts import Carried
from providers.google.families import family_of, thinking_config
from providers.google.provenance import WIRE, is_ours

_TIERS = {"auto": None, "default": "standard"}
"""OpenAI's words for service tiers where Gemini's differ (`standard`, `flex`, `priority`)."""


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """The body in the wire's own field names, the knobs it ignores, and the parts it had to leave out."""

    body: dict[str, Any]
    ignored: tuple[str, ...]
    dropped: tuple[str, ...]


def encode_request(request: ModelRequest, *, provider: str) -> EncodedRequest:
    """Translate. Raises `ProviderError(invalid_request)` naming the field that the wire cannot carry."""
    carried = Carried(provider=provider, family=family_of(request.model.model))
    contents, instruction = encode_messages(request.messages, carried)
    body: dict[str, Any] = {"contents": contents}
    if instruction is not None:
        body["systemInstruction"] = instruction
    tools = _tools(request.tools, carried)
    if tools:
        body["tools"] = tools
    tool_config = _tool_config(request.tool_choice, request.tools, carried)
    if tool_config:
        body["toolConfig"] = tool_config
    generation = {**_generation(request.knobs, carried), **_output(request.output, carried)}
    if generation:
        body["generationConfig"] = generation
    if request.knobs.service_tier is not None:
        tier = _TIERS.get(request.knobs.service_tier, request.knobs.service_tier)
        if tier is not None:
            body["serviceTier"] = tier
    for name in dict.fromkeys((WIRE, provider)):
        body = _merged(body, request.provider_options.get(name, {}))
    return EncodedRequest(body=body, ignored=tuple(carried.ignored), dropped=tuple(carried.dropped))


def _tools(tools: Sequence[Tool], carried: Carried) -> list[dict[str, Any]]:
    declarations: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for index, tool in enumerate(tools):
        match tool:
            case FunctionTool():
                carried.ignore("tools.strict", tool.strict)
                carried.ignore("cache", tool.cache)
                declarations.append(
                    {
                        "name": tool.name,
                        **({"description": tool.description} if tool.description is not None else {}),
                        **({"parametersJsonSchema": tool.parameters} if tool.parameters is not None else {}),
                    }
                )
            case ProviderTool():
                if not is_ours(tool.provider, carried.provider):
                    carried.refuse(
                        f"tools[{index}] is a tool of {tool.provider}, which {carried.provider} does not have: "
                        "leave it out, or choose a model of that provider",
                        f"tools[{index}]",
                    )
                others.append(tool.payload)
            case _:
                assert_never(tool)
    return [*others, *([{"functionDeclarations": declarations}] if declarations else [])]


def _tool_config(choice: ToolChoice | None, tools: Sequence[Tool], carried: Carried) -> dict[str, Any]:
    calling: dict[str, Any] = {}
    match choice:
        case None:
            pass
        case "auto":
            calling = {"mode": "AUTO"}
        case "none":
            calling = {"mode": "NONE"}
        case "required":
            calling = {"mode": "ANY"}
        case NamedTool(name=name):
            calling = {"mode": "ANY", "allowedFunctionNames": [name]}
        case _:
            assert_never(choice)
    config: dict[str, Any] = {"functionCallingConfig": calling} if calling else {}
    kinds = {tool.type for tool in tools}
    if kinds == {"function", "provider"} and carried.family.generation >= (3, 0):
        # From Gemini 3 on, functions beside server tools are refused without it
        # (https://ai.google.dev/gemini-api/docs/tool-combination).
        config["includeServerSideToolInvocations"] = True
    return config


def _generation(knobs: Knobs, carried: Carried) -> dict[str, Any]:
    thinking, unthinkable = thinking_config(carried.family, knobs.reasoning_effort, knobs.reasoning_tokens)
    for name in unthinkable:
        carried.ignore(name, True)
    for name in ("logit_bias", "verbosity", "user"):
        carried.ignore(name, getattr(knobs, name))
    carried.ignore("parallel_tool_calls", knobs.parallel_tool_calls is False or None)
    fields = {
        "maxOutputTokens": knobs.max_output_tokens,
        "temperature": knobs.temperature,
        "topP": knobs.top_p,
        "topK": knobs.top_k,
        "stopSequences": list(knobs.stop) or None,
        "seed": knobs.seed,
        "presencePenalty": knobs.presence_penalty,
        "frequencyPenalty": knobs.frequency_penalty,
        "responseLogprobs": knobs.logprobs,
        "logprobs": knobs.top_logprobs,
        "thinkingConfig": thinking,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _output(output: OutputFormat | None, carried: Carried) -> dict[str, Any]:
    match output:
        case None:
            return {}
        case JsonObjectOutput():
            return {"responseMimeType": "application/json"}
        case JsonSchemaOutput():
            carried.ignore("output.description", output.description)
            schema = {"responseJsonSchema": output.definition} if output.definition is not None else {}
            return {"responseMimeType": "application/json", **schema}
        case _:
            assert_never(output)


def _merged(body: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """The body with the caller's own fields laid over it, object by object."""
    merged = dict(body)
    for name, value in options.items():
        below = merged.get(name)
        merged[name] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
