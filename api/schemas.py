"""`/api/schemas`: JSON Schemas of answers, by name and in versions."""

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples_steps as shapes
from api.auth import Caller, DoorsOf
from api.documenting import documented
from api.json import json_response
from api.parsing import parse_json
from api.reading import read_bytes
from contracts.errors import ErrorKind, PerdureError
from domain.structured.judging import check_schema
from domain.templates.document import NAME
from storage import documents
from storage.documents import Stored

router = APIRouter(prefix="/api/schemas", tags=["steps"])


@router.get("", responses=documented({200: ("The newest of each.", {"data": [shapes.SCHEMA]})}, errors=(401, 503)))
async def list_schemas(caller: Caller, doors: DoorsOf) -> Response:
    """The workspace's schemas, which structured output takes by name."""
    async with doors.database.begin() as connection:
        found = await documents.listed(connection, "answer_schemas", workspace_id=caller.workspace_id)
    return json_response({"data": [_shown(one) for one in found]})


@router.get("/{name}", responses=documented({200: ("The schema.", shapes.SCHEMA)}, errors=(401, 404)))
async def get_schema(name: str, caller: Caller, doors: DoorsOf, version: int | None = None) -> Response:
    """The newest version, or another."""
    async with doors.database.begin() as connection:
        found = await documents.find(
            connection, "answer_schemas", name, workspace_id=caller.workspace_id, version=version
        )
    if found is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no schema {name[:100]!r} of that version.")
    return json_response(_shown(found))


@router.put(
    "/{name}",
    responses=documented(
        {200: ("It was the newest version already.", shapes.SCHEMA), 201: ("A new version.", shapes.SCHEMA)},
        errors=(400, 401, 413),
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}, "example": shapes.SCHEMA["schema"]}},
        }
    },
)
async def put_schema(request: Request, name: str, caller: Caller, doors: DoorsOf) -> Response:
    """Store a JSON Schema (the body itself) as the next version of its name."""
    if not re.fullmatch(NAME, name):
        message = "A name has 1 to 64 lower-case letters, digits, - and _, and begins with a letter."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="name")
    body: Any = parse_json(await read_bytes(request, doors.max_request_bytes))
    check_schema(body)
    async with doors.database.begin() as connection:
        stored, new = await documents.store(
            connection, "answer_schemas", name, body, workspace_id=caller.workspace_id, now=doors.clock()
        )
    return json_response(_shown(stored), 201 if new else 200)


def _shown(one: Stored) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.version,
        "created_at": one.created_at.isoformat(),
        "schema": one.document,
    }
