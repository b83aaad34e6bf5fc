"""A request on the responses wire.

Source: platform.openai.com/docs/api-reference/responses/create.
"""

from typing import Any, assert_never

from contracts.requests import FunctionTool, JsonObjectOutput, JsonSchemaOutput, ModelRequest, NamedTool, ProviderTool
from providers.openai.dialects import dialect_of
from providers.openai.encoding import Encoded, Encoding
from providers.openai.families import family_of
from providers.openai.responses_items import encode_items

LONGEST_ID = 64
"""Characters that the responses wire takes in a tool call's id (its error says "maximum length 64")."""

_ENCRYPTED = "reasoning.encrypted_content"
_LOGPROBS = "message.output_text.logprobs"


def encode_responses(
    request: ModelRequest, *, provider: str, is_vendor: bool, strict: bool | None = None, vendor: str = ""
) -> Encoded:
    """`POST /responses` for `request`. Raises `ProviderError(invalid_request)` for what it cannot carry.

    `strict` is said of functions that leave it open: this wire makes them strict by itself, the chat wire does not. `vendor` is
    the service whose dialect it shall be.

    Nothing is stored at the vendor unless `provider_options` says so; thoughts come back encrypted instead, and go along with
    the next request.
    """
    family = family_of(request.model.model, request.knobs.reasoning_effort)
    encoding = Encoding(provider, family, is_vendor, LONGEST_ID, dialect_of(vendor, is_vendor=is_vendor))
    if request.prefill is not None:
        raise encoding.refusal(f"{provider} does not go on from a begun answer over the responses wire", "prefill")
    items = encode_items(request.messages, encoding)
    body: dict[str, Any] = {"model": request.model.model, "stream": family.streams, "store": False}
    first = items[0] if len(items) > 1 else {}
    if first.get("role") == "system" and isinstance(first["content"], str) and first["content"]:
        body["instructions"] = first["content"]
        items = items[1:]
    body["input"] = items
    body |= _knobs(request, encoding)
    body |= _tools(request, encoding, strict)
    text = _text(request)
    if text:
        body["text"] = text
    encoded = encoding.finish(body, request)
    _include(encoded.body, request, family.reasons)
    return encoded


def _knobs(request: ModelRequest, encoding: Encoding) -> dict[str, Any]:
    knobs = request.knobs
    for name in (
        "top_k",
        "stop",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "reasoning_tokens",
    ):
        encoding.ignore(name, getattr(knobs, name))
    sampling: dict[str, Any] = {
        "temperature": knobs.temperature,
        "top_p": knobs.top_p,
        "top_logprobs": knobs.top_logprobs if knobs.top_logprobs is not None or not knobs.logprobs else 0,
    }
    if encoding.family.fixed_sampling:
        for name, value in sampling.items():
            encoding.ignore(name, value)
        sampling = {}
    effort = knobs.reasoning_effort
    if not encoding.family.reasons and encoding.is_vendor:
        encoding.ignore("reasoning_effort", effort)
        effort = None
    fields = {
        "max_output_tokens": knobs.max_output_tokens,
        **sampling,
        "reasoning": None if effort is None else {"effort": effort},
        "parallel_tool_calls": knobs.parallel_tool_calls,
        "service_tier": knobs.service_tier,
        "user": knobs.user,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _include(body: dict[str, Any], request: ModelRequest, reasons: bool) -> None:
    """Ask for what has to be asked for; a model that does not think refuses to be asked for its thoughts."""
    include: list[str] = list(body.get("include") or [])
    if reasons and body.get("store") is False and _ENCRYPTED not in include:
        include.append(_ENCRYPTED)
    if "top_logprobs" in body and request.knobs.logprobs and _LOGPROBS not in include:
        include.append(_LOGPROBS)
    if include:
        body["include"] = include


def _text(request: ModelRequest) -> dict[str, Any]:
    text: dict[str, Any] = {} if request.knobs.verbosity is None else {"verbosity": request.knobs.verbosity}
    match request.output:
        case None:
            pass
        case JsonObjectOutput():
            text["format"] = {"type": "json_object"}
        case JsonSchemaOutput() as output:
            form = {
                "type": "json_schema",
                "name": output.name,
                "description": output.description,
                "schema": output.definition,
                "strict": output.strict,
            }
            text["format"] = {name: value for name, value in form.items() if value is not None}
        case _:
            assert_never(request.output)
    return text


def _tools(request: ModelRequest, encoding: Encoding, strict: bool | None) -> dict[str, Any]:
    tools: list[dict[str, Any]] = []
    for number, tool in enumerate(request.tools):
        match tool:
            case FunctionTool():
                encoding.ignore("cache", tool.cache)
                function = {
                    "type": "function",
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters
                    if tool.parameters is not None
                    else {"type": "object", "properties": {}},
                    "strict": strict if tool.strict is None else tool.strict,
                }
                tools.append({name: value for name, value in function.items() if value is not None})
            case ProviderTool(provider=owner, payload=payload):
                if not encoding.is_ours(owner):
                    raise encoding.refusal(
                        f"tools[{number}] is a tool of {owner}, which {encoding.provider} has not", f"tools[{number}]"
                    )
                tools.append(payload)
            case _:
                assert_never(tool)
    match request.tool_choice:
        case None:
            choice: dict[str, Any] = {}
        case NamedTool(name=name):
            choice = {"tool_choice": _named(name, tools)}
        case word:
            choice = {"tool_choice": word}
    return {"tools": tools, **choice} if tools else choice


def _named(name: str, tools: list[dict[str, Any]]) -> dict[str, Any]:
    """A tool choice by name: a function's or custom tool's own, or the type of one of OpenAI's tools."""
    for tool in tools:
        if tool.get("name") == name and tool.get("type") in ("function", "custom"):
            return {"type": tool["type"], "name": name}
    if any(tool.get("type") == name for tool in tools):
        return {"type": name}
    return {"type": "function", "name": name}
