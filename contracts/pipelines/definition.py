"""A pipeline's definition, as it was written."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from contracts.pipelines.agents import Agent, Defaults
from contracts.pipelines.base import Budget, Duration, Label, Name, PipelinePart, Schema, TypedAs, Value
from contracts.pipelines.steps import Step


class Output(PipelinePart):
    """One thing that a run gives: `value` refers to it, `schema` says what it is."""

    value: Value
    typed: Schema | None = Field(default=None, alias="schema")


def _output(value: Any) -> Any:
    """A mapping of `value` and `schema` is that; anything else is the value itself."""
    if isinstance(value, Output) or (
        isinstance(value, dict) and "value" in value and value.keys() <= {"value", "schema"}
    ):
        return value
    return {"value": value}


class Pipeline(PipelinePart):
    """A pipeline. Its steps run as soon as what they need has finished.

    `inputs` are JSON Schemas by name; an input without `default` is required. `outputs` refer to results; without any, the
    output is `result`, the last step's. `budget` and `timeout` are the whole run's. So many runs as `concurrency` says are at
    work at once; others queue.
    """

    version: Literal[1] = 1
    name: Label
    description: str | None = Field(default=None, max_length=20_000)
    inputs: dict[Name, TypedAs] = Field(default={}, max_length=200)
    outputs: dict[Name, Annotated[Output, BeforeValidator(_output, json_schema_input_type=Any)]] = Field(
        default={}, max_length=200
    )
    defaults: Defaults = Defaults()
    agents: dict[Label, Agent] = Field(default={}, max_length=200)
    budget: Budget | None = None
    timeout: Duration | None = None
    concurrency: int | None = Field(default=None, ge=1, le=100_000)
    steps: tuple[Step, ...] = Field(min_length=1, max_length=1_000)
