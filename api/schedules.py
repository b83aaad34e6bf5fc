"""`/api/schedules`: pipelines that are run when their time has come."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from temporalio.client import ScheduleBackfill
from temporalio.service import RPCError, RPCStatusCode

from api import examples_triggers as examples
from api.auth import Caller, DoorsOf
from api.bodies import path_id
from api.documenting import documented, json_body
from api.doors import Doors
from api.json import json_response
from api.paging import DEFAULT_LIMIT
from api.reading import read_body
from api.trigger_bodies import BackfillBody, ScheduleBody, ScheduleChange, moment, times_of, wish_of
from api.triggering import check_asked, new_trigger, note, page, remove, shown
from contracts.errors import ErrorKind, PerdureError
from contracts.triggers import Times, TriggerAsked, TriggerKind
from storage import triggers
from storage.triggers import Trigger
from workflows.scheduling import change_schedule, create_schedule, handle_of, overlap_policy

router = APIRouter(prefix="/api/schedules", tags=["triggers"])
_KIND = (TriggerKind.SCHEDULE,)
_NEXT = 5


@router.post(
    "",
    status_code=201,
    responses=documented({201: ("The schedule.", examples.SCHEDULE)}, errors=(400, 401, 403, 404, 409, 413, 503)),
    openapi_extra=json_body(ScheduleBody, examples.SCHEDULE_BODY),
)
async def create(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Run a pipeline at these times, from now on. Its runs spend as the key that made the schedule."""
    body = await read_body(request, ScheduleBody, limit=doors.max_request_bytes)
    times = times_of(body)
    asked = TriggerAsked(run=wish_of(body), times=times)
    made = new_trigger(doors, caller, TriggerKind.SCHEDULE, body.name, body.pipeline, asked)
    async with doors.database.begin() as connection:
        await check_asked(doors, connection, caller, made.kind, made.pipeline, asked)
        made = await triggers.add(connection, made)
        if body.paused:
            made = await triggers.change(connection, made.id, asked=asked, paused=True, now=doors.clock())
        await note(connection, doors, caller, made, "created")
        # Before it is kept for good: a schedule that Temporal knows and we do not starts nothing.
        try:
            await create_schedule(doors.temporal, made.id, caller.workspace_id, times, paused=body.paused)
        except RPCError as error:
            raise _refused(error) from None
    return json_response(await _shown(doors, made), 201, {"Location": f"/api/schedules/{made.id}"})


