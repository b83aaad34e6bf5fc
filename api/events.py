"""`/api/turns/{id}/events`: a turn's stream, which can be resumed."""

from collections.abc import AsyncGenerator, Mapping
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples
from api.auth import Caller, DoorsOf
from api.bodies import path_id
from api.documenting import documented
from api.doors import Doors
from api.following import follow, load, stored_end
from api.sse import COME_BACK, STILL_HERE, record_event
from api.streaming import EventStream
from contracts.errors import ErrorKind, PerdureError
from contracts.streams import Position, RecordKind, StreamRecord
from storage.streams.log import BEGINNING

router = APIRouter(prefix="/api/turns", tags=["turns"])


@router.get(
    "/{turn_id}/events",
    responses=documented(
        {
            200: ("The events, live to the end.", examples.EVENTS),
            204: ("There is nothing after that position.", None),
        },
        errors=(400, 401, 404),
    ),
)
async def get_events(
    request: Request, turn_id: str, caller: Caller, doors: DoorsOf, after: str | None = None
) -> Response:
    """The turn's events from `Last-Event-ID` (or `after`) on, live to the end.

    Events are `start`, `reset` (a new attempt begins, what was said is void), `continue` (it goes on from the first `keep_chars`
    characters), `text`, `reasoning` and `tool_arguments` (append to part `index`), `part` (part `index` in full so far) and
    `end` (with the turn's result); their ids are positions, `attempt.seq`. Where the stream is gone, the stored answer comes as a
    `reset`, its parts and the `end`. After the end there is nothing: 204, which tells a browser not to come back. Leaving
    does not stop the turn.
    """
    found = path_id(turn_id, "turn")
    given = request.headers.get("last-event-id") or after
    try:
        position = Position.parse(given) if given else BEGINNING
    except ValueError as error:
        field = "after" if given == after else "Last-Event-ID"
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"{error}.", field=field) from None
    row, _ = await load(doors, found, workspace_id=caller.workspace_id)
    return await turn_events(doors, found, after=position, finished=row.state.finished)


async def turn_events(
    doors: Doors,
    turn_id: UUID,
    *,
    after: Position = BEGINNING,
    headers: Mapping[str, str] | None = None,
    finished: bool,
) -> Response:
    """The answer with a turn's events: from its log, or from what is stored where the turn has ended and its log is gone."""
    sent = {**(headers or {}), "X-Perdure-Turn-Id": str(turn_id)}
    events = _live(doors, turn_id, after)
    if finished:
        logged = await doors.streams.records(turn_id)
        if not logged or logged[-1].kind is not RecordKind.END or logged[-1].position <= after:
            at_end = bool(logged) and logged[-1].kind is RecordKind.END and logged[-1].position == after
            stored = [] if at_end else await stored_end(doors, turn_id, after)
            if not stored:
                return Response(status_code=204, headers=sent)
            events = _given(stored)
    return EventStream(events, sent, open_streams=doors.metrics.streams)


async def _live(doors: Doors, turn_id: UUID, after: Position) -> AsyncGenerator[bytes, None]:
    yield COME_BACK
    async for record in follow(doors, turn_id, after):
        yield STILL_HERE if record is None else record_event(record)


async def _given(records: list[StreamRecord]) -> AsyncGenerator[bytes, None]:
    yield COME_BACK + b"".join(record_event(record) for record in records)
