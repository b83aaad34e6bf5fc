"""`POST /api/turns/{id}/feedback`: what somebody thinks of an answer."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, model_validator

from api.auth import Caller, DoorsOf
from api.bodies import Body, path_id
from api.documenting import documented, json_body
from api.json import json_response
from api.reading import read_body
from contracts.errors import ErrorKind, PerdureError
from contracts.routing import TaskType
from storage import preferences, turns

router = APIRouter(prefix="/api/turns", tags=["turns"])

Score = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]

_EXAMPLE = {"thumbs": "up", "user": "ada", "task": "code"}
_KEPT = {
    "turn_id": "01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b10",
    "model": "sim:sim-fast",
    "user": "ada",
    "task": "code",
    "score": 1.0,
    "created_at": "2026-03-01T12:05:00+00:00",
}


class FeedbackBody(Body):
    """Either `score`, from -1 to 1, or `thumbs`. `user` is your own name for whoever says so; `task` what the turn was for;
    without it, what the turn was taken for when it was planned."""

    score: Score | None = None
    thumbs: Literal["up", "down"] | None = None
    user: str = Field(default="", max_length=200)
    task: TaskType | None = None
    comment: str | None = Field(default=None, max_length=10_000)

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "FeedbackBody":
        if (self.score is None) == (self.thumbs is None):
            raise ValueError("give either score or thumbs")
        return self

    @property
    def value(self) -> float:
        """The score, whichever way it was said."""
        if self.score is not None:
            return self.score
        return 1.0 if self.thumbs == "up" else -1.0


@router.post(
    "/{turn_id}/feedback",
    responses=documented({200: ("The score as it is kept.", _KEPT)}, errors=(400, 401, 404, 409, 413)),
    openapi_extra=json_body(FeedbackBody, _EXAMPLE),
)
async def give_feedback(turn_id: str, request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Score the turn's answer. A second score of the same user takes the first one's place. Scores move later routing."""
    found = path_id(turn_id, "turn")
    body = await read_body(request, FeedbackBody, limit=doors.max_request_bytes)
    async with doors.database.begin() as connection:
        turn = await turns.find(connection, found, workspace_id=caller.workspace_id)
        if turn.result is None or turn.result.model is None or turn.result.message_id is None:
            raise PerdureError(
                ErrorKind.CONFLICT, f"Turn {found} is {turn.state} and has no answer to score.", field="turn_id"
            )
        kept = await preferences.give_feedback(
            connection,
            workspace_id=caller.workspace_id,
            turn_id=found,
            user=body.user,
            task=body.task or (turn.plan.task if turn.plan else None),
            model=turn.result.model,
            score=body.value,
            comment=body.comment,
            now=doors.clock(),
        )
    return json_response(
        {
            "turn_id": str(kept.turn_id),
            "model": kept.model,
            "user": kept.user,
            "task": kept.task,
            "score": kept.score,
            "created_at": kept.created_at.isoformat(),
        }
    )
