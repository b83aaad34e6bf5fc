"""`/api/webhooks`: who is told what budgets have to say. An admin's door."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import Caller, DoorsOf
from api.bodies import Body, path_id
from api.documenting import documented, json_body
from api.json import json_response
from api.reading import read_body
from contracts.errors import ErrorKind, PerdureError
from contracts.webhooks import Announcement, EventType
from domain.webhooks.addresses import check_url
from storage import audit, outbox, webhooks
from storage.ids import new_id
from storage.keys import ApiKey
from storage.outbox import Delivery
from storage.webhooks import Webhook

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])
SHOWN = 20
_ASKABLE = [one for one in EventType if one is not EventType.PING]

_WEBHOOK = {
    "id": "01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b44",
    "url": "https://hooks.example.com/budgets",
    "events": ["budget.threshold", "budget.waiting"],
    "created_at": "2026-03-01T12:00:00+00:00",
    "ended_at": None,
    "ended_because": None,
}
_DELIVERY = {
    "event_id": "01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b55",
    "type": "budget.threshold",
    "state": "pending",
    "tries": 2,
    "error": "The address answered HTTP 503.",
    "created_at": "2026-03-01T12:00:00+00:00",
    "next_at": "2026-03-01T12:00:04+00:00",
    "delivered_at": None,
}


class WebhookBody(Body):
    """An address, and what it is told; no `events` mean everything."""

    url: str = Field(min_length=1, max_length=2_000)
    events: list[EventType] = Field(default=[], max_length=len(EventType))


@router.get("", responses=documented({200: ("The webhooks.", {"data": [_WEBHOOK]})}, errors=(401, 403)))
async def list_webhooks(caller: Caller, doors: DoorsOf) -> Response:
    """The workspace's webhooks, oldest first."""
    async with doors.database.begin() as connection:
        found = await webhooks.listed(connection, workspace_id=caller.workspace_id)
    return json_response({"data": [_shown(one) for one in found]})


@router.post(
    "",
    status_code=201,
    responses=documented({201: ("The webhook.", _WEBHOOK)}, errors=(400, 401, 403, 409, 413)),
    openapi_extra=json_body(WebhookBody, {"url": _WEBHOOK["url"], "events": _WEBHOOK["events"]}),
)
async def create_webhook(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Have an address told of events from now on, by POST, signed as the Standard Webhooks specification says.

    Only an answer from 200 to 299 takes a message; else it is sent again for a day, with the same `webhook-id`. 410 ends the
    webhook.
    """
    body = await read_body(request, WebhookBody, limit=doors.max_request_bytes)
    check_url(body.url)
    for at, one in enumerate(body.events):
        if one not in _ASKABLE:
            message = f"events.{at}: every webhook is told of {one.value}; leave it out."
            raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=f"events.{at}")
    if not doors.callbacks:
        message = "This deployment signs nothing: PERDURE_CALLBACK_SECRET is not set."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message)
    async with doors.database.begin() as connection:
        made = await webhooks.create(
            connection,
            workspace_id=caller.workspace_id,
            url=body.url,
            events=sorted(set(body.events)),
            now=doors.clock(),
        )
        await _record(connection, doors, caller, "webhook.created", made)
    return json_response(_shown(made), 201, {"Location": f"/api/webhooks/{made.id}"})


@router.get(
    "/{webhook_id}",
    responses=documented(
        {200: ("The webhook, and what it was told last.", {**_WEBHOOK, "deliveries": [_DELIVERY]})},
        errors=(401, 403, 404),
    ),
)
async def get_webhook(webhook_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """One webhook, and how the telling of its last twenty messages stands."""
    one = path_id(webhook_id, "webhook")
    async with doors.database.begin() as connection:
        # First what was told: a webhook that a message ended is then shown as ended.
        told = await outbox.of_webhook(connection, one, limit=SHOWN)
        found = await webhooks.find(connection, one, workspace_id=caller.workspace_id)
    return json_response({**_shown(found), "deliveries": [_delivery(message) for message in told]})


@router.post(
    "/{webhook_id}/ping",
    status_code=202,
    responses=documented({202: ("It will be told.", {"event_id": _DELIVERY["event_id"]})}, errors=(401, 403, 404, 409)),
)
async def ping_webhook(webhook_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Have it told of a `webhook.ping`, to see that it listens. What came of it is among its deliveries."""
    event_id, now = new_id(), doors.clock()
    async with doors.database.begin() as connection:
        found = await webhooks.find(connection, path_id(webhook_id, "webhook"), workspace_id=caller.workspace_id)
        if found.ended_at is not None:
            raise PerdureError(ErrorKind.CONFLICT, f"The webhook has ended: {found.ended_because}")
        said = Announcement(found.workspace_id, event_id, EventType.PING, {}, now)
        await outbox.add(connection, said, webhook_id=found.id)
    return json_response({"event_id": str(event_id)}, 202)


@router.delete("/{webhook_id}", status_code=204, responses=documented({204: ("Ended.", None)}, errors=(401, 403, 404)))
async def delete_webhook(webhook_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """End a webhook. What it was still to be told is dropped."""
    async with doors.database.begin() as connection:
        found = await webhooks.find(connection, path_id(webhook_id, "webhook"), workspace_id=caller.workspace_id)
        await webhooks.delete(connection, found.id, workspace_id=caller.workspace_id)
        await _record(connection, doors, caller, "webhook.deleted", found)
    return Response(status_code=204)


def _shown(one: Webhook) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "url": one.url,
        "events": [event.value for event in one.events],
        "created_at": one.created_at.isoformat(),
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
        "ended_because": one.ended_because,
    }


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "event_id": str(one.event_id),
        "type": one.type,
        "state": one.state,
        "tries": one.tries,
        "error": one.error,
        "created_at": one.created_at.isoformat(),
        "next_at": one.next_at.isoformat() if one.next_at else None,
        "delivered_at": one.delivered_at.isoformat() if one.delivered_at else None,
    }


async def _record(connection: AsyncConnection, doors: DoorsOf, caller: ApiKey, action: str, one: Webhook) -> None:
    await audit.record(
        connection,
        workspace_id=caller.workspace_id,
        at=doors.clock(),
        actor=caller.prefix,
        action=action,
        subject_id=one.id,
    )
