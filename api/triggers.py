"""`/api/triggers`: pipelines that are run when something is delivered, or when another pipeline's run has ended."""

import secrets
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples_triggers as examples
from api.auth import Caller, DoorsOf
from api.bodies import path_id
from api.documenting import documented, json_body
from api.json import json_response
from api.paging import DEFAULT_LIMIT
from api.reading import read_body
from api.trigger_bodies import TriggerBody, TriggerChange, states_of, wish_of
from api.triggering import check_asked, new_trigger, note, page, remove, shown
from contracts.errors import ErrorKind, PerdureError
from contracts.triggers import TriggerAsked, TriggerKind
from domain.signing import secret_of
from storage import triggers
from storage.triggers import Trigger

router = APIRouter(prefix="/api/triggers", tags=["triggers"])
_KINDS = (TriggerKind.WEBHOOK, TriggerKind.PIPELINE)
_SECRET_BYTES = 32


@router.post(
    "",
    status_code=201,
    responses=documented(
        {201: ("The trigger; a webhook's secret is shown this once.", examples.NEW_TRIGGER)},
        errors=(400, 401, 403, 404, 409, 413),
    ),
    openapi_extra=json_body(TriggerBody, examples.TRIGGER_BODY),
)
async def create(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Run a pipeline whenever something is delivered, or another pipeline's run ends. Its runs spend as this key."""
    body = await read_body(request, TriggerBody, limit=doors.max_request_bytes)
    kind = TriggerKind.WEBHOOK if body.webhook else TriggerKind.PIPELINE
    asked = TriggerAsked(run=wish_of(body), states=states_of(body.states))
    secret = secrets.token_bytes(_SECRET_BYTES) if body.webhook else None
    made = new_trigger(doors, caller, kind, body.name, body.pipeline, asked, source=body.after, secret=secret)
    async with doors.database.begin() as connection:
        await check_asked(doors, connection, caller, kind, body.pipeline, asked)
        made = await triggers.add(connection, made)
        if body.paused:
            made = await triggers.change(connection, made.id, asked=asked, paused=True, now=doors.clock())
        await note(connection, doors, caller, made, "created")
    return json_response(_with_secret(made, secret), 201, {"Location": f"/api/triggers/{made.id}"})


@router.get("", responses=documented({200: ("A page.", examples.TRIGGERS)}, errors=(400, 401)))
async def list_triggers(
    caller: Caller, doors: DoorsOf, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Response:
    """The workspace's triggers, by name."""
    return await page(doors, caller, _KINDS, cursor=cursor, limit=limit)


@router.get("/{trigger_id}", responses=documented({200: ("The trigger.", examples.TRIGGER)}, errors=(401, 404)))
async def get_trigger(trigger_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """A trigger, and what came of it the last time."""
    async with doors.database.begin() as connection:
        found = await triggers.find(
            connection, path_id(trigger_id, "trigger"), workspace_id=caller.workspace_id, kinds=_KINDS
        )
    return json_response(shown(found))


@router.patch(
    "/{trigger_id}",
    responses=documented({200: ("The trigger.", examples.TRIGGER)}, errors=(400, 401, 403, 404, 413)),
    openapi_extra=json_body(TriggerChange, {"paused": True}),
)
async def change(trigger_id: str, request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Change what is run, or hold it (`paused`)."""
    body = await read_body(request, TriggerChange, limit=doors.max_request_bytes)
    async with doors.database.begin() as connection:
        found = await triggers.find(
            connection, path_id(trigger_id, "trigger"), workspace_id=caller.workspace_id, kinds=_KINDS, lock=True
        )
        states = found.asked.states if body.states is None else states_of(body.states)
        asked = TriggerAsked(run=wish_of(body, found.asked.run), states=states)
        await check_asked(doors, connection, caller, found.kind, found.pipeline, asked)
        paused = found.paused if body.paused is None else body.paused
        changed = await triggers.change(connection, found.id, asked=asked, paused=paused, now=doors.clock())
        await note(connection, doors, caller, changed, "changed")
    return json_response(shown(changed))


@router.post(
    "/{trigger_id}/rotate",
    responses=documented(
        {200: ("The trigger with its new secret, shown this once.", examples.NEW_TRIGGER)}, errors=(401, 403, 404, 409)
    ),
)
async def rotate(trigger_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Give a webhook another secret. Deliveries that are signed with the former are refused from now on."""
    secret = secrets.token_bytes(_SECRET_BYTES)
    async with doors.database.begin() as connection:
        found = await triggers.find(
            connection, path_id(trigger_id, "trigger"), workspace_id=caller.workspace_id, kinds=_KINDS, lock=True
        )
        if found.kind is not TriggerKind.WEBHOOK:
            raise PerdureError(ErrorKind.CONFLICT, f"The trigger {found.name!r} is no webhook, and has no secret.")
        changed = await triggers.change(
            connection, found.id, asked=found.asked, paused=found.paused, secret=secret, now=doors.clock()
        )
        await note(connection, doors, caller, changed, "rotated")
    return json_response(_with_secret(changed, secret))


@router.delete("/{trigger_id}", status_code=204, responses=documented({204: ("Ended.", None)}, errors=(401, 403, 404)))
async def delete(trigger_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """End a trigger; its runs stay."""
    async with doors.database.begin() as connection:
        await remove(doors, connection, caller, path_id(trigger_id, "trigger"), _KINDS)
    return Response(status_code=204)


def _with_secret(made: Trigger, secret: bytes | None) -> dict[str, Any]:
    return {**shown(made), **({"secret": secret_of(secret)} if secret is not None else {})}
