"""`/hooks/{id}`: what others deliver. The signature is the key: see Standard Webhooks, spec 1.0.0."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples_triggers as examples
from api.auth import DoorsOf
from api.bodies import path_id
from api.documenting import documented
from api.doors import Doors
from api.json import json_response
from api.parsing import parse_json
from api.problems import UnauthenticatedError
from api.reading import read_bytes
from api.starting_runs import start
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import triggered_run_id
from contracts.pipelines.plan import PipelinePlan
from contracts.triggers import TriggerKind
from domain.runs.triggering import at_of, inputs_of, occasion_digest
from domain.signing import StaleError, UnsignedError, verified
from storage import keys, pipelines, triggers
from storage.accepting_runs import NewRun, accept_run
from storage.runs import RunSpender
from storage.triggers import Trigger

router = APIRouter(tags=["triggers"])


class NotSignedError(UnauthenticatedError):
    """A delivery without the right signature."""

    title = "The signature is missing or wrong."


@router.post(
    "/hooks/{trigger_id}",
    status_code=202,
    responses=documented({202: ("The run.", examples.DELIVERED)}, errors=(400, 401, 403, 404, 409, 413, 503)),
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": {}, "example": {"invoice": 7}}}}},
)
async def deliver(trigger_id: str, request: Request, doors: DoorsOf) -> Response:
    """Take a delivery, and start the trigger's run. The same delivery (`webhook-id`) starts it once.

    The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` have to be there: 401 for a signature that is not the
    secret's, 400 for a time more than five minutes away.
    """
    sent = await read_bytes(request, doors.max_request_bytes)
    async with doors.database.begin() as connection:
        found = await triggers.find(connection, path_id(trigger_id, "trigger"), kinds=(TriggerKind.WEBHOOK,))
    delivery = _verified(doors, found, request, sent)
    if found.paused:
        raise PerdureError(ErrorKind.CONFLICT, f"The trigger {found.name!r} is paused. Deliver again later.")
    try:
        run_id, finished = await _accepted(doors, found, delivery, parse_json(sent) if sent else None)
    except PerdureError as error:
        async with doors.database.begin() as connection:
            await triggers.note(connection, found.id, error=error.message, now=doors.clock())
        raise
    if not finished:
        await start(doors.temporal, run_id, found.workspace_id)
    return json_response({"run": str(run_id)}, 202)


def _verified(doors: Doors, found: Trigger, request: Request, sent: bytes) -> str:
    try:
        return verified(found.secret or b"", request.headers, sent, now=doors.clock())
    except UnsignedError as error:
        raise NotSignedError(str(error)) from None
    except StaleError as error:
        raise PerdureError(ErrorKind.INVALID_REQUEST, str(error), field="webhook-timestamp") from None


async def _accepted(doors: Doors, found: Trigger, delivery: str, body: Any) -> tuple[UUID, bool]:
    now, wish = doors.clock(), found.asked.run
    async with doors.database.begin() as connection:
        key = await keys.known(connection, found.key_id) if found.key_id is not None else None
        if key is not None:
            key.check_live(now)
        stored = await pipelines.find(connection, found.pipeline, workspace_id=found.workspace_id, version=wish.version)
        names = {"at": at_of(now), "trigger": found.name, "body": body}
        given = inputs_of(PipelinePlan.model_validate_json(stored.plan).definition, wish, names)
        asked = NewRun(
            id=triggered_run_id(found.id, delivery),
            given=given,
            digest=occasion_digest(delivery, {"body": body}),
            author=found.author,
            spender=RunSpender(found.key_id, wish.user),
            budget=wish.budget,
            metadata=wish.metadata,
            idempotency_key=delivery,
            callback_url=wish.callback_url,
            trigger_id=found.id,
        )
        state, _ = await accept_run(connection, stored, asked, now=now)
        await triggers.note(connection, found.id, run_id=asked.id, now=now)
    return asked.id, state.finished
