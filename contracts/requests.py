"""One model call, as every adapter takes it."""

from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.base import Contract
from contracts.models import ModelRef
from contracts.parts import CacheHint, Message


class FunctionTool(Contract):
    """A tool that the caller (or we) will run. `parameters` is a JSON Schema object."""

    type: Literal["function"] = "function"
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    cache: CacheHint | None = None


class ProviderTool(Contract):
    """A vendor's own tool (web search, code execution), passed verbatim to `provider` and an error for any other."""

    type: Literal["provider"] = "provider"
    provider: str
    payload: dict[str, Any]


Tool = Annotated[FunctionTool | ProviderTool, Field(discriminator="type")]


class NamedTool(Contract):
    """The model must call this tool."""

    name: str


ToolChoice = Literal["auto", "none", "required"] | NamedTool


class JsonObjectOutput(Contract):
    """The answer is to be some JSON object."""

    type: Literal["json_object"] = "json_object"


class JsonSchemaOutput(Contract):
    """The answer is to follow a JSON Schema. `definition` is the schema object."""

    type: Literal["json_schema"] = "json_schema"
    name: str = "answer"
    description: str | None = None
    definition: dict[str, Any] | None = None
    strict: bool | None = None


OutputFormat = Annotated[JsonObjectOutput | JsonSchemaOutput, Field(discriminator="type")]

ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Knobs(Contract):
    """The common settings of a call. An adapter ignores and reports those that its vendor has not."""

    max_output_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=0)
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning_effort: ReasoningEffort | None = None
    reasoning_tokens: int | None = Field(default=None, ge=-1)
    parallel_tool_calls: bool | None = None
    service_tier: str | None = None
    verbosity: str | None = None
    user: str | None = None


class ModelRequest(Contract):
    """One call of one model. `provider_options` holds fields of a vendor's own wire, by provider name, passed verbatim.

    `prefill` is the beginning of the answer that the model is to go on from (the `continue` stream policy).
    """

    model: ModelRef
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    output: OutputFormat | None = None
    knobs: Knobs = Knobs()
    provider_options: dict[str, dict[str, Any]] = {}
    prefill: str | None = None