@router.get("", responses=documented({200: ("A page.", examples.SCHEDULES)}, errors=(400, 401)))
async def list_schedules(
    caller: Caller, doors: DoorsOf, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Response:
    """The workspace's schedules, by name."""
    return await page(doors, caller, _KIND, cursor=cursor, limit=limit)


@router.get("/{schedule_id}", responses=documented({200: ("The schedule.", examples.SCHEDULE)}, errors=(401, 404, 503)))
async def get_schedule(schedule_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """A schedule: its next times, and what came of the last."""
    return json_response(await _shown(doors, await _find(doors, caller.workspace_id, schedule_id)))


@router.patch(
    "/{schedule_id}",
    responses=documented({200: ("The schedule.", examples.SCHEDULE)}, errors=(400, 401, 403, 404, 413, 503)),
    openapi_extra=json_body(ScheduleChange, {"paused": True}),
)
async def change(schedule_id: str, request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Change what is run and when, or hold it (`paused`). Runs that are at work go on."""
    body = await read_body(request, ScheduleChange, limit=doors.max_request_bytes)
    async with doors.database.begin() as connection:
        found = await triggers.find(
            connection, path_id(schedule_id, "schedule"), workspace_id=caller.workspace_id, kinds=_KIND, lock=True
        )
        times = times_of(body, found.asked.times)
        if not times.cron and times.every is None:
            raise PerdureError(ErrorKind.INVALID_REQUEST, "cron: say when: cron, every, or both.", field="cron")
        asked = TriggerAsked(run=wish_of(body, found.asked.run), times=times)
        await check_asked(doors, connection, caller, found.kind, found.pipeline, asked)
        paused = found.paused if body.paused is None else body.paused
        changed = await triggers.change(connection, found.id, asked=asked, paused=paused, now=doors.clock())
        await note(connection, doors, caller, changed, "changed")
        try:
            await _changed(doors, found, times, paused=paused)
        except RPCError as error:
            raise _refused(error) from None
    return json_response(await _shown(doors, changed))


@router.post(
    "/{schedule_id}/run", status_code=202, responses=documented({202: ("Told.", examples.TOLD)}, errors=(401, 404, 503))
)
async def run_now(schedule_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Run it once, now, whatever overlaps, also where it is paused."""
    found = await _find(doors, caller.workspace_id, schedule_id)
    await handle_of(doors.temporal, found.id).trigger(overlap=overlap_policy("allow_all"))
    return json_response({"id": str(found.id), "told": "run"}, 202)


@router.post(
    "/{schedule_id}/backfill",
    status_code=202,
    responses=documented({202: ("Told.", examples.TOLD)}, errors=(400, 401, 404, 413, 503)),
    openapi_extra=json_body(BackfillBody, examples.BACKFILL),
)
async def backfill(schedule_id: str, request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Make up for the times of a stretch: each starts its run now, as `overlap` says. `{{ at }}` is the time that was."""
    body = await read_body(request, BackfillBody, limit=doors.max_request_bytes)
    found = await _find(doors, caller.workspace_id, schedule_id)
    stretch = ScheduleBackfill(body.start_at, body.end_at, overlap_policy(body.overlap))
    try:
        await handle_of(doors.temporal, found.id).backfill(stretch)
    except RPCError as error:
        raise _refused(error, "start_at") from None
    return json_response({"id": str(found.id), "told": "backfill"}, 202)


@router.delete("/{schedule_id}", status_code=204, responses=documented({204: ("Ended.", None)}, errors=(401, 404, 503)))
async def delete(schedule_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """End a schedule. Runs that are at work go on."""
    async with doors.database.begin() as connection:
        found = await remove(doors, connection, caller, path_id(schedule_id, "schedule"), _KIND)
        try:
            await handle_of(doors.temporal, found.id).delete()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
    return Response(status_code=204)


async def _changed(doors: Doors, found: Trigger, times: Times, *, paused: bool) -> None:
    """Change it in Temporal; one that was lost there is made again."""
    try:
        await change_schedule(doors.temporal, found.id, found.workspace_id, times, paused=paused)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        await create_schedule(doors.temporal, found.id, found.workspace_id, times, paused=paused)


async def _find(doors: Doors, workspace_id: UUID, schedule_id: str) -> Trigger:
    async with doors.database.begin() as connection:
        return await triggers.find(connection, path_id(schedule_id, "schedule"), workspace_id=workspace_id, kinds=_KIND)


async def _shown(doors: Doors, found: Trigger) -> dict[str, Any]:
    """The schedule with what Temporal knows of it. One that was lost there has no next times; changing it makes it anew."""
    try:
        info = (await handle_of(doors.temporal, found.id).describe()).info
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return {**shown(found), "next": [], "started": 0, "skipped": 0, "missed": 0, "at_work": 0}
    return {
        **shown(found),
        "next": [moment(one) for one in info.next_action_times[:_NEXT]],
        "started": info.num_actions,
        "skipped": info.num_actions_skipped_overlap,
        "missed": info.num_actions_missed_catchup_window,
        "at_work": len(info.running_actions),
    }


def _refused(error: RPCError, field: str = "cron") -> Exception:
    """What Temporal says of times that make no sense; other errors are as they are."""
    if error.status is RPCStatusCode.INVALID_ARGUMENT:
        return PerdureError(ErrorKind.INVALID_REQUEST, f"{field}: {error.message[:300]}.", field=field)
    return error
