"""`POST /api/generate/structured`: data that follows a schema."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import AliasChoices, Field, model_validator

from api import examples_steps as shapes
from api.asking import check_prompt, turn_request
from api.auth import Caller, DoorsOf
from api.bodies import Body, KnobsBody, LimitsBody, RoutingBody, TurnBody
from api.documenting import documented, json_body
from api.json import json_response
from api.naming import names_for
from api.reading import read_body
from api.schema_wishes import answer_wish, definition_of
from api.step_events import step_events
from api.submitting import given_key
from api.submitting_steps import StepFailedError, shown, submit_step, wait_for_step
from api.turns import check_wait
from contracts.ai_steps import MOST_CORRECTIONS, MOST_SAMPLES, AiStepRequest, SchemaMode
from contracts.parts import Message

router = APIRouter(prefix="/api/generate", tags=["steps"])
WAIT = 300.0


class StructuredBody(Body):
    """A prompt (or `messages`) and the schema that the answer follows: a JSON Schema, or the name of a stored one.

    `mode` says how the model is held to it. `corrections` bounds how often it is told what was wrong, `samples` how often it is
    asked the same; of several samples the one that agrees most with the others answers. `cost_limit` is in USD.
    """

    prompt: str | None = None
    messages: list[Message] | None = None
    schema_: dict[str, Any] | str = Field(
        validation_alias=AliasChoices("schema", "output_schema"), serialization_alias="schema"
    )
    mode: SchemaMode = "auto"
    corrections: int = Field(default=2, ge=0, le=MOST_CORRECTIONS)
    samples: int = Field(default=1, ge=1, le=MOST_SAMPLES)
    model: str | None = None
    models: list[str] = Field(default=[], max_length=10)
    routing: RoutingBody = RoutingBody()
    knobs: KnobsBody = KnobsBody()
    provider_options: dict[str, dict[str, Any]] = {}
    limits: LimitsBody = LimitsBody()
    cost_limit: Decimal | None = Field(default=None, gt=0, le=1_000_000)
    metadata: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "StructuredBody":
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("give either prompt or messages")
        return self


@router.post(
    "/structured",
    responses=documented(
        {
            200: ("The data; with `stream`, the object as it grows and then the step.", shapes.STRUCTURED),
            202: ("The step, which goes on; `GET /api/steps/{id}` has it later.", shapes.RUNNING),
        },
        errors=(400, 401, 404, 409, 413, 429, 502, 503, 504),
    ),
    openapi_extra=json_body(StructuredBody, shapes.STRUCTURED_BODY),
)
async def generate_structured(
    request: Request, caller: Caller, doors: DoorsOf, stream: bool = False, wait: float = WAIT
) -> Response:
    """Answer with data that follows a schema, and wait for it.

    The answer is validated. JSON that is broken or stands among words is mended; what then does not follow the schema goes back
    to the model with what is wrong, `corrections` times at most. Where no answer follows it, the error is `unfit_answer` (422).
    With `stream` (or `Accept: text/event-stream`) each event `partial` has the object as far as it is known.
    """
    check_wait(wait)
    body = await read_body(request, StructuredBody, limit=doors.max_request_bytes)
    check_prompt(body.prompt)
    names = await names_for(doors, caller)
    given = body.model_dump(
        include={"messages", "model", "models", "routing", "knobs", "provider_options", "limits", "metadata"},
        exclude_unset=True,
    )
    turn = turn_request(TurnBody.model_validate({**given, "content": body.prompt}), names)
    async with doors.database.begin() as connection:
        name, definition = await definition_of(
            connection, body.schema_, workspace_id=caller.workspace_id, field="schema"
        )
    wish = answer_wish(
        name, definition, turn.models, names, mode=body.mode, corrections=body.corrections, samples=body.samples
    )
    asked = AiStepRequest(
        **turn.model_dump(
            include={
                "models",
                "limits",
                "on_new_attempt",
                "routing",
                "messages",
                "knobs",
                "provider_options",
                "metadata",
            }
        ),
        answer=wish,
        cost_limit=body.cost_limit,
    )
    row = await submit_step(doors, caller, within_cost(asked), key=given_key(request.headers))
    if stream or "text/event-stream" in request.headers.get("accept", ""):
        return step_events(doors, row)
    row = await wait_for_step(doors, row, wait)
    if row.result is not None and row.result.error_kind is not None:
        raise StepFailedError(row)
    return json_response(shown(row), 200 if row.state.finished else 202, {"Location": f"/api/steps/{row.id}"})


def within_cost(asked: AiStepRequest) -> AiStepRequest:
    """The request, its routing bounded by the cost limit: no model is asked whose likely answer costs more than a sample may."""
    if asked.cost_limit is None:
        return asked
    share = asked.cost_limit / (asked.answer.samples if asked.answer else 1)
    given = asked.routing.max_price
    least = share if given is None else min(given, share)
    return asked.model_copy(update={"routing": asked.routing.model_copy(update={"max_price": least})})
