"""A recorded request body as a `ModelRequest`: the way back of the adapter's translation, written apart from it."""

import json
from typing import Any, Literal

from contracts.models import ModelRef
from contracts.parts import (
    AudioPart,
    BytesSource,
    DocumentPart,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    ReasoningPart,
    ResultPart,
    Source,
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
    NamedTool,
    OutputFormat,
    ProviderTool,
    ReasoningEffort,
    Tool,
    ToolChoice,
)
from tests.conformance.google.wire_names import camel_part

GOOGLE = "google"

_KNOBS = {
    "maxOutputTokens": "max_output_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "stopSequences": "stop",
    "seed": "seed",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "responseLogprobs": "logprobs",
    "logprobs": "top_logprobs",
}

_EFFORTS: dict[str, ReasoningEffort] = {"MINIMAL": "minimal", "LOW": "low", "MEDIUM": "medium", "HIGH": "high"}


def read_request(body: dict[str, Any], model: str) -> ModelRequest:
    """Read a body whose names are the wire's (see `wire_names.camel_body`). What has no common word stays Google's own option."""
    options = {
        name: value
        for name, value in body.items()
        if name not in ("contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "serviceTier")
    }
    messages: list[Message] = []
    if "systemInstruction" in body:
        parts = body["systemInstruction"]["parts"]
        if all(part.keys() == {"text"} for part in parts):
            messages.append(Message(role="system", parts=tuple(TextPart(text=part["text"]) for part in parts)))
        else:
            options["systemInstruction"] = body["systemInstruction"]
    for content in body["contents"]:
        messages += _messages(content)
    tools = _tools(body.get("tools", []))
    choice, tool_options = _tool_choice(body.get("toolConfig", {}), tools)
    knobs, output, generation_options = _generation(body.get("generationConfig", {}), levels="gemini-3" in model)
    if tool_options:
        options["toolConfig"] = tool_options
    if generation_options:
        options["generationConfig"] = generation_options
    if "serviceTier" in body:
        knobs["service_tier"] = body["serviceTier"]
    return ModelRequest(
        model=ModelRef(provider=GOOGLE, model=model),
        messages=tuple(messages),
        tools=tools,
        tool_choice=choice,
        output=output,
        knobs=Knobs(**knobs),
        provider_options={GOOGLE: options} if options else {},
    )


def _messages(content: dict[str, Any]) -> list[Message]:
    """One turn; tool results and what a person says beside them are messages of their own."""
    parts = [read_part(part) for part in content.get("parts") or []]
    if content.get("role") == "model":
        return [Message(role="assistant", parts=tuple(parts))] if parts else []
    messages: list[Message] = []
    for part in parts:
        role: Literal["tool", "user"] = "tool" if isinstance(part, ToolResultPart) else "user"
        if messages and messages[-1].role == role:
            messages[-1] = Message(role=role, parts=(*messages[-1].parts, part))
        else:
            messages.append(Message(role=role, parts=(part,)))
    return messages


def read_part(wire: dict[str, Any]) -> Part:
    """One part of the wire."""
    part = camel_part(wire)
    signature = part.get("thoughtSignature")
    stamp = GOOGLE if signature else None
    match part.keys() - {"thoughtSignature"}:
        case names if names == {"text"} and not part["text"] and signature:
            return ReasoningPart(redacted=signature, provider=GOOGLE)
        case names if names == {"text"}:
            return TextPart(text=part["text"], signature=signature, provider=stamp)
        case names if names == {"text", "thought"} and part["thought"]:
            return ReasoningPart(text=part["text"], signature=signature, provider=GOOGLE)
        case names if names == {"functionCall"} and part["functionCall"].keys() <= {"id", "name", "args"}:
            call = part["functionCall"]
            arguments = json.dumps(call.get("args") or {}, ensure_ascii=False)
            return ToolCallPart(
                id=call.get("id", ""), name=call["name"], arguments=arguments, signature=signature, provider=stamp
            )
        case names if names == {"functionResponse"} and not signature and _is_plain(part["functionResponse"]):
            return _result(part["functionResponse"])
        case names if names in ({"inlineData"}, {"fileData"}) and _is_plain_media(part):
            media = _media(part)
            if signature is None:
                return media
            if isinstance(media, ImagePart):
                return media.model_copy(update={"signature": signature, "provider": GOOGLE})
        case _:
            pass
    return ProviderPart(provider=GOOGLE, payload=part)


def _is_plain(response: dict[str, Any]) -> bool:
    """Whether a result holds nothing but what our own words hold."""
    return (
        response.keys() <= {"id", "name", "response", "parts"}
        and isinstance(response.get("response", {}), dict)
        and all(map(_is_plain_media, response.get("parts") or []))
    )


def _is_plain_media(part: dict[str, Any]) -> bool:
    inline, file = part.get("inlineData", {}), part.get("fileData", {})
    return set(inline) <= {"mimeType", "data"} and set(file) <= {"mimeType", "fileUri"}


def _media(part: dict[str, Any]) -> ImagePart | AudioPart | DocumentPart:
    source: Source
    if "inlineData" in part:
        media_type = part["inlineData"]["mimeType"]
        source = BytesSource(media_type=media_type, content=part["inlineData"]["data"])
    else:
        media_type = part["fileData"].get("mimeType")
        source = UrlSource(url=part["fileData"]["fileUri"], media_type=media_type)
    match (media_type or "").partition("/")[0]:
        case "image":
            return ImagePart(source=source)
        case "audio":
            return AudioPart(source=source)
        case _:
            return DocumentPart(source=source)


def _result(response: dict[str, Any]) -> ToolResultPart:
    value = response.get("response", {})
    media: list[ResultPart] = [_media(part) for part in response.get("parts") or []]
    text: list[ResultPart] = [TextPart(text=json.dumps(value, ensure_ascii=False))] if value or not media else []
    return ToolResultPart(
        call_id=response.get("id", ""),
        name=response["name"],
        content=(*text, *media),
        is_error=value.keys() == {"error"},
    )


def _tools(wire: list[dict[str, Any]]) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for tool in wire:
        for declaration in tool.get("functionDeclarations", []):
            if declaration.keys() - {"name", "description", "parametersJsonSchema"}:
                tools.append(ProviderTool(provider=GOOGLE, payload={"functionDeclarations": [declaration]}))
                continue
            tools.append(
                FunctionTool(
                    name=declaration["name"],
                    description=declaration.get("description"),
                    parameters=declaration.get("parametersJsonSchema"),
                )
            )
        others = {name: value for name, value in tool.items() if name != "functionDeclarations"}
        tools += [ProviderTool(provider=GOOGLE, payload={name: value}) for name, value in others.items()]
    return tuple(tools)


def _tool_choice(config: dict[str, Any], tools: tuple[Tool, ...]) -> tuple[ToolChoice | None, dict[str, Any]]:
    options = {name: value for name, value in config.items() if name != "functionCallingConfig"}
    calling = config.get("functionCallingConfig", {})
    allowed = calling.get("allowedFunctionNames")
    functions = {tool.name for tool in tools if isinstance(tool, FunctionTool)}
    choice: ToolChoice | None
    match calling.get("mode"):
        case "AUTO" if not allowed:
            choice = "auto"
        case "NONE" if not allowed:
            choice = "none"
        case "ANY" if not allowed or set(allowed) == functions:
            choice = "required"
        case "ANY" if len(allowed) == 1:
            choice = NamedTool(name=allowed[0])
        case None:
            choice = None
        case _:
            choice, options = None, {**options, "functionCallingConfig": calling}
    return choice, options


def _generation(config: dict[str, Any], levels: bool) -> tuple[dict[str, Any], OutputFormat | None, dict[str, Any]]:
    rest = dict(config)
    knobs: dict[str, Any] = {ours: rest.pop(theirs) for theirs, ours in _KNOBS.items() if theirs in rest}
    output: OutputFormat | None = None
    if rest.get("responseMimeType") == "application/json":
        del rest["responseMimeType"]
        schema = rest.pop("responseJsonSchema", None)
        output = JsonObjectOutput() if schema is None else JsonSchemaOutput(definition=schema)
    thinking = rest.get("thinkingConfig", {})
    if thinking.get("includeThoughts") is not False:
        names = thinking.keys() - {"includeThoughts"}
        level = str(thinking.get("thinkingLevel", "")).upper()
        if names == {"thinkingBudget"}:
            knobs["reasoning_tokens"] = rest.pop("thinkingConfig")["thinkingBudget"]
        elif names == {"thinkingLevel"} and level in _EFFORTS and levels:
            knobs["reasoning_effort"] = _EFFORTS[level]
            del rest["thinkingConfig"]
    return knobs, output, rest
