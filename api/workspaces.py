"""`/api/workspaces`: made and seen by the admins of the default workspace; any other's admins see their own."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from api import examples_budgets as examples
from api.auth import Caller, DoorsOf
from api.bodies import Body
from api.documenting import documented, json_body
from api.json import json_response
from api.keys import shown as shown_key
from api.reading import read_body
from contracts.errors import ErrorKind, PerdureError
from domain.budgets.terms import check_text
from storage import audit, keys, workspaces
from storage.workspaces import DEFAULT, Workspace

router = APIRouter(prefix="/api/workspaces", tags=["keys"])

_WORKSPACE = {
    "id": "01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b66",
    "name": "research",
    "created_at": "2026-03-01T12:00:00+00:00",
}


class WorkspaceBody(Body):
    """A new workspace; `key_name` is what its first key, an admin's, is called."""

    name: str = Field(min_length=1, max_length=200)
    key_name: str = Field(default="admin", min_length=1, max_length=200)


@router.get("", responses=documented({200: ("The workspaces.", {"data": [_WORKSPACE]})}, errors=(401, 403)))
async def list_workspaces(caller: Caller, doors: DoorsOf) -> Response:
    """All workspaces for an admin of the default one, oldest first; for any other's, its own alone."""
    async with doors.database.begin() as connection:
        own = await workspaces.find(connection, caller.workspace_id)
        found = await workspaces.listed(connection) if own.name == DEFAULT else [own]
    return json_response({"data": [_shown(one) for one in found]})


@router.post(
    "",
    status_code=201,
    responses=documented(
        {201: ("The workspace, and its first key, shown this once.", {**_WORKSPACE, "key": examples.NEW_KEY})},
        errors=(400, 401, 403, 409, 413),
    ),
    openapi_extra=json_body(WorkspaceBody, {"name": "research"}),
)
async def create_workspace(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Make a workspace with an admin's key, which makes its others. The default workspace's admins do so."""
    body = await read_body(request, WorkspaceBody, limit=doors.max_request_bytes)
    for name in ("name", "key_name"):
        check_text(getattr(body, name), name)
    if not body.name.strip():
        raise PerdureError(ErrorKind.INVALID_REQUEST, "name is empty; give the workspace a name.", field="name")
    secret, now = keys.new_secret(), doors.clock()
    async with doors.database.begin() as connection:
        own = await workspaces.find(connection, caller.workspace_id)
        if own.name != DEFAULT:
            message = f"Workspaces are made by the admins of the workspace {DEFAULT!r}; this key is of {own.name!r}."
            raise PerdureError(ErrorKind.ACCESS_DENIED, message)
        made = await workspaces.create(connection, name=body.name, now=now)
        key = await keys.add(connection, secret, workspace_id=made.id, name=body.key_name, now=now)
        await audit.record(
            connection,
            workspace_id=caller.workspace_id,
            at=now,
            actor=caller.prefix,
            action="workspace.created",
            subject_id=made.id,
            detail={"name": made.name},
        )
    shown = {**shown_key(key), "key": secret, "budget_id": None}
    return json_response({**_shown(made), "key": shown}, 201)


def _shown(one: Workspace) -> dict[str, Any]:
    return {"id": str(one.id), "name": one.name, "created_at": one.created_at.isoformat()}
