"""`/api/steps`: AI steps of other workflow engines."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, model_validator

from api import examples_steps as shapes
from api.asking import check_prompt, turn_request
from api.auth import Caller, DoorsOf
from api.bodies import Body, KnobsBody, LimitsBody, RoutingBody, TurnBody, path_id
from api.callback_urls import check_callback
from api.documenting import documented, json_body
from api.doors import Doors
from api.json import json_response
from api.naming import names_for
from api.paging import DEFAULT_LIMIT, decode_moment, encode_moment, page_limit
from api.reading import read_body
from api.schema_wishes import answer_wish, definition_of
from api.step_events import step_events
from api.structured import within_cost
from api.submitting import given_key
from api.submitting_steps import cancel_step, load_step, shown, submit_step, tell_again, wait_for_step
from api.templating import NamedTemplate, find_template
from api.turns import check_wait
from contracts.ai_steps import MOST_CORRECTIONS, MOST_SAMPLES, AiStepRequest, SchemaMode, TemplateUse
from contracts.parts import Message
from contracts.routing import TaskType
from domain.templates.filling import fill
from domain.templates.shipped import task_of
from storage import ai_steps
from storage.keys import ApiKey

router = APIRouter(prefix="/api/steps", tags=["steps"])


class StepBody(Body):
    """A template with its variables, a prompt, or messages; and who answers, within which cost.

    `template` is a name, or `name@version`. `output_schema` is a JSON Schema or a stored one's name. `wait`, in seconds, holds
    the answer back until the step has ended; `callback_url` is told instead, or as well. `idempotency_key` may stand here or in
    the header. `cost_limit` is in USD.
    """

    template: str | None = Field(default=None, max_length=100)
    variables: dict[str, Any] = {}
    prompt: str | None = None
    system: str | None = None
    messages: list[Message] | None = None
    model: str | None = None
    fallback_models: list[str] = Field(default=[], max_length=9)
    cost_limit: Decimal | None = Field(default=None, gt=0, le=1_000_000)
    task_type: str | None = Field(default=None, max_length=100)
    output_schema: dict[str, Any] | str | None = None
    mode: SchemaMode = "auto"
    corrections: int = Field(default=2, ge=0, le=MOST_CORRECTIONS)
    samples: int = Field(default=1, ge=1, le=MOST_SAMPLES)
    wait: float = 0
    callback_url: str | None = Field(default=None, max_length=2_000)
    idempotency_key: str | None = None
    routing: RoutingBody = RoutingBody()
    knobs: KnobsBody = KnobsBody()
    limits: LimitsBody = LimitsBody()
    metadata: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "StepBody":
        if sum(one is not None for one in (self.template, self.prompt, self.messages)) != 1:
            raise ValueError("give one of template, prompt and messages")
        if self.system is not None and self.prompt is None:
            raise ValueError("system goes with prompt; a template and messages have their own")
        if self.variables and self.template is None:
            raise ValueError("variables go with a template")
        return self


@router.post(
    "",
    status_code=202,
    responses=documented(
        {
            200: ("The finished step (with `wait`), also where it failed: see `error`.", shapes.STEP),
            202: ("The step, which goes on.", shapes.RUNNING),
        },
        errors=(400, 401, 404, 409, 413, 503),
    ),
    openapi_extra=json_body(StepBody, shapes.STEP_BODY),
)
async def create_step(request: Request, caller: Caller, doors: DoorsOf, stream: bool = False) -> Response:
    """Run an AI step as a durable turn.

    The step goes on when the caller leaves. Sent again with the same key it is the same step, running or finished, and paid once.
    """
    body = await read_body(request, StepBody, limit=doors.max_request_bytes)
    check_wait(body.wait)
    check_callback(body.callback_url, doors)
    asked = await _asked(body, doors, caller)
    row = await submit_step(doors, caller, within_cost(asked), key=body.idempotency_key or given_key(request.headers))
    if stream or "text/event-stream" in request.headers.get("accept", ""):
        return step_events(doors, row)
    row = await wait_for_step(doors, row, body.wait)
    return json_response(shown(row), 200 if row.state.finished else 202, {"Location": f"/api/steps/{row.id}"})


@router.get(
    "",
    responses=documented(
        {200: ("A page, newest first.", {"data": [shapes.STEP], "next_cursor": None})}, errors=(400, 401)
    ),
)
async def list_steps(caller: Caller, doors: DoorsOf, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Response:
    """The workspace's steps, newest first."""
    size = page_limit(limit)
    before = decode_moment(cursor) if cursor else None
    async with doors.database.begin() as connection:
        rows = await ai_steps.page(connection, workspace_id=caller.workspace_id, before=before, limit=size + 1)
    shown_rows = rows[:size]
    more = encode_moment(shown_rows[-1].created_at, shown_rows[-1].id) if len(rows) > size else None
    return json_response({"data": [shown(row) for row in shown_rows], "next_cursor": more})


