"""Keeping triggers: what all kinds share."""

from typing import Any
from uuid import UUID

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.callback_urls import check_callback
from api.doors import Doors
from api.json import json_response
from api.paging import decode_name, encode_name, page_limit
from api.trigger_bodies import moment
from contracts.pipelines.plan import PipelinePlan
from contracts.triggers import TriggerAsked, TriggerKind
from domain.runs.inputs import checked_inputs
from domain.runs.triggering import check_wish
from storage import audit, pipelines, triggers
from storage.ids import new_id
from storage.keys import ApiKey
from storage.triggers import Trigger


async def check_asked(
    doors: Doors, connection: AsyncConnection, key: ApiKey, kind: TriggerKind, pipeline: str, asked: TriggerAsked
) -> None:
    """Refuse what could never run. Raises `not_found`, `invalid_request`."""
    found = await pipelines.find(connection, pipeline, workspace_id=key.workspace_id, version=asked.run.version)
    check_wish(asked.run, kind)
    check_callback(asked.run.callback_url, doors)
    if kind is TriggerKind.SCHEDULE and "{{" not in asked.run.model_dump_json(include={"input"}):
        checked_inputs(PipelinePlan.model_validate_json(found.plan).definition, asked.run.input or {})


async def page(
    doors: Doors, key: ApiKey, kinds: tuple[TriggerKind, ...], *, cursor: str | None, limit: int
) -> Response:
    """A page of the workspace's triggers of these kinds, by name."""
    after, asked = decode_name(cursor) if cursor else "", page_limit(limit)
    async with doors.database.begin() as connection:
        found = await triggers.listed(
            connection, workspace_id=key.workspace_id, kinds=kinds, after=after, limit=asked + 1
        )
    following = encode_name(found[asked - 1].name) if len(found) > asked else None
    return json_response({"data": [shown(one) for one in found[:asked]], "next_cursor": following})


def new_trigger(
    doors: Doors,
    key: ApiKey,
    kind: TriggerKind,
    name: str,
    pipeline: str,
    asked: TriggerAsked,
    *,
    source: str | None = None,
    secret: bytes | None = None,
) -> Trigger:
    """A trigger that is not kept yet. Its runs spend as the caller's key."""
    now = doors.clock()
    return Trigger(
        id=new_id(),
        workspace_id=key.workspace_id,
        kind=kind,
        name=name,
        pipeline=pipeline,
        source=source,
        asked=asked,
        secret=secret,
        key_id=key.id,
        author=key.prefix,
        paused=False,
        last_run_id=None,
        last_error=None,
        last_at=None,
        created_at=now,
        updated_at=now,
    )


async def note(connection: AsyncConnection, doors: Doors, key: ApiKey, trigger: Trigger, action: str) -> None:
    """Who did what to it."""
    await audit.record(
        connection,
        workspace_id=key.workspace_id,
        at=doors.clock(),
        actor=key.prefix,
        action=f"trigger.{action}",
        subject_id=trigger.id,
        detail={"name": trigger.name, "kind": trigger.kind.value, "pipeline": trigger.pipeline},
    )


async def remove(
    doors: Doors, connection: AsyncConnection, key: ApiKey, trigger_id: UUID, kinds: tuple[TriggerKind, ...]
) -> Trigger:
    """End a trigger. Raises `not_found`."""
    found = await triggers.find(connection, trigger_id, workspace_id=key.workspace_id, kinds=kinds, lock=True)
    await triggers.delete(connection, found.id)
    await note(connection, doors, key, found, "deleted")
    return found


def shown(trigger: Trigger) -> dict[str, Any]:
    """A trigger in JSON, without its secret."""
    wish = trigger.asked.run
    kind: dict[str, Any]
    match trigger.kind:
        case TriggerKind.SCHEDULE:
            times = trigger.asked.times
            kind = {} if times is None else times.model_dump(mode="json")
        case TriggerKind.WEBHOOK:
            kind = {"url": f"/hooks/{trigger.id}"}
        case TriggerKind.PIPELINE:
            kind = {"after": trigger.source, "states": [one.value for one in trigger.asked.states]}
    return {
        "id": str(trigger.id),
        "kind": trigger.kind.value,
        "name": trigger.name,
        "pipeline": trigger.pipeline,
        **kind,
        **wish.model_dump(mode="json"),
        "paused": trigger.paused,
        "last": {
            "run": str(trigger.last_run_id) if trigger.last_run_id else None,
            "error": trigger.last_error,
            "at": moment(trigger.last_at),
        },
        "author": trigger.author,
        "created_at": moment(trigger.created_at),
        "updated_at": moment(trigger.updated_at),
    }
