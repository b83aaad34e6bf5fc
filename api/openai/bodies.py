"""What a chat completion request may hold (OpenAI's API reference, "Create chat completion")."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.bodies import LimitsBody, RoutingBody
from contracts.requests import ReasoningEffort
from contracts.turns import OnNewAttempt

MOST_MODELS = 10
"""How many models may be named beside the first."""


class Lenient(BaseModel):
    """Fields that we do not know are kept apart: they are reported as ignored, as a client may be newer than we are."""

    model_config = ConfigDict(extra="allow")


class FunctionCall(Lenient):
    """A call that the model made."""

    name: str
    arguments: str = ""


class CustomCall(Lenient):
    """A call of a custom tool."""

    name: str
    input: str = ""


class ToolCall(Lenient):
    """A call with its id."""

    id: str
    type: Literal["function", "custom"] = "function"
    function: FunctionCall | None = None
    custom: CustomCall | None = None


class ImageUrl(Lenient):
    """An image by URL or data URL."""

    url: str
    detail: str | None = None


class InputAudio(Lenient):
    """Sound, inline."""

    data: str
    format: str


class File(Lenient):
    """A file, inline or uploaded."""

    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class ContentPart(Lenient):
    """A part of a message's content."""

    type: Literal["text", "image_url", "input_audio", "file", "refusal"]
    text: str | None = None
    refusal: str | None = None
    image_url: ImageUrl | None = None
    input_audio: InputAudio | None = None
    file: File | None = None


class ChatMessage(Lenient):
    """A message. `function` and `function_call` are the forms of before 2023, still found in stored conversations."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    function_call: FunctionCall | None = None


class Function(Lenient):
    """A function that the caller can run."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class CustomTool(Lenient):
    """A tool whose input is free text. What else it has goes to the vendor as it came."""

    name: str


class ChatTool(Lenient):
    """A tool."""

    type: Literal["function", "custom"]
    function: Function | None = None
    custom: CustomTool | None = None


class NamedTool(Lenient):
    """The tool that must be called."""

    name: str


class NamedChoice(Lenient):
    """The choice of one tool."""

    type: Literal["function", "custom"]
    function: NamedTool | None = None
    custom: NamedTool | None = None


class JsonSchemaFormat(Lenient):
    """A schema for the answer."""

    name: str
    description: str | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None


class ResponseFormat(Lenient):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchemaFormat | None = None


class StreamOptions(Lenient):
    """Options of a stream."""

    include_usage: bool = False


class ChatBody(Lenient):
    """A chat completion request.

    Ours: `models` names fallbacks in order, `on_new_attempt` is the stream policy, `limits` how long to wait, `provider_options`
    go to a vendor's wire as they are.
    """

    model: str | None = None
    models: list[str] = Field(default=[], max_length=MOST_MODELS)
    messages: list[ChatMessage]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=0)
    stop: str | list[str] | None = None
    seed: int | None = None
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    reasoning_effort: ReasoningEffort | None = None
    parallel_tool_calls: bool | None = None
    service_tier: str | None = None
    verbosity: str | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None
    modalities: list[str] | None = None
    tools: list[ChatTool] | None = None
    tool_choice: Literal["auto", "none", "required"] | NamedChoice | None = None
    response_format: ResponseFormat | None = None
    functions: list[Any] | None = None
    on_new_attempt: OnNewAttempt = "reset"
    limits: LimitsBody = LimitsBody()
    routing: RoutingBody = RoutingBody()
    provider_options: dict[str, dict[str, Any]] = {}
