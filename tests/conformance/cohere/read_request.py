"""Recorded requests as ours."""

from typing import Any

from contracts.models import ModelRef
from contracts.parts import (
    Citation,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import (
    FunctionTool,
    JsonObjectOutput,
    JsonSchemaOutput,
    Knobs,
    ModelRequest,
    OutputFormat,
    ToolChoice,
)

COHERE = "cohere"

_KNOBS = {
    "max_tokens": "max_output_tokens",
    "temperature": "temperature",
    "p": "top_p",
    "k": "top_k",
    "stop_sequences": "stop",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logprobs": "logprobs",
}
_READ = {*_KNOBS, "model", "messages", "tools", "tool_choice", "response_format", "thinking", "strict_tools"}
_CHOICES: dict[str, ToolChoice] = {"REQUIRED": "required", "NONE": "none"}


def read_request(body: dict[str, Any]) -> ModelRequest:
    """Read a body in the plain form of `losses.normalised`. What has no common word stays Cohere's own option."""
    options = {name: value for name, value in body.items() if name not in _READ}
    knobs: dict[str, Any] = {ours: body[name] for name, ours in _KNOBS.items() if name in body}
    match body.get("thinking"):
        case None:
            pass
        case {"type": "disabled"}:
            knobs["reasoning_effort"] = "none"
        case {"type": "enabled", **rest}:
            knobs["reasoning_tokens"] = rest.get("token_budget", -1)
        case other:
            raise AssertionError(f"an unknown thinking: {other}")
    strict = body.get("strict_tools")
    return ModelRequest(
        model=ModelRef(provider=COHERE, model=body["model"]),
        messages=tuple(_message(one) for one in body["messages"]),
        tools=tuple(_tool(one, strict) for one in body.get("tools", ())),
        tool_choice=_CHOICES[body["tool_choice"]] if "tool_choice" in body else None,
        output=_output(body.get("response_format")),
        knobs=Knobs(**knobs),
        provider_options={COHERE: options} if options else {},
    )


def _message(message: dict[str, Any]) -> Message:
    known = {"role", "content", "tool_calls", "tool_call_id", "tool_plan", "citations"}
    assert message.keys() <= known, f"unknown fields: {message.keys() - known}"
    parts = _content(message.get("content", ""))
    if message["role"] == "tool":
        return Message(role="tool", parts=(ToolResultPart(call_id=message["tool_call_id"], content=parts),))
    plan = message.get("tool_plan")
    planned = (ReasoningPart(text=plan, provider=COHERE, id="tool_plan"),) if plan else ()
    calls = tuple(_call(call) for call in message.get("tool_calls", ()))
    if citations := message.get("citations"):
        cited = tuple(Citation(provider=COHERE, raw=raw) for raw in citations)
        parts = (*parts[:-1], parts[-1].model_copy(update={"citations": cited}))
    return Message(role=message["role"], parts=(*planned, *parts, *calls))


def _content(content: Any) -> tuple[Any, ...]:
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return tuple(_part(block) for block in blocks if block.get("text") != "")


def _part(block: dict[str, Any]) -> Part:
    match block:
        case {"type": "text", "text": text}:
            return TextPart(text=text)
        case {"type": "thinking", "thinking": text}:
            return ReasoningPart(text=text, provider=COHERE)
        case {"type": "image_url", "image_url": {"url": url, **rest}}:
            return ImagePart(source=UrlSource(url=url), detail=rest.get("detail"))
        case _:
            raise AssertionError(f"a block that is not known in full: {sorted(block)}")


def _call(call: dict[str, Any]) -> ToolCallPart:
    assert call.keys() == {"id", "type", "function"}
    return ToolCallPart(id=call["id"], name=call["function"]["name"], arguments=call["function"]["arguments"])


def _tool(tool: dict[str, Any], strict: bool | None) -> FunctionTool:
    function = tool["function"]
    assert function.keys() <= {"name", "description", "parameters"}
    return FunctionTool(
        name=function["name"],
        description=function.get("description"),
        parameters=function["parameters"],
        strict=strict,
    )


def _output(form: dict[str, Any] | None) -> OutputFormat | None:
    if form is None:
        return None
    assert form["type"] == "json_object"
    schema = form.get("json_schema")
    return JsonObjectOutput() if schema is None else JsonSchemaOutput(definition=schema)
