"""From a chat completion request to a turn."""

import re
from typing import assert_never

from api.bodies import check_messages, chosen_models
from api.doors import Doors
from api.openai.bodies import ChatBody, ChatMessage, ChatTool, ContentPart, NamedChoice, ResponseFormat
from contracts.errors import ErrorKind, PerdureError
from contracts.parts import (
    AudioPart,
    BytesSource,
    DocumentPart,
    FileSource,
    ImagePart,
    Message,
    Part,
    RefusalPart,
    Source,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import FunctionTool, JsonObjectOutput, JsonSchemaOutput, Knobs, NamedTool, OutputFormat
from contracts.turns import TurnRequest

_DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)(?:;[\w=.+-]+)*;base64,(?P<content>.*)", re.DOTALL)


def decode(body: ChatBody, doors: Doors) -> TurnRequest:
    """The turn that the request asks for. Raises `invalid_request` naming the parameter, `not_found` for a model."""
    if body.n not in (None, 1):
        raise _invalid("n", "n is 1 here; send the request once for each answer")
    messages = [_message(message, f"messages.{at}") for at, message in enumerate(body.messages)]
    check_messages(messages)
    return TurnRequest(
        models=chosen_models(body.model, body.models, doors, ()),
        messages=tuple(messages),
        tools=tuple(_tool(tool) for tool in body.tools or ()),
        tool_choice=NamedTool(name=body.tool_choice.function.name)
        if isinstance(body.tool_choice, NamedChoice)
        else body.tool_choice,
        output=_output(body.response_format),
        knobs=_knobs(body),
        on_new_attempt=body.on_new_attempt,
        metadata=body.metadata or {},
    )


def ignored_fields(body: ChatBody) -> tuple[str, ...]:
    """The request's fields that we do not know."""
    return tuple(sorted(body.model_extra or {}))


def _invalid(field: str, message: str) -> PerdureError:
    return PerdureError(ErrorKind.INVALID_REQUEST, f"{message}.", field=field)


def _message(message: ChatMessage, field: str) -> Message:
    parts: list[Part] = []
    if isinstance(message.content, str):
        parts += [TextPart(text=message.content)] if message.content or message.role != "assistant" else []
    else:
        parts += [_part(part, f"{field}.content.{at}") for at, part in enumerate(message.content or ())]
    if message.role == "tool":
        if message.tool_call_id is None:
            raise _invalid(f"{field}.tool_call_id", "a tool's message names the call that it answers")
        content = tuple(part for part in parts if isinstance(part, TextPart | ImagePart))
        return Message(role="tool", parts=(ToolResultPart(call_id=message.tool_call_id, content=content),))
    if message.refusal:
        parts.append(RefusalPart(text=message.refusal))
    for at, call in enumerate(message.tool_calls or ()):
        if call.type == "custom" and call.custom is not None:
            parts.append(ToolCallPart(id=call.id, name=call.custom.name, arguments=call.custom.input, kind="custom"))
        elif call.function is not None:
            parts.append(ToolCallPart(id=call.id, name=call.function.name, arguments=call.function.arguments))
        else:
            raise _invalid(f"{field}.tool_calls.{at}", "a tool call has a function")
    return Message(role=message.role, parts=tuple(parts), name=message.name)


def _part(part: ContentPart, field: str) -> Part:
    match part.type:
        case "text" if part.text is not None:
            return TextPart(text=part.text)
        case "refusal" if part.refusal is not None:
            return RefusalPart(text=part.refusal)
        case "image_url" if part.image_url is not None:
            return ImagePart(source=_source(part.image_url.url, f"{field}.image_url.url"), detail=part.image_url.detail)
        case "input_audio" if part.input_audio is not None:
            sound = BytesSource(media_type=f"audio/{part.input_audio.format}", content=part.input_audio.data)
            return AudioPart(source=sound)
        case "file" if part.file is not None and part.file.file_id is not None:
            return DocumentPart(source=FileSource(file_id=part.file.file_id), name=part.file.filename)
        case "file" if part.file is not None and part.file.file_data is not None:
            return DocumentPart(source=_source(part.file.file_data, f"{field}.file.file_data"), name=part.file.filename)
        case "text" | "refusal" | "image_url" | "input_audio" | "file":
            raise _invalid(f"{field}.{part.type}", f"a part of type {part.type} has a {part.type}")
        case _:
            assert_never(part.type)


def _source(url: str, field: str) -> Source:
    if not url.startswith("data:"):
        return UrlSource(url=url)
    found = _DATA_URL.fullmatch(url)
    if found is None:
        raise _invalid(field, "a data URL is of the form data:TYPE;base64,CONTENT")
    return BytesSource(media_type=found["type"], content=found["content"])


def _tool(tool: ChatTool) -> FunctionTool:
    function = tool.function
    return FunctionTool(
        name=function.name, description=function.description, parameters=function.parameters, strict=function.strict
    )


def _output(wanted: ResponseFormat | None) -> OutputFormat | None:
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return JsonObjectOutput()
    schema = wanted.json_schema
    if schema is None:
        raise _invalid("response_format.json_schema", "a json_schema format has a json_schema")
    return JsonSchemaOutput(
        name=schema.name, description=schema.description, definition=schema.schema_, strict=schema.strict
    )


def _knobs(body: ChatBody) -> Knobs:
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    return Knobs(
        max_output_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        stop=stop,
        seed=body.seed,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        logit_bias=body.logit_bias,
        logprobs=body.logprobs,
        top_logprobs=body.top_logprobs,
        reasoning_effort=body.reasoning_effort,
        parallel_tool_calls=body.parallel_tool_calls,
        service_tier=body.service_tier,
        verbosity=body.verbosity,
        user=body.user,
    )
