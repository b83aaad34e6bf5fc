"""The Nexus service `perdure.ai`: what any Temporal workflow, in any language, may ask. Plain JSON; additive only."""

from decimal import Decimal
from typing import Any

import nexusrpc
from pydantic import Field, model_validator

from contracts.base import Contract
from contracts.pipelines.base import Budget

NEXUS_SERVICE = "perdure.ai"


class TurnInput(Contract):
    """A prompt. `model` is a name, or `auto`; `workspace` the name of the workspace that pays."""

    prompt: str = Field(min_length=1)
    system: str | None = None
    model: str | None = None
    fallback_models: tuple[str, ...] = ()
    max_output_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    cost_limit: Decimal | None = Field(default=None, gt=0)
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=200)
    workspace: str = "default"
    metadata: dict[str, str] = {}


class StepInput(TurnInput):
    """The same, or a template with its variables; with `output_schema` the answer is data that follows it."""

    prompt: str | None = None  # type: ignore[assignment]
    template: str | None = None
    variables: dict[str, Any] = {}
    output_schema: dict[str, Any] | None = None
    corrections: int = Field(default=2, ge=0, le=5)
    task_type: str | None = None

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "StepInput":
        if (self.prompt is None) == (self.template is None):
            raise ValueError("give either prompt or template")
        return self


class StepOutput(Contract):
    """What came of it. `error_kind` and `error` say why there is no answer; amounts are texts, in USD."""

    step_id: str
    state: str
    content: str = ""
    data: Any = None
    model: str | None = None
    usage: dict[str, int] | None = None
    finish_reason: str | None = None
    cost_usd: str | None = None
    error_kind: str | None = None
    error: str | None = None


class RunInput(Contract):
    """A run of a stored pipeline. `version` is a hash, or its beginning; without one the newest is run. `budget` takes the
    pipeline's place; `user` is for whom it is run; `workspace` the name of the workspace that has the pipeline, and pays.
    """

    pipeline: str = Field(min_length=1)
    input: dict[str, Any] = {}
    version: str | None = Field(default=None, pattern=r"^[0-9a-f]{6,64}$")
    budget: Budget | None = None
    metadata: dict[str, Any] = {}
    user: str | None = Field(default=None, min_length=1, max_length=200)
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=200)
    workspace: str = "default"


class RunOutput(Contract):
    """How the run came out. `output` are its outputs by name; the cost is a text, in USD.

    A run that failed or was cancelled is a failure of the operation, whose type is `error_kind` and whose one detail is this.
    """

    run_id: str
    pipeline: str
    state: str
    output: Any = None
    cost_usd: str = "0"
    calls: int = 0
    tokens: int = 0
    error_kind: str | None = None
    error: str | None = None
    error_step: str | None = None


@nexusrpc.service(name=NEXUS_SERVICE)
class PerdureAI:
    """Answers, durable and paid once."""

    turn: nexusrpc.Operation[TurnInput, StepOutput]
    step: nexusrpc.Operation[StepInput, StepOutput]
    run_pipeline: nexusrpc.Operation[RunInput, RunOutput]
