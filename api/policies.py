"""`/api/policies`: which models may answer what. The deployment's file, and this workspace's versions over it."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples
from api.auth import Caller, DoorsOf
from api.documenting import documented
from api.doors import Doors
from api.json import json_response
from api.paging import DEFAULT_LIMIT, page_limit
from api.policy_texts import (
    WORKSPACE,
    InvalidPolicyError,
    decode_number,
    expected_number,
    problem_members,
    text_body,
    version_number,
)
from api.problems import StaleError
from api.reading import read_bytes
from domain.policies.problems import PolicyError
from domain.policies.reading import Reading, read
from domain.policies.unknown import names_of, unknown_models
from domain.policies.writing import dumped, json_schema, version_of
from domain.yaml.writing import to_yaml
from storage import policies
from storage.policies import StoredPolicy, VersionMovedError

router = APIRouter(prefix="/api/policies", tags=["policies"])
_LAST = 2**31 - 1


@router.get("", responses=documented({200: ("The policy in force.", examples.POLICY)}, errors=(401, 503)))
async def get_policy(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """The workspace's policy in force, what it is made of, and what is wrong with that.

    `ETag` is the number of the workspace's version (`"0"`: none), for `If-Match`. With `Accept: application/yaml` the answer is
    the policy in force as YAML.
    """
    async with doors.database.begin() as connection:
        stored = await policies.newest(connection, workspace_id=caller.workspace_id)
    await doors.policies.refresh(caller.workspace_id)
    found = doors.policies.effective(caller.workspace_id)
    etag = {"ETag": f'"{stored.number if stored else 0}"', "X-Perdure-Policy-Version": found.version}
    if "yaml" in request.headers.get("accept", ""):
        return Response(to_yaml(dumped(found.policy)), headers=etag, media_type="application/yaml")
    names = names_of(doors.catalog)
    file = doors.policies.deployment
    shown = {
        "version": found.version,
        "policy": dumped(found.policy),
        "workspace": None if stored is None else _version(stored),
        "file": None
        if file.name is None
        else {
            "name": file.name,
            "version": file.policy.version,
            "document": file.document,
            "loaded_at": file.loaded_at,
        },
        "problems": [
            problem_members(one) for one in doors.policies.problems if one.workspace_id in (None, caller.workspace_id)
        ],
        "warnings": [
            {"field": ".".join(map(str, one.path)), "message": one.message}
            for one in unknown_models(found.policy, names)
        ],
    }
    return json_response(shown, headers=etag)


@router.put(
    "",
    status_code=200,
    responses=documented(
        {200: ("In force already.", examples.POLICY_PUT), 201: ("A new version is in force.", examples.POLICY_PUT)},
        errors=(400, 401, 412, 413, 503),
    ),
    openapi_extra=text_body(examples.POLICY_TEXT),
)
async def put_policy(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Put a policy in force for this workspace, over the deployment's file: YAML or JSON.

    It replaces the workspace's former one as a whole. The text that is in force already makes no new version. With `If-Match`
    (the `ETag` of what was read) somebody else's change in between is answered with 412.
    """
    expected = expected_number(request.headers.get("if-match"))
    source, reading = await _read(request, doors)
    try:
        async with doors.database.begin() as connection:
            stored, new = await policies.put(
                connection,
                workspace_id=caller.workspace_id,
                document=reading.document,
                source=source,
                author=caller.prefix,
                expected=expected,
                now=doors.clock(),
            )
    except VersionMovedError as moved:
        raise StaleError(moved) from None
    await doors.policies.refresh(caller.workspace_id)
    found = doors.policies.effective(caller.workspace_id)
    shown = {
        "number": stored.number,
        "version": found.version,
        "new": new,
        "warnings": [problem_members(one) for one in reading.warnings],
    }
    return json_response(shown, 201 if new else 200, {"ETag": f'"{stored.number}"'})


@router.post(
    "/check",
    responses=documented({200: ("What is wrong with it.", examples.POLICY_CHECK)}, errors=(401, 413)),
    openapi_extra=text_body(examples.POLICY_TEXT),
)
async def check_policy(request: Request, caller: Caller, doors: DoorsOf, alone: bool = False) -> Response:
    """Check a policy without putting it in force: every error and warning, with its line.

    It is checked over the deployment's file, as PUT would; `alone` checks it as that file itself.
    """
    try:
        _, reading = await _read(request, doors, alone=alone)
    except InvalidPolicyError as wrong:
        return json_response({"valid": False, "version": None, "problems": wrong.members["errors"]})
    shown = {
        "valid": True,
        "version": version_of(reading.policy),
        "problems": [problem_members(one) for one in reading.warnings],
    }
    return json_response(shown)


@router.get("/schema", responses=documented({200: ("The JSON schema.", {"title": "Perdure policy"})}, errors=(401,)))
async def get_schema(caller: Caller) -> Response:
    """The JSON schema of a policy, for editors."""
    return Response(json_response(json_schema()).body, media_type="application/schema+json")


@router.get("/versions", responses=documented({200: ("A page.", examples.POLICY_VERSIONS)}, errors=(400, 401)))
async def list_versions(
    caller: Caller, doors: DoorsOf, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Response:
    """The versions of this workspace's policy, newest first."""
    before = _LAST if cursor is None else decode_number(cursor)
    asked = page_limit(limit)
    async with doors.database.begin() as connection:
        found = await policies.versions(connection, workspace_id=caller.workspace_id, before=before, limit=asked + 1)
    shown = [
        {"number": one.number, "digest": one.digest, "author": one.author, "created_at": one.created_at}
        for one in found[:asked]
    ]
    following = str(found[asked - 1].number) if len(found) > asked else None
    return json_response({"data": shown, "next_cursor": following})


@router.get(
    "/versions/{number}",
    responses=documented({200: ("The version.", examples.POLICY["workspace"])}, errors=(401, 404)),
)
async def get_version(number: str, caller: Caller, doors: DoorsOf) -> Response:
    """One version of this workspace's policy, with its text."""
    async with doors.database.begin() as connection:
        stored = await policies.numbered(connection, version_number(number), workspace_id=caller.workspace_id)
    return json_response(_version(stored))


def _version(stored: StoredPolicy) -> dict[str, Any]:
    return {
        "number": stored.number,
        "document": stored.document,
        "source": stored.source,
        "author": stored.author,
        "created_at": stored.created_at,
    }


async def _read(request: Request, doors: Doors, *, alone: bool = False) -> tuple[str, Reading]:
    sent = await read_bytes(request, doors.max_request_bytes)
    base = None if alone else doors.policies.deployment.document
    try:
        # In a thread, since a large policy takes a tenth of a second.
        reading = await asyncio.to_thread(read, sent, source=WORKSPACE, base=base, names=names_of(doors.catalog))
    except PolicyError as error:
        raise InvalidPolicyError(error) from None
    return sent.decode("utf-8-sig"), reading
