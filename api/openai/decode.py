"""From a chat completion request to a turn."""

from typing import Any

from api.asking import check_messages
from api.naming import Names, chosen
from api.openai.bodies import ChatBody, ChatTool, NamedChoice, ResponseFormat
from api.openai.decode_messages import decode_messages
from api.openai.refusing import invalid
from contracts.requests import (
    FunctionTool,
    JsonObjectOutput,
    JsonSchemaOutput,
    Knobs,
    NamedTool,
    OutputFormat,
    ProviderTool,
    Tool,
    ToolChoice,
)
from contracts.turns import TurnRequest

_WIRE = "openai"
"""Marks what only a provider that speaks OpenAI's wire understands."""


def decode(body: ChatBody, names: Names) -> TurnRequest:
    """The turn that the request asks for. Raises `invalid_request` naming the parameter, `not_found` for a model."""
    _refuse_other_answers(body)
    messages = decode_messages(body.messages)
    check_messages(messages)
    models, routing = chosen(body.model, body.models, body.routing, names)
    return TurnRequest(
        models=models,
        routing=routing,
        messages=messages,
        tools=tuple(_tool(tool, f"tools.{at}") for at, tool in enumerate(body.tools or ())),
        tool_choice=_tool_choice(body.tool_choice),
        output=_output(body.response_format),
        knobs=_knobs(body),
        provider_options=body.provider_options,
        on_new_attempt=body.on_new_attempt,
        limits=body.limits,
        metadata=body.metadata or {},
    )


def ignored_fields(body: ChatBody) -> tuple[str, ...]:
    """The request's fields that we do not know; the answer says that they were ignored."""
    return tuple(sorted(body.model_extra or {}))


def _refuse_other_answers(body: ChatBody) -> None:
    """What would change the answer's form may not be ignored."""
    if body.n not in (None, 1):
        raise invalid("n", "n is 1 here; send the request once for each answer")
    if body.functions:
        raise invalid("functions", "functions is the old form of tools; send tools")
    if body.modalities is not None and body.modalities != ["text"]:
        raise invalid("modalities", "answers are text here; leave modalities out")


def _tool(tool: ChatTool, field: str) -> Tool:
    match tool:
        case ChatTool(type="function", function=function) if function is not None:
            return FunctionTool(
                name=function.name,
                description=function.description,
                parameters=function.parameters,
                strict=function.strict,
            )
        case ChatTool(type="custom", custom=custom) if custom is not None:
            payload: dict[str, Any] = {"type": "custom", "custom": custom.model_dump(exclude_unset=True)}
            return ProviderTool(provider=_WIRE, payload=payload)
        case _:
            raise invalid(f"{field}.{tool.type}", f"a tool of type {tool.type} has a {tool.type}")


def _tool_choice(choice: str | NamedChoice | None) -> ToolChoice | None:
    match choice:
        case "auto" | "none" | "required" | None:
            return choice
        case NamedChoice(type=kind):
            named = choice.function if kind == "function" else choice.custom
            if named is None:
                raise invalid(f"tool_choice.{kind}", f"a choice of type {kind} has a {kind}")
            return NamedTool(name=named.name)
        case _:
            raise invalid("tool_choice", "tool_choice is auto, none, required or one tool")


def _output(wanted: ResponseFormat | None) -> OutputFormat | None:
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return JsonObjectOutput()
    schema = wanted.json_schema
    if schema is None:
        raise invalid("response_format.json_schema", "a json_schema format has a json_schema")
    return JsonSchemaOutput(
        name=schema.name, description=schema.description, definition=schema.schema_, strict=schema.strict
    )


def _knobs(body: ChatBody) -> Knobs:
    return Knobs(
        max_output_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k,
        stop=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
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
