"""An AI step: one answer for another program, as text or as data that follows a schema, durable and bounded in cost."""

from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Contract
from contracts.errors import ErrorKind
from contracts.events import FinishReason
from contracts.models import ModelRef
from contracts.parts import Message
from contracts.requests import Knobs
from contracts.turns import RoutingWish, TurnState
from contracts.usage import Cost, Usage

SchemaMode = Literal["auto", "native", "prompt"]
"""How a model is held to a schema: by the vendor, by words alone, or by the vendor where the catalog says that it can."""

MOST_SAMPLES = 10
MOST_CORRECTIONS = 5


class AnswerWish(Contract):
    """The data that is asked for. `definition` is a JSON Schema, `name` what vendors are told that it is called.

    `native`: the vendor is asked to hold the model to it. `corrections` bounds how often the model is told what was wrong. With
    several `samples` the model is asked as often, and their agreement is the result's confidence.
    """

    name: str = "answer"
    definition: dict[str, Any]
    native: bool = True
    corrections: int = Field(default=2, ge=0, le=MOST_CORRECTIONS)
    samples: int = Field(default=1, ge=1, le=MOST_SAMPLES)


class TemplateUse(Contract):
    """The template that a prompt was made from."""

    name: str
    version: int


class AiStepRequest(RoutingWish):
    """What is asked, as stored. Without `answer` the result is text.

    `cost_limit`, in USD, is never exceeded: what a call may come to is reserved of it before it is made. Samples have equal parts
    of it.
    `task_type` is the caller's own word for the kind of work. `callback_url` is told the result.
    """

    messages: tuple[Message, ...] = Field(min_length=1)
    knobs: Knobs = Knobs()
    provider_options: dict[str, dict[str, Any]] = {}
    answer: AnswerWish | None = None
    cost_limit: Decimal | None = None
    task_type: str | None = None
    template: TemplateUse | None = None
    callback_url: str | None = None
    metadata: dict[str, str] = {}


class AiStepResult(Contract):
    """How a step ended. `content` is the answer's text, `data` what it says by the schema.

    `attempts` counts the turns, `usage` and `cost` sum all of them. `confidence`, from 0 to 1, is how far the samples agree; None
    for one alone. `repaired`: the answer was broken JSON and was mended without asking again. `errors` are what was wrong with
    the last answer where none followed the schema.
    """

    step_id: UUID
    state: TurnState
    content: str = ""
    data: Any = None
    model: ModelRef | None = None
    served_model: str | None = None
    usage: Usage | None = None
    cost: Cost = Cost()
    finish_reason: FinishReason | None = None
    attempts: int = 0
    samples: int = 0
    confidence: float | None = None
    repaired: bool = False
    simulated: bool = False
    turn_ids: tuple[UUID, ...] = ()
    errors: tuple[str, ...] = ()
    error_kind: ErrorKind | None = None
    error_message: str | None = None
    error_field: str | None = None
