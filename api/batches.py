"""`/api/batches`: many turns and runs at once, at half the price where the vendor has one."""

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from api import examples_batches as shapes
from api.accepting_batches import accept_batch, cancel_batch
from api.auth import Caller, DoorsOf
from api.bodies import path_id
from api.documenting import documented
from api.doors import Doors
from api.json import json_response
from api.paging import DEFAULT_LIMIT, decode_moment, encode_moment, page_limit
from api.reading import read_bytes
from api.showing_batches import outline, result_lines, show_batch
from api.submitting import given_key
from contracts.batches import BatchMode
from contracts.errors import ErrorKind, PerdureError
from storage import batches
from storage.batches import BatchRow
from storage.keys import ApiKey

router = APIRouter(prefix="/api/batches", tags=["batches"])
NDJSON = "application/x-ndjson"

_RESULTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "A JSON object in each line.", "content": {NDJSON: {"example": shapes.RESULTS}}}
}

Mode = Annotated[str, Query(description="`auto` uses the vendors' batch APIs, `live` asks each turn for itself.")]


@router.post(
    "",
    status_code=202,
    responses=documented(
        {
            200: ("The batch that the same key made before.", shapes.BATCH),
            202: ("The batch, which goes on.", shapes.BATCH),
        },
        errors=(400, 401, 404, 409, 413, 503),
    ),
    openapi_extra=shapes.BODY,
)
async def create_batch(
    request: Request, caller: Caller, doors: DoorsOf, mode: Mode = "auto", name: str | None = None
) -> Response:
    """Accept a batch: a JSON object in each line.

    `{"custom_id": …, "turn": {…}}` is a turn as `POST /api/turns` takes it, and
    `{"custom_id": …, "run": {"pipeline": …, "input": …}}` a run; lines of OpenAI's batches for `/v1/chat/completions` are taken
    as they are. All lines are accepted, or none.
    """
    if mode not in get_args(BatchMode):
        raise PerdureError(ErrorKind.INVALID_REQUEST, "mode is auto or live.", field="mode")
    if name is not None and not 0 < len(name) <= 200:
        raise PerdureError(ErrorKind.INVALID_REQUEST, "name has 1 to 200 characters.", field="name")
    sent = await read_bytes(request, doors.max_batch_bytes)
    chosen: BatchMode = "live" if mode == "live" else "auto"
    batch, created = await accept_batch(
        doors, caller, sent, name=name, mode=chosen, idempotency_key=given_key(request.headers)
    )
    location = {"Location": f"/api/batches/{batch.id}"}
    return json_response(await show_batch(doors, batch), 202 if created else 200, location)


@router.get(
    "",
    responses=documented(
        {200: ("A page, newest first.", {"data": [shapes.OUTLINE], "next_cursor": None})}, errors=(400, 401)
    ),
)
async def list_batches(
    caller: Caller, doors: DoorsOf, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Response:
    """The workspace's batches, newest first."""
    size = page_limit(limit)
    before = decode_moment(cursor) if cursor else None
    async with doors.database.begin() as connection:
        rows = await batches.page(connection, workspace_id=caller.workspace_id, before=before, limit=size + 1)
    shown = rows[:size]
    more = encode_moment(shown[-1].created_at, shown[-1].id) if len(rows) > size else None
    return json_response({"data": [outline(row) for row in shown], "next_cursor": more})


@router.get("/{batch_id}", responses=documented({200: ("The batch.", shapes.BATCH)}, errors=(401, 404)))
async def get_batch(batch_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """The batch as it is now."""
    return json_response(await show_batch(doors, await _load(doors, caller, batch_id)))


@router.get(
    "/{batch_id}/results",
    responses=documented({}, errors=(401, 404)) | _RESULTS,
)
async def get_results(batch_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """What came of each line, in their order. While the batch goes on, those that have not ended say so."""
    batch = await _load(doors, caller, batch_id)
    return StreamingResponse(result_lines(doors, batch.id), media_type=NDJSON)


@router.post(
    "/{batch_id}/cancel", status_code=202, responses=documented({202: ("It stops.", shapes.BATCH)}, errors=(401, 404))
)
async def cancel(batch_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Stop a batch. What is answered until then stays, and is paid; the rest is cancelled."""
    batch = await _load(doors, caller, batch_id)
    if not batch.state.finished:
        await cancel_batch(doors, caller, batch)
    return json_response(await show_batch(doors, await _load(doors, caller, batch_id)), 202)


async def _load(doors: Doors, caller: ApiKey, batch_id: str) -> BatchRow:
    async with doors.database.begin() as connection:
        return await batches.find(connection, path_id(batch_id, "batch"), workspace_id=caller.workspace_id)
