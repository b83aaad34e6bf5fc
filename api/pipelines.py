"""`/api/pipelines`: versions of pipelines, and the starts of their runs."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples_runs as examples
from api.auth import Caller, DoorsOf
from api.documenting import documented, json_body
from api.json import json_response
from api.paging import DEFAULT_LIMIT, decode_name, encode_name, page_limit
from api.pipeline_texts import InvalidPipelineError, bound_members, problem_members, read_pipeline
from api.policy_texts import decode_number, text_body
from api.reading import read_body, read_bytes
from api.run_bodies import RunBody
from api.showing_runs import show_run
from api.starting_runs import begin, check_wait, wait_for_run
from api.submitting import given_key
from domain.pipelines.writing import json_schema
from storage import pipelines
from storage.pipelines import ListedPipeline, StoredPipeline

router = APIRouter(prefix="/api/pipelines", tags=["pipelines"])
_LAST = 2**31 - 1


@router.post(
    "",
    status_code=201,
    responses=documented(
        {200: ("Stored already.", examples.STORED), 201: ("A new version.", examples.STORED)},
        errors=(400, 401, 413, 503),
    ),
    openapi_extra=text_body(examples.PIPELINE_TEXT),
)
async def put_pipeline(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Store a pipeline, YAML or JSON, as the newest version of its name.

    It is checked as a whole; an error answer lists everything that is wrong with its line. The answer says what a run may come to
    at most. Versions are never changed, and a run keeps the one that it was started with.
    """
    sent = await read_bytes(request, doors.max_request_bytes)
    found, known = await read_pipeline(doors, sent, caller.workspace_id)
    async with doors.database.begin() as connection:
        stored, new = await pipelines.put(
            connection,
            found.plan,
            workspace_id=caller.workspace_id,
            source=found.text,
            author=caller.prefix,
            now=doors.clock(),
        )
    shown = {
        **_version(stored),
        "new": new,
        "warnings": [problem_members(one) for one in found.warnings],
        "bound": bound_members(doors, found.plan.definition, known),
    }
    return json_response(shown, 201 if new else 200)


@router.post(
    "/check",
    responses=documented({200: ("What is wrong with it.", examples.CHECKED)}, errors=(401, 413)),
    openapi_extra=text_body(examples.PIPELINE_TEXT),
)
async def check_pipeline(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Check a pipeline without storing it: every error and warning with its line, and what a run may come to."""
    sent = await read_bytes(request, doors.max_request_bytes)
    try:
        found, known = await read_pipeline(doors, sent, caller.workspace_id)
    except InvalidPipelineError as wrong:
        shown: dict[str, Any] = {"valid": False, "version": None, "problems": wrong.members["errors"], "bound": None}
        return json_response(shown)
    shown = {
        "valid": True,
        "version": found.plan.version,
        "problems": [problem_members(one) for one in found.warnings],
        "bound": bound_members(doors, found.plan.definition, known),
    }
    return json_response(shown)


@router.get("", responses=documented({200: ("A page.", examples.PIPELINES)}, errors=(400, 401)))
async def list_pipelines(
    caller: Caller, doors: DoorsOf, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Response:
    """The workspace's pipelines by name, each with its newest version."""
    after, asked = decode_name(cursor) if cursor else "", page_limit(limit)
    async with doors.database.begin() as connection:
        found = await pipelines.names(connection, workspace_id=caller.workspace_id, after=after, limit=asked + 1)
    following = encode_name(found[asked - 1].name) if len(found) > asked else None
    return json_response({"data": [_listed(one) for one in found[:asked]], "next_cursor": following})


@router.get("/schema", responses=documented({200: ("The JSON schema.", {"title": "Perdure pipeline"})}, errors=(401,)))
async def get_schema(caller: Caller) -> Response:
    """The JSON schema of a pipeline, for editors."""
    return Response(json_response(json_schema()).body, media_type="application/schema+json")


@router.get("/{name}", responses=documented({200: ("The version.", examples.PIPELINE)}, errors=(401, 404)))
async def get_pipeline(name: str, caller: Caller, doors: DoorsOf, version: str | None = None) -> Response:
    """A pipeline's newest version, or the one whose hash begins with `version`, with its text."""
    async with doors.database.begin() as connection:
        stored = await pipelines.find(connection, name, workspace_id=caller.workspace_id, version=version)
    return json_response({**_version(stored), "source": stored.source})


@router.get("/{name}/versions", responses=documented({200: ("A page.", examples.PIPELINES)}, errors=(400, 401)))
async def list_versions(
    name: str, caller: Caller, doors: DoorsOf, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Response:
    """A pipeline's versions, newest first."""
    before, asked = _LAST if cursor is None else decode_number(cursor), page_limit(limit)
    async with doors.database.begin() as connection:
        found = await pipelines.versions(
            connection, name, workspace_id=caller.workspace_id, before=before, limit=asked + 1
        )
    following = str(found[asked - 1].number) if len(found) > asked else None
    return json_response({"data": [_listed(one) for one in found[:asked]], "next_cursor": following})


@router.post(
    "/{name}/runs",
    status_code=202,
    responses=documented(
        {200: ("The finished run (with `wait`).", examples.RUN), 202: ("The run, accepted or running.", examples.RUN)},
        errors=(400, 401, 404, 409, 413, 503),
    ),
    openapi_extra=json_body(RunBody, examples.RUN_BODY),
)
async def start_run(name: str, request: Request, caller: Caller, doors: DoorsOf, wait: float = 0) -> Response:
    """Run a pipeline.

    Answers 202 with the run; with `wait` (seconds) 200 with the finished run if it ends in time. An `Idempotency-Key` names the
    run: sent again, it attaches to the same run. The run goes on when the client leaves.
    """
    check_wait(wait)
    body = await read_body(request, RunBody, limit=doors.max_request_bytes)
    run_id = await begin(doors, caller, name, body, idempotency_key=given_key(request.headers))
    if wait:
        await wait_for_run(doors, run_id, wait)
    shown, finished = await show_run(doors, run_id, workspace_id=caller.workspace_id)
    return json_response(shown, 200 if finished else 202, {"Location": f"/api/runs/{run_id}"})


def _version(stored: StoredPipeline) -> dict[str, Any]:
    return {
        "name": stored.name,
        "number": stored.number,
        "version": stored.version,
        "author": stored.author,
        "created_at": stored.created_at,
    }


def _listed(one: ListedPipeline) -> dict[str, Any]:
    return {
        "name": one.name,
        "number": one.number,
        "version": one.version,
        "author": one.author,
        "created_at": one.created_at,
    }
