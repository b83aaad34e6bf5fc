"""`/api/keys`: who may use the workspace, for what. An admin's door; a key sees its own workspace alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api import examples_budgets as examples
from api.auth import Caller, DoorsOf
from api.documenting import documented, json_body
from api.doors import Doors
from api.json import json_response
from api.key_bodies import KeyBody, KeyChange, RotateBody
from api.reading import read_body
from contracts.budgets import Scope
from contracts.errors import ErrorKind, PerdureError
from domain.budgets.terms import check_terms, check_text
from storage import audit, budgets, keys
from storage.keys import ApiKey, KeyRights

router = APIRouter(prefix="/api/keys", tags=["keys"])


@router.get("", responses=documented({200: ("The keys.", examples.KEYS)}, errors=(401, 403)))
async def list_keys(caller: Caller, doors: DoorsOf) -> Response:
    """The workspace's keys, oldest first, ended ones included. A key itself is shown when it is made, and never again."""
    async with doors.database.begin() as connection:
        found = await keys.listed(connection, workspace_id=caller.workspace_id)
    return json_response({"data": [shown(one) for one in found]})


@router.post(
    "",
    status_code=201,
    responses=documented({201: ("The key, shown this once.", examples.NEW_KEY)}, errors=(400, 401, 403, 413)),
    openapi_extra=json_body(KeyBody, examples.KEY_BODY),
)
async def create_key(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Make a key, with a budget of its own where one is given."""
    body = await read_body(request, KeyBody, limit=doors.max_request_bytes)
    rights = KeyRights(tuple(body.scopes), tuple(body.allowed_models), body.user_tier, body.expires_at)
    check_text(body.name, "name")
    _check(doors, caller, rights)
    secret, now, budget_id = keys.new_secret(), doors.clock(), None
    async with doors.database.begin() as connection:
        made = await keys.add(
            connection, secret, workspace_id=caller.workspace_id, name=body.name, now=now, rights=rights
        )
        if body.budget is not None:
            terms = body.budget.terms(Scope.KEY, str(made.id), f"key {body.name}"[:200])
            check_terms(terms)
            budget_id = (await budgets.create(connection, caller.workspace_id, terms, now=now)).id
        await _record(connection, doors, caller, "key.created", made.id)
    answer = {**shown(made), "key": secret, "budget_id": str(budget_id) if budget_id else None}
    return json_response(answer, 201, {"Location": f"/api/keys/{made.id}"})


@router.get("/{key}", responses=documented({200: ("The key.", examples.KEY)}, errors=(401, 403, 404)))
async def get_key(key: str, caller: Caller, doors: DoorsOf) -> Response:
    """One key, by its id or its visible prefix."""
    async with doors.database.begin() as connection:
        found = await keys.named(connection, key, workspace_id=caller.workspace_id)
    return json_response(shown(found))


@router.patch(
    "/{key}",
    responses=documented({200: ("The key as it now is.", examples.KEY)}, errors=(400, 401, 403, 404, 413)),
    openapi_extra=json_body(KeyChange, {"scopes": ["read"], "expires_at": None}),
)
async def change_key(request: Request, key: str, caller: Caller, doors: DoorsOf) -> Response:
    """Change what a key may do. Servers that have just seen it may go by its former rights for ten seconds more."""
    body = await read_body(request, KeyChange, limit=doors.max_request_bytes)
    said = body.model_dump(exclude_unset=True)
    if body.name is not None:
        check_text(body.name, "name")
    async with doors.database.begin() as connection:
        before = await keys.named(connection, key, workspace_id=caller.workspace_id)
        changes: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in said.items()
            if name in ("user_tier", "expires_at") or (name != "name" and value is not None)
        }
        rights = replace(before.rights, **changes)
        _check(doors, caller, rights)
        after = await keys.change(connection, before.id, name=body.name or before.name, rights=rights)
        await _record(connection, doors, caller, "key.changed", before.id)
    return json_response(shown(after))


@router.post(
    "/{key}/rotate",
    status_code=201,
    responses=documented(
        {201: ("The new key, shown this once.", examples.NEW_KEY)}, errors=(400, 401, 403, 404, 409, 413)
    ),
    openapi_extra=json_body(RotateBody, {"grace_seconds": 3600}),
)
async def rotate_key(request: Request, key: str, caller: Caller, doors: DoorsOf) -> Response:
    """Make a key in place of another: the same name, rights and budgets, what was spent included. The former ends."""
    body = await read_body(request, RotateBody, limit=doors.max_request_bytes)
    secret, now = keys.new_secret(), doors.clock()
    async with doors.database.begin() as connection:
        former = await keys.named(connection, key, workspace_id=caller.workspace_id)
        if former.revoked_at is not None or (former.rights.expires_at or now + timedelta(1)) <= now:
            raise PerdureError(ErrorKind.CONFLICT, f"The key {former.prefix} has ended. Make a new one.")
        ends = now + timedelta(seconds=body.grace_seconds)
        made = await keys.rotate(connection, former, secret, now=now, ends_at=ends)
        await _record(connection, doors, caller, "key.rotated", made.id)
    return json_response({**shown(made), "key": secret}, 201, {"Location": f"/api/keys/{made.id}"})


@router.delete("/{key}", responses=documented({200: ("The key, ended.", examples.KEY)}, errors=(401, 403, 404)))
async def revoke_key(key: str, caller: Caller, doors: DoorsOf) -> Response:
    """End a key. Idempotent. Servers that have just seen it may honour it for ten seconds more."""
    async with doors.database.begin() as connection:
        found = await keys.revoke(connection, key, workspace_id=caller.workspace_id, now=doors.clock())
        await _record(connection, doors, caller, "key.revoked", found.id)
    return json_response(shown(found))


def shown(key: ApiKey) -> dict[str, Any]:
    """A key as a client sees it."""
    rights = key.rights
    return {
        "id": str(key.id),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": [one.value for one in rights.scopes],
        "allowed_models": list(rights.allowed_models),
        "user_tier": rights.user_tier,
        "created_at": key.created_at.isoformat(),
        "expires_at": rights.expires_at.isoformat() if rights.expires_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
        "replaces": str(key.replaces) if key.replaces else None,
    }


def _check(doors: Doors, caller: ApiKey, rights: KeyRights) -> None:
    _check_names(rights.allowed_models)
    tiers = doors.policies.effective(caller.workspace_id).policy.user_tiers
    if rights.user_tier is not None and tiers and rights.user_tier not in tiers:
        message = f"The policy knows no user tier {rights.user_tier!r}; it knows {', '.join(sorted(tiers))}."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="user_tier")
    if rights.user_tier is not None:
        check_text(rights.user_tier, "user_tier")
    if rights.expires_at is not None and rights.expires_at <= doors.clock():
        raise PerdureError(ErrorKind.INVALID_REQUEST, "expires_at has passed already.", field="expires_at")


def _check_names(names: Sequence[str]) -> None:
    for at, name in enumerate(names):
        field = f"allowed_models.{at}"
        if not name or "*" in name[:-1]:
            message = f"{field}: a model's name, or its beginning and a `*`."
            raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=field)
        check_text(name, field)


async def _record(connection: AsyncConnection, doors: Doors, caller: ApiKey, action: str, key_id: UUID) -> None:
    await audit.record(
        connection,
        workspace_id=caller.workspace_id,
        at=doors.clock(),
        actor=caller.prefix,
        action=action,
        subject_id=key_id,
    )
