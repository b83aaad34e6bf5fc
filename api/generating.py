"""`/api/models/generate`, `/stream` and `/test`: one prompt, a routing context, one answer."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, model_validator

from api import examples
from api import examples_routes as shapes
from api.asking import check_prompt, turn_request
from api.auth import Caller, DoorsOf
from api.bodies import Body, KnobsBody, LimitsBody, RoutingBody, TurnBody
from api.documenting import documented, json_body
from api.doors import Doors
from api.events import turn_events
from api.following import failure_of, load, wait_for_end
from api.json import json_response
from api.naming import Names, names_for
from api.reading import read_body
from api.showing_routes import usd
from api.submitting import given_key, submit
from contracts.parts import Message, RefusalPart, TextPart, ToolCallPart
from contracts.requests import OutputFormat, Tool, ToolChoice
from contracts.turns import OnNewAttempt, TurnRequest, TurnResult
from storage import ledger
from storage.keys import ApiKey

router = APIRouter(prefix="/api/models", tags=["models"])
TEST_PROMPT = "Say ok."
TEST_TOKENS = 16
_ERRORS = (400, 401, 404, 409, 413, 429, 502, 503, 504)


class GenerateBody(Body):
    """A prompt (or `messages`) and what routing should heed. Without `model` and `models` routing chooses."""

    prompt: str | None = Field(default=None, examples=[examples.QUESTION])
    messages: list[Message] | None = None
    model: str | None = None
    models: list[str] = Field(default=[], max_length=10)
    routing: RoutingBody = RoutingBody()
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    output: OutputFormat | None = None
    knobs: KnobsBody = KnobsBody()
    provider_options: dict[str, dict[str, Any]] = {}
    on_new_attempt: OnNewAttempt = "reset"
    limits: LimitsBody = LimitsBody()
    metadata: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "GenerateBody":
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("give either prompt or messages")
        return self

    def request(self, names: Names) -> TurnRequest:
        """The turn that it asks for. Raises `invalid_request` or `not_found`, naming the field."""
        check_prompt(self.prompt)
        given = self.model_dump(exclude={"prompt"}, exclude_unset=True)
        return turn_request(TurnBody.model_validate({**given, "content": self.prompt}), names)


class TestBody(Body):
    """Which model to test, and with which words."""

    __test__ = False

    model: str = Field(min_length=1, max_length=300, examples=["sim:sim-fast"])
    prompt: str = Field(default=TEST_PROMPT, min_length=1, max_length=10_000)


@router.post(
    "/generate",
    responses=documented({200: ("The answer, and why this model gave it.", shapes.GENERATED)}, errors=_ERRORS),
    openapi_extra=json_body(GenerateBody, shapes.GENERATE_BODY),
)
async def generate(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Answer a prompt by the model that routing chooses for it, and wait for the end. The turn goes on if the caller leaves."""
    body = await read_body(request, GenerateBody, limit=doors.max_request_bytes)
    asked = body.request(await names_for(doors, caller))
    result = await answered(doors, caller, asked, key=given_key(request.headers))
    if (failed := failure_of(result)) is not None:
        raise failed
    return json_response(await shown_answer(doors, caller, result), headers={"X-Perdure-Turn-Id": str(result.turn_id)})


@router.post(
    "/stream",
    responses=documented({200: ("The turn's events.", examples.EVENTS)}, errors=_ERRORS),
    openapi_extra=json_body(GenerateBody, shapes.GENERATE_BODY),
)
async def stream(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """The same, as the turn's events, which `GET /api/turns/{id}/events` resumes."""
    body = await read_body(request, GenerateBody, limit=doors.max_request_bytes)
    asked = body.request(await names_for(doors, caller))
    accepted = await submit(doors, caller, asked, idempotency_key=given_key(request.headers))
    return await turn_events(doors, accepted.turn_id, finished=accepted.state.finished)


@router.post(
    "/test",
    responses=documented({200: ("Whether it answers, how fast and at what cost.", shapes.TESTED)}, errors=_ERRORS),
    openapi_extra=json_body(TestBody, shapes.TEST_BODY),
)
async def test_model(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Ask one model for a few words, once. `ok` says whether it answered; a failure is told in `error_kind` and `error`."""
    body = await read_body(request, TestBody, limit=doors.max_request_bytes)
    asked = turn_request(
        TurnBody(
            content=body.prompt,
            model=body.model,
            routing=RoutingBody(fallbacks=False),
            knobs=KnobsBody(max_output_tokens=TEST_TOKENS),
            limits=LimitsBody(same_candidate=1, only_candidate=1),
        ),
        await names_for(doors, caller),
    )
    result = await answered(doors, caller, asked)
    shown = await shown_answer(doors, caller, result)
    async with doors.database.begin() as connection:
        rows = await ledger.of_turn(connection, result.turn_id, workspace_id=caller.workspace_id)
    last = rows[-1] if rows else None
    ended = last.finished_at if last else None
    shown |= {
        "asked": body.model,
        "ok": failure_of(result) is None,
        "first_token_ms": last.first_token_ms if last else None,
        "total_ms": int((ended - last.started_at).total_seconds() * 1000) if last and ended else None,
    }
    return json_response(shown)


async def answered(doors: Doors, caller: ApiKey, asked: TurnRequest, *, key: str | None = None) -> TurnResult:
    """Submit a turn and wait for its end."""
    accepted = await submit(doors, caller, asked, idempotency_key=key)
    return await wait_for_end(doors, accepted.turn_id, finished=accepted.state.finished)


async def shown_answer(doors: Doors, caller: ApiKey, result: TurnResult) -> dict[str, Any]:
    """A finished turn in one flat object: text, who answered and why, what it used and cost."""
    row, said = await load(doors, result.turn_id, workspace_id=caller.workspace_id)
    parts = next((one.message.parts for one in said if one.id == result.message_id), ())
    plan = row.plan
    reason = next((one.reason for one in plan.candidates if one.model == result.model), None) if plan else None
    return {
        "turn_id": str(result.turn_id),
        "state": result.state.value,
        "text": "".join(part.text for part in parts if isinstance(part, TextPart | RefusalPart)),
        "tool_calls": [part.model_dump(mode="json") for part in parts if isinstance(part, ToolCallPart)],
        "finish_reason": result.finish_reason,
        "model": str(result.model) if result.model else None,
        "served_model": result.served_model,
        "attempts": result.attempts,
        "reason": reason,
        "usage": result.usage.model_dump() if result.usage else None,
        "cost_usd": usd(result.cost.total) if result.cost else None,
        "simulated": result.simulated,
        "ignored": list(result.ignored),
        "dropped": list(result.dropped),
        **_failure(result),
    }


def _failure(result: TurnResult) -> dict[str, Any]:
    if result.error_kind is None:
        return {}
    field = {} if result.error_field is None else {"error_field": result.error_field}
    return {"error_kind": result.error_kind.value, "error": result.error_message, **field}
