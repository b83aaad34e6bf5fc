"""The Nexus service `perdure.ai`: what any Temporal workflow, in any language, may ask. Plain JSON; additive only."""

from decimal import Decimal
from typing import Any

import nexusrpc
from pydantic import Field, model_validator

from contracts.base import Contract

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


@nexusrpc.service(name=NEXUS_SERVICE)
class PerdureAI:
    """Answers, durable and paid once."""

    turn: nexusrpc.Operation[TurnInput, StepOutput]
    step: nexusrpc.Operation[StepInput, StepOutput]
