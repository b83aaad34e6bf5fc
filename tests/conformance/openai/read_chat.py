"""A recorded chat completions request as our words."""

import json
from typing import Any, get_args

from contracts.models import ModelRef
from contracts.parts import (
    AudioPart,
    BytesSource,
    CacheHint,
    DocumentPart,
    FileSource,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
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
from providers.openai.chat_messages import REASONING_FIELDS

OPENAI = "openai"
_KNOBS = {
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    **{
        name: name
        for name in (
            "temperature",
            "top_p",
            "seed",
            "presence_penalty",
            "frequency_penalty",
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "parallel_tool_calls",
            "service_tier",
            "verbosity",
            "user",
        )
    },
}
_ANSWERED = ("model", "messages", "stream", "stream_options")


def read_chat_request(body: dict[str, Any]) -> ModelRequest:
    """`body` in our words; fields that have no word of ours go through `provider_options`."""
    rest = {name: value for name, value in body.items() if name not in _ANSWERED and value is not None}
    if rest.get("n") == 1:
        del rest["n"]
    knobs: dict[str, Any] = {ours: rest.pop(theirs) for theirs, ours in _KNOBS.items() if theirs in rest}
    if rest.get("reasoning_effort") in get_args(ReasoningEffort):
        knobs["reasoning_effort"] = rest.pop("reasoning_effort")
    stop = rest.pop("stop", ())
    output, rest = _output(rest)
    tools: list[Tool] = []
    for tool in rest.pop("tools", ()):
        if tool["type"] == "function":
            function = tool["function"]
            tools.append(
                FunctionTool(
                    name=function["name"],
                    description=function.get("description"),
                    parameters=function.get("parameters"),
                    strict=function.get("strict"),
                    cache=_cache(tool),
                )
            )
        else:
            tools.append(ProviderTool(provider=OPENAI, payload=tool))
    choice, rest = _choice(rest)
    return ModelRequest(
        model=ModelRef(provider=OPENAI, model=body["model"]),
        messages=tuple(_message(message) for message in body["messages"]),
        tools=tuple(tools),
        tool_choice=choice,
        output=output,
        knobs=Knobs(**knobs, stop=(stop,) if isinstance(stop, str) else tuple(stop)),
        provider_options={OPENAI: rest} if rest else {},
    )


def _message(message: dict[str, Any]) -> Message:
    role, content = message["role"], message.get("content")
    if role == "tool":
        parts = tuple(_contents(content))
        result = ToolResultPart.model_validate(
            {"call_id": message["tool_call_id"], "content": [part.model_dump() for part in parts]}
        )
        return Message(role="tool", parts=(result,))
    said: list[Part] = []
    for name in REASONING_FIELDS[:2]:
        if message.get(name):
            said.append(ReasoningPart(text=message[name], provider=OPENAI, id=name))
    if details := message.get("reasoning_details"):
        said.append(ReasoningPart(redacted=json.dumps(details), provider=OPENAI, id="reasoning_details"))
    said += _contents(content)
    if message.get("refusal"):
        said.append(RefusalPart(text=message["refusal"]))
    for call in message.get("tool_calls") or ():
        kind = call["type"]
        inner = call[kind]
        said.append(
            ToolCallPart(
                id=call["id"],
                name=inner["name"],
                arguments=inner["input" if kind == "custom" else "arguments"],
                kind=kind,
                provider=OPENAI,
            )
        )
    return Message(role=role, parts=tuple(said), name=message.get("name"))


def _contents(content: Any) -> list[Part]:
    if content is None:
        return []
    if isinstance(content, str):
        return [TextPart(text=content)]
    return [_content(one) for one in content]


def _content(one: dict[str, Any]) -> Part:
    match one["type"]:
        case "text":
            return TextPart(text=one["text"], cache=_cache(one))
        case "thinking":
            text = "".join(piece["text"] for piece in one["thinking"])
            return ReasoningPart(text=text, provider=OPENAI, id="thinking")
        case "document_url":
            return DocumentPart(source=read_url(one["document_url"]), name=one.get("document_name"))
        case "video_url":
            source = read_url(one["video_url"]["url"]).model_copy(update={"media_type": "video/mp4"})
            return DocumentPart(source=source)
        case "refusal":
            return RefusalPart(text=one["refusal"])
        case "image_url":
            image = one["image_url"]
            return ImagePart(source=read_url(image["url"]), detail=image.get("detail"), cache=_cache(one))
        case "input_audio":
            sound = one["input_audio"]
            return AudioPart(source=BytesSource(media_type=f"audio/{sound['format']}", content=sound["data"]))
        case "file":
            file = one["file"]
            if "file_id" in file:
                return DocumentPart(source=FileSource(file_id=file["file_id"]))
            return DocumentPart(source=read_url(file["file_data"]), name=file.get("filename"))
        case kind:
            raise AssertionError(f"a content of type {kind!r} has no word of ours")


def _cache(one: dict[str, Any]) -> CacheHint | None:
    if "prompt_cache_breakpoint" in one:
        return CacheHint()
    control = one.get("cache_control")
    return CacheHint(ttl=control.get("ttl")) if control else None


def read_url(url: str) -> Source:
    """A data URL as bytes, any other as itself."""
    head, comma, content = url.partition(";base64,")
    if url.startswith("data:") and comma:
        return BytesSource(media_type=head.removeprefix("data:"), content=content)
    return UrlSource(url=url)


def _output(rest: dict[str, Any]) -> tuple[OutputFormat | None, dict[str, Any]]:
    others = {name: value for name, value in rest.items() if name != "response_format"}
    match rest.get("response_format"):
        case {"type": "json_object"}:
            return JsonObjectOutput(), others
        case {"type": "json_schema", "json_schema": schema}:
            output = JsonSchemaOutput(
                name=schema["name"],
                description=schema.get("description"),
                definition=schema.get("schema"),
                strict=schema.get("strict"),
            )
            return output, others
        case _:
            return None, rest


def _choice(rest: dict[str, Any]) -> tuple[ToolChoice | None, dict[str, Any]]:
    others = {name: value for name, value in rest.items() if name != "tool_choice"}
    match rest.get("tool_choice"):
        case "auto" | "none" | "required" as word:
            return word, others
        case {"type": "function", "function": {"name": name}} | {"type": "custom", "custom": {"name": name}}:
            return NamedTool(name=name), others
        case _:
            return None, rest
