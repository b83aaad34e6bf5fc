"""A request on the chat completions wire.

Source: platform.openai.com/docs/api-reference/chat/create.
"""

from typing import Any, assert_never

from contracts.requests import FunctionTool, JsonObjectOutput, JsonSchemaOutput, ModelRequest, NamedTool, ProviderTool
from providers.openai.chat_messages import encode_messages
from providers.openai.dialects import dialect_of
from providers.openai.encoding import Encoded, Encoding
from providers.openai.families import family_of


def encode_chat(request: ModelRequest, *, provider: str, is_vendor: bool, vendor: str = "") -> Encoded:
    """`POST /chat/completions` for `request`. Raises `ProviderError(invalid_request)` for what it cannot carry.

    `vendor` is the service whose dialect it shall be, a name of `providers/presets.py`.
    """
    family = family_of(request.model.model, request.knobs.reasoning_effort)
    dialect = dialect_of(vendor, is_vendor=is_vendor)
    encoding = Encoding(provider, family, is_vendor, dialect.longest_id, dialect)
    messages = encode_messages(request.messages, encoding)
    if request.prefill is not None:
        mark = {"prefix": True} if dialect.marks_prefill else {}
        messages.append({"role": "assistant", "content": request.prefill, **mark})
    body: dict[str, Any] = {"model": request.model.model, "messages": messages, "stream": family.streams}
    if family.streams and dialect.counts_streams:
        body["stream_options"] = {"include_usage": True}
    body |= _knobs(request, encoding)
    body |= _tools(request, encoding)
    match request.output:
        case None:
            pass
        case JsonObjectOutput():
            body["response_format"] = {"type": "json_object"}
        case JsonSchemaOutput() as output:
            schema = {
                "name": output.name,
                "description": output.description,
                "schema": output.definition,
                "strict": output.strict,
            }
            body["response_format"] = {"type": "json_schema", "json_schema": _present(schema)}
        case _:
            assert_never(request.output)
    return encoding.finish(body, request)


def _knobs(request: ModelRequest, encoding: Encoding) -> dict[str, Any]:
    knobs = request.knobs
    family = encoding.family
    sampling: dict[str, Any] = {
        "temperature": knobs.temperature,
        "top_p": knobs.top_p,
        "presence_penalty": knobs.presence_penalty,
        "frequency_penalty": knobs.frequency_penalty,
        "logit_bias": None if knobs.logit_bias is None else {k: _whole(v) for k, v in knobs.logit_bias.items()},
        "logprobs": knobs.logprobs,
        "top_logprobs": knobs.top_logprobs,
    }
    if family.fixed_sampling:
        for name, value in sampling.items():
            encoding.ignore(name, value)
        sampling = {}
    if not family.stops:
        encoding.ignore("stop", knobs.stop)
    parallel = knobs.parallel_tool_calls if request.tools else None
    if parallel is None:
        encoding.ignore("parallel_tool_calls", None if knobs.parallel_tool_calls is None else "without tools")
    dialect = encoding.dialect
    named = {
        **sampling,
        "stop": list(knobs.stop) if knobs.stop and family.stops else None,
        "seed": knobs.seed,
        "parallel_tool_calls": parallel,
        "service_tier": knobs.service_tier,
        "verbosity": knobs.verbosity,
        "user": knobs.user,
        "top_k": knobs.top_k,
    }
    lacking = dialect.lacks if dialect.top_k else dialect.lacks | {"top_k"}
    for name in lacking & named.keys():
        encoding.ignore(name, named.pop(name))
    if "seed" in named:
        named[dialect.seed] = named.pop("seed")
    return _present({dialect.max_tokens: knobs.max_output_tokens, **named, **_thought(request, encoding)})


def _thought(request: ModelRequest, encoding: Encoding) -> dict[str, Any]:
    """How much is to be thought, where this server wants it said."""
    effort, tokens = request.knobs.reasoning_effort, request.knobs.reasoning_tokens
    if encoding.dialect.effort == "reasoning":
        budget = tokens if tokens is not None and tokens > 0 else None
        reasoning = _present({"effort": effort if budget is None else None, "max_tokens": budget})
        return {"reasoning": reasoning} if reasoning else {}
    encoding.ignore("reasoning_tokens", tokens)
    if encoding.dialect.switches_thought and effort == "none":
        return {"thinking": {"type": "disabled"}}
    return {"reasoning_effort": effort}


def _tools(request: ModelRequest, encoding: Encoding) -> dict[str, Any]:
    tools: list[dict[str, Any]] = []
    for number, tool in enumerate(request.tools):
        match tool:
            case FunctionTool():
                marks = encoding.cache_marks(tool.cache)
                function = {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                    "strict": tool.strict,
                }
                tools.append({"type": "function", "function": _present(function), **marks})
            case ProviderTool(provider=owner, payload=payload):
                if not encoding.is_ours(owner):
                    raise encoding.refusal(
                        f"tools[{number}] is a tool of {owner}, which {encoding.provider} has not", f"tools[{number}]"
                    )
                tools.append(payload)
            case _:
                assert_never(tool)
    if not tools:
        encoding.ignore("tool_choice", request.tool_choice)
        return {}
    match request.tool_choice:
        case None:
            return {"tools": tools}
        case NamedTool(name=name):
            custom = any(tool.get("type") == "custom" and tool.get("custom", {}).get("name") == name for tool in tools)
            kind = "custom" if custom else "function"
            return {"tools": tools, "tool_choice": {"type": kind, kind: {"name": name}}}
        case word:
            return {"tools": tools, "tool_choice": encoding.dialect.any_tool if word == "required" else word}


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _whole(value: float) -> float | int:
    """Biases are whole numbers on the wire wherever they can be."""
    return int(value) if value.is_integer() else value
