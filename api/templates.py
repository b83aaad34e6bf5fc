"""`/api/templates`: templates of prompts, in versions."""

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples_steps as shapes
from api.auth import Caller, DoorsOf
from api.bodies import Body
from api.documenting import documented, json_body
from api.json import json_response
from api.reading import read_body
from api.templating import NamedTemplate, all_templates, find_template
from contracts.errors import ErrorKind, PerdureError
from domain.structured.judging import check_schema
from domain.templates.document import NAME, TemplateDocument
from domain.templates.filling import fill
from storage import documents

router = APIRouter(prefix="/api/templates", tags=["steps"])


class PreviewBody(Body):
    """The variables to fill in."""

    variables: dict[str, Any] = {}


@router.get("", responses=documented({200: ("The newest of each.", {"data": [shapes.TEMPLATE]})}, errors=(401, 503)))
async def list_templates(caller: Caller, doors: DoorsOf) -> Response:
    """All templates: the workspace's own, and those that come with Perdure (`shipped`, version 0)."""
    async with doors.database.begin() as connection:
        found = await all_templates(connection, workspace_id=caller.workspace_id)
    return json_response({"data": [shown_template(one) for one in found]})


@router.get("/{name}", responses=documented({200: ("The template.", shapes.TEMPLATE)}, errors=(401, 404)))
async def get_template(name: str, caller: Caller, doors: DoorsOf) -> Response:
    """The newest version, or `name@version`."""
    async with doors.database.begin() as connection:
        found = await find_template(connection, name, workspace_id=caller.workspace_id)
    return json_response(shown_template(found))


@router.get(
    "/{name}/versions",
    responses=documented({200: ("Newest first.", {"data": [shapes.TEMPLATE]})}, errors=(401, 404)),
)
async def list_versions(name: str, caller: Caller, doors: DoorsOf) -> Response:
    """Every version of the workspace's own template."""
    async with doors.database.begin() as connection:
        found = await documents.versions(connection, "templates", name, workspace_id=caller.workspace_id)
        if not found:
            shipped = await find_template(connection, name, workspace_id=caller.workspace_id)
            return json_response({"data": [shown_template(shipped)]})
    rows = [
        NamedTemplate(one.name, one.version, TemplateDocument.model_validate(one.document), one.created_at)
        for one in found
    ]
    return json_response({"data": [shown_template(one) for one in rows]})


@router.put(
    "/{name}",
    responses=documented(
        {
            200: ("It was the newest version already.", shapes.TEMPLATE),
            201: ("A new version.", shapes.TEMPLATE),
        },
        errors=(400, 401, 413),
    ),
    openapi_extra=json_body(TemplateDocument, shapes.TEMPLATE_BODY),
)
async def put_template(request: Request, name: str, caller: Caller, doors: DoorsOf) -> Response:
    """Store a template as the next version of its name. What runs keeps the version that it began with."""
    _check_name(name)
    body = await read_body(request, TemplateDocument, limit=doors.max_request_bytes)
    if body.output_schema is not None:
        check_schema(body.output_schema, field="output_schema")
    async with doors.database.begin() as connection:
        stored, new = await documents.store(
            connection,
            "templates",
            name,
            body.model_dump(mode="json", exclude_defaults=True),
            workspace_id=caller.workspace_id,
            now=doors.clock(),
        )
    shown = shown_template(NamedTemplate(name, stored.version, body, stored.created_at))
    return json_response(shown, 201 if new else 200)


@router.post(
    "/{name}/preview",
    responses=documented({200: ("The texts as a model would get them.", shapes.PREVIEW)}, errors=(400, 401, 404)),
    openapi_extra=json_body(PreviewBody, {"variables": {"text": "…"}}),
)
async def preview_template(request: Request, name: str, caller: Caller, doors: DoorsOf) -> Response:
    """Fill a template in and ask nobody."""
    body = await read_body(request, PreviewBody, limit=doors.max_request_bytes)
    async with doors.database.begin() as connection:
        found = await find_template(connection, name, workspace_id=caller.workspace_id)
    filled = fill(found.document, body.variables)
    return json_response(
        {"name": found.name, "version": found.version, "system": filled.system, "prompt": filled.prompt}
    )


def shown_template(one: NamedTemplate) -> dict[str, Any]:
    """A template in JSON."""
    return {
        "name": one.name,
        "version": one.version,
        "shipped": one.created_at is None,
        "created_at": one.created_at.isoformat() if one.created_at else None,
        **one.document.model_dump(mode="json", exclude_none=True),
    }


def _check_name(name: str) -> None:
    if not re.fullmatch(NAME, name):
        message = "A name has 1 to 64 lower-case letters, digits, - and _, and begins with a letter."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="name")
