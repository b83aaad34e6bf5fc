"""`/api/preferences`: which models a user would like to be answered by, for which kind of task."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.auth import Caller, DoorsOf
from api.bodies import Body
from api.documenting import documented, json_body
from api.doors import Doors
from api.feedback import Score
from api.json import json_response
from api.reading import read_body
from contracts.errors import ErrorKind, PerdureError
from contracts.routing import TaskType
from storage import preferences

router = APIRouter(prefix="/api/preferences", tags=["preferences"])

_EXAMPLE = {"user": "ada", "task": "code", "models": {"sim:sim-fast": 0.8}}
_SHOWN = {
    "user": "ada",
    "task": "code",
    "preferences": [{"task": "code", "model": "sim:sim-fast", "score": 0.8, "updated_at": "2026-03-01T12:05:00+00:00"}],
    "liked": {"sim:sim-fast": 0.8},
}


class PreferencesBody(Body):
    """A user's wishes for one kind of task, or without `task` for every one: from -1 (avoid) to 1 (prefer), by model."""

    user: str = Field(default="", max_length=200)
    task: TaskType | None = None
    models: dict[str, Score] = Field(max_length=200, examples=[{"sim:sim-fast": 0.8}])


@router.get("", responses=documented({200: ("The wishes, and what follows from them.", _SHOWN)}, errors=(400, 401)))
async def get_preferences(
    caller: Caller,
    doors: DoorsOf,
    user: Annotated[str, Query(max_length=200)] = "",
    task: TaskType | None = None,
) -> Response:
    """What the user wished for. `liked` is what routing makes of wishes and feedback for the task, from -1 to 1."""
    return json_response(await _shown(doors, caller.workspace_id, user, task))


@router.put(
    "",
    responses=documented({200: ("The wishes as they are kept.", _SHOWN)}, errors=(400, 401, 404, 413)),
    openapi_extra=json_body(PreferencesBody, _EXAMPLE),
)
async def put_preferences(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Replace the user's wishes for that task. An empty `models` removes them."""
    body = await read_body(request, PreferencesBody, limit=doors.max_request_bytes)
    _refuse_nul(body.user, "user")
    catalog = await doors.planner.catalog(caller.workspace_id)
    scores = {str(catalog.resolve(name, field=f"models.{name[:100]}")): score for name, score in body.models.items()}
    async with doors.database.begin() as connection:
        await preferences.prefer(
            connection,
            workspace_id=caller.workspace_id,
            user=body.user,
            task=body.task or "",
            scores=scores,
            now=doors.clock(),
        )
    return json_response(await _shown(doors, caller.workspace_id, body.user, body.task))


async def _shown(doors: Doors, workspace_id: UUID, user: str, task: TaskType | None) -> dict[str, Any]:
    _refuse_nul(user, "user")
    async with doors.database.begin() as connection:
        wishes = await preferences.preferences(connection, workspace_id=workspace_id, user=user)
        liked = await preferences.liked(connection, workspace_id, user, task, now=doors.clock())
    return {
        "user": user,
        "task": task,
        "preferences": [
            {
                "task": wish.task or None,
                "model": wish.model,
                "score": wish.score,
                "updated_at": wish.updated_at.isoformat(),
            }
            for wish in wishes
        ],
        "liked": liked,
    }


def _refuse_nul(value: str, field: str) -> None:
    if "\0" in value:
        raise PerdureError(
            ErrorKind.INVALID_REQUEST, f"{field}: a NUL character cannot be stored. Remove it.", field=field
        )