@router.get("/{step_id}", responses=documented({200: ("The step.", shapes.STEP)}, errors=(401, 404)))
async def get_step(step_id: str, caller: Caller, doors: DoorsOf, wait: float = 0) -> Response:
    """The step as it is now, or after `wait` seconds at most, once it has ended."""
    check_wait(wait)
    row = await load_step(doors, path_id(step_id, "step"), workspace_id=caller.workspace_id)
    return json_response(shown(await wait_for_step(doors, row, wait)))


@router.get(
    "/{step_id}/events",
    responses=documented({200: ("The events to the end.", shapes.EVENTS)}, errors=(401, 404)),
)
async def get_events(step_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """The answer as it grows.

    `partial` has the whole object so far, `text` goes on from the text before, `reset` and `attempt` void what was said, and
    `end` has the step.
    """
    row = await load_step(doors, path_id(step_id, "step"), workspace_id=caller.workspace_id)
    return step_events(doors, row)


@router.post(
    "/{step_id}/cancel", status_code=202, responses=documented({202: ("It stops.", shapes.RUNNING)}, errors=(401, 404))
)
async def cancel(step_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Stop a step. What it cost until then stays."""
    row = await load_step(doors, path_id(step_id, "step"), workspace_id=caller.workspace_id)
    if not row.state.finished:
        await cancel_step(doors, caller, row)
        row = await load_step(doors, row.id, workspace_id=caller.workspace_id)
    return json_response(shown(row), 202)


@router.post(
    "/{step_id}/callback",
    status_code=202,
    responses=documented({202: ("The step, told again.", shapes.STEP)}, errors=(401, 404, 409, 503)),
)
async def call_back(step_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Tell the result of a step that has ended to its `callback_url` once more, and again for a day until somebody takes it.

    `callback.state` says what became of it: `pending` while it is tried, `delivered`, or `failed`. The message keeps its id.
    """
    row = await load_step(doors, path_id(step_id, "step"), workspace_id=caller.workspace_id)
    return json_response(shown(await tell_again(doors, row)), 202)


async def _asked(body: StepBody, doors: Doors, caller: ApiKey) -> AiStepRequest:
    names = await names_for(doors, caller)
    async with doors.database.begin() as connection:
        template: NamedTemplate | None = None
        if body.template is not None:
            template = await find_template(
                connection, body.template, workspace_id=caller.workspace_id, field="template"
            )
        wanted = body.output_schema or (template.document.output_schema if template else None)
        schema = None
        if wanted is not None:
            schema = await definition_of(connection, wanted, workspace_id=caller.workspace_id, field="output_schema")
    turn = turn_request(TurnBody.model_validate(_turn(body, template)), names)
    wish = None
    if schema is not None:
        wish = answer_wish(
            *schema, turn.models, names, mode=body.mode, corrections=body.corrections, samples=body.samples
        )
    return AiStepRequest(
        **turn.model_dump(include={"models", "limits", "on_new_attempt", "routing", "messages", "knobs", "metadata"}),
        answer=wish,
        cost_limit=body.cost_limit,
        task_type=body.task_type or (template.name if template else None),
        template=TemplateUse(name=template.name, version=template.version) if template else None,
        callback_url=body.callback_url,
    )


def _turn(body: StepBody, template: NamedTemplate | None) -> dict[str, Any]:
    """The body of the turn that the step asks for: the template's words where the body has none of its own."""
    given = body.model_dump(include={"model", "routing", "knobs", "limits", "metadata"}, exclude_unset=True)
    given["models"] = body.fallback_models
    if template is not None:
        document = template.document
        given["messages"] = fill(document, body.variables).messages
        if body.model is None and not body.fallback_models:
            given |= {"model": document.model, "models": list(document.fallback_models)}
        given["knobs"] = {**document.knobs.model_dump(exclude_defaults=True), **given.get("knobs", {})}
    elif body.messages is not None:
        given["messages"] = body.messages
    else:
        check_prompt(body.prompt)
        system = [{"role": "system", "parts": [{"type": "text", "text": body.system}]}] if body.system else []
        given["messages"] = [*system, {"role": "user", "parts": [{"type": "text", "text": body.prompt}]}]
    routing = given.get("routing", {})
    if routing.get("task") is None and (task := _task(body, template)) is not None:
        given["routing"] = {**routing, "task": task}
    return given


def _task(body: StepBody, template: NamedTemplate | None) -> TaskType | None:
    return task_of(body.task_type) or (template.document.task if template else None)
