"""`/api/runs`: look at runs, and act on them."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples_runs as examples
from api.auth import Caller, DoorsOf
from api.bodies import path_id
from api.comparing_runs import compare
from api.documenting import documented, json_body
from api.forking import fork, retry
from api.json import json_response
from api.paging import DEFAULT_LIMIT, decode_moment, encode_moment, page_limit
from api.reading import read_body
from api.run_acts import cancel, change_budget, decide, pause, send_event
from api.run_bodies import DecisionBody, ForkBody, RunBudgetChange, SignalBody
from api.showing_runs import run_members, show_run
from api.showing_steps import show_step
from api.submitting import given_key
from contracts.errors import ErrorKind, PerdureError
from contracts.runs import RunState
from storage import runs

router = APIRouter(prefix="/api/runs", tags=["runs"])
_ACTED = documented({202: ("The run, told.", examples.ACTED)}, errors=(400, 401, 404, 409, 413, 503))


@router.get("", responses=documented({200: ("A page.", examples.RUNS)}, errors=(400, 401)))
async def list_runs(
    caller: Caller,
    doors: DoorsOf,
    pipeline: str | None = None,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Response:
    """The workspace's runs, newest first."""
    if state is not None and state not in list(RunState):
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"state is one of {', '.join(RunState)}.", field="state")
    asked = page_limit(limit)
    async with doors.database.begin() as connection:
        found = await runs.page(
            connection,
            workspace_id=caller.workspace_id,
            name=pipeline,
            state=RunState(state) if state else None,
            before=decode_moment(cursor) if cursor else None,
            limit=asked + 1,
        )
    following = encode_moment(found[asked - 1].created_at, found[asked - 1].id) if len(found) > asked else None
    return json_response({"data": [run_members(one) for one in found[:asked]], "next_cursor": following})


@router.get("/{run_id}", responses=documented({200: ("The run.", examples.RUN)}, errors=(401, 404)))
async def get_run(run_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """The run: its graph with the state, cost and tokens of each step, what it waits for, and its output."""
    shown, _ = await show_run(doors, path_id(run_id, "run"), workspace_id=caller.workspace_id)
    return json_response(shown)


@router.get("/{run_id}/steps/{step}", responses=documented({200: ("The step.", examples.STEP)}, errors=(401, 404)))
async def get_step(run_id: str, step: str, caller: Caller, doors: DoorsOf) -> Response:
    """A step with what it gave, what it shows to whoever has to approve, its turns, and its items or rounds.

    `step` is its id, or with its place in maps and loops: `look.2.5` is `look` in the sixth item of the second round.
    """
    return json_response(await show_step(doors, path_id(run_id, "run"), step, workspace_id=caller.workspace_id))


@router.get("/{run_id}/compare/{other}", responses=documented({200: ("Both.", examples.COMPARED)}, errors=(401, 404)))
async def compare_runs(run_id: str, other: str, caller: Caller, doors: DoorsOf) -> Response:
    """Two runs side by side: what each step came to and cost, and what is the same."""
    one, two = path_id(run_id, "run"), path_id(other, "run")
    return json_response(await compare(doors, one, two, workspace_id=caller.workspace_id))


@router.patch("/{run_id}", status_code=202, responses=_ACTED, openapi_extra=json_body(RunBudgetChange, examples.BUDGET))
async def patch_run(run_id: str, request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Give the run another budget. A run that failed of its budget goes on with `retry`."""
    body = await read_body(request, RunBudgetChange, limit=doors.max_request_bytes)
    return _acted(await change_budget(doors, caller, path_id(run_id, "run"), body.budget))


@router.post("/{run_id}/cancel", status_code=202, responses=_ACTED)
async def cancel_run(run_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Stop the run. What its steps have come to is kept; turns that are being answered keep what they have said."""
    return _acted(await cancel(doors, caller, path_id(run_id, "run")))


@router.post("/{run_id}/pause", status_code=202, responses=_ACTED)
async def pause_run(run_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Let no further step begin. Those that run go on to their ends."""
    return _acted(await pause(doors, caller, path_id(run_id, "run"), paused=True))


@router.post("/{run_id}/resume", status_code=202, responses=_ACTED)
async def resume_run(run_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Let steps begin again."""
    return _acted(await pause(doors, caller, path_id(run_id, "run"), paused=False))


@router.post(
    "/{run_id}/approve", status_code=202, responses=_ACTED, openapi_extra=json_body(DecisionBody, examples.DECISION)
)
async def approve(run_id: str, request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Approve what a step of the run shows, or, with `value`, something else in its place."""
    body = await read_body(request, DecisionBody, limit=doors.max_request_bytes)
    return _acted(await decide(doors, caller, path_id(run_id, "run"), body, approved=True))


@router.post(
    "/{run_id}/reject", status_code=202, responses=_ACTED, openapi_extra=json_body(DecisionBody, examples.DECISION)
)
async def reject(run_id: str, request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Reject it; the definition says what follows."""
    body = await read_body(request, DecisionBody, limit=doors.max_request_bytes)
    return _acted(await decide(doors, caller, path_id(run_id, "run"), body, approved=False))


@router.post(
    "/{run_id}/signal", status_code=202, responses=_ACTED, openapi_extra=json_body(SignalBody, examples.SIGNAL)
)
async def signal(run_id: str, request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Send the run an event. It is kept until a step waits for it, and taken by one step."""
    body = await read_body(request, SignalBody, limit=doors.max_request_bytes)
    return _acted(await send_event(doors, caller, path_id(run_id, "run"), body))


@router.post("/{run_id}/retry", status_code=202, responses=_ACTED)
async def retry_run(run_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Let a run that failed or was stopped go on where it did. Steps that have finished are not run again."""
    return _acted(await retry(doors, caller, path_id(run_id, "run")))


@router.post(
    "/{run_id}/fork",
    status_code=202,
    responses=documented({202: ("The new run.", examples.RUN)}, errors=(400, 401, 404, 409, 413, 503)),
    openapi_extra=json_body(ForkBody, examples.FORK),
)
async def fork_run(run_id: str, request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Begin another run from a step of this one, with edits where they are wanted; what came before is used again, at no cost."""
    body = await read_body(request, ForkBody, limit=doors.max_request_bytes)
    key = given_key(request.headers)
    made = await fork(doors, caller, path_id(run_id, "run"), body, idempotency_key=key)
    shown, _ = await show_run(doors, made, workspace_id=caller.workspace_id)
    return json_response(shown, 202, {"Location": f"/api/runs/{made}"})


def _acted(shown: dict[str, Any]) -> Response:
    return json_response(shown, 202)
