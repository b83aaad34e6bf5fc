"""AI steps: what was asked, the turns that answer, the result and who was told of it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ai_steps import AiStepRequest, AiStepResult
from contracts.errors import ErrorKind, PerdureError
from contracts.turns import TurnResult, TurnState


@dataclass(frozen=True, slots=True)
class AiStepRow:
    """A step as stored. `callback_state` is None where nobody waits to be told."""

    id: UUID
    workspace_id: UUID
    state: TurnState
    request: AiStepRequest
    result: AiStepResult | None
    callback_state: str | None
    callback_tries: int
    callback_error: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepTurnRow:
    """A turn of a step. `verdict` holds `data` and `repaired`, or `errors`; None while nobody judged it."""

    turn_id: UUID
    sample: int
    attempt: int
    native: bool
    verdict: dict[str, Any] | None
    state: TurnState
    result: TurnResult | None


_INSERT = text("""
    INSERT INTO ai_steps (id, workspace_id, state, request, request_digest, callback_state, created_at)
    VALUES (:id, :workspace_id, 'running', CAST(:request AS jsonb), :digest, :callback_state, :now)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
""")

_FIND = text("SELECT * FROM ai_steps WHERE id = :id")
_LOCK = text("SELECT * FROM ai_steps WHERE id = :id FOR NO KEY UPDATE")

_TURNS = text("""
    SELECT s.turn_id, s.sample, s.attempt, s.native, s.verdict, t.state, t.result
      FROM ai_step_turns s JOIN turns t ON t.id = s.turn_id
     WHERE s.step_id = :step_id ORDER BY s.sample, s.attempt
""")

_ADD_TURN = text("""
    INSERT INTO ai_step_turns (turn_id, step_id, sample, attempt, native)
    VALUES (:turn_id, :step_id, :sample, :attempt, :native)
    ON CONFLICT DO NOTHING
""")

_JUDGED = text("UPDATE ai_step_turns SET verdict = CAST(:verdict AS jsonb) WHERE turn_id = :turn_id")

_FINISH = text("""
    UPDATE ai_steps SET state = :state, result = CAST(:result AS jsonb), finished_at = :now
     WHERE id = :id AND state = 'running'
""")

_TOLD = text("""
    UPDATE ai_steps SET callback_state = :state, callback_tries = callback_tries + 1, callback_error = :error WHERE id = :id
""")

_GIVE_UP = text("""
    UPDATE ai_steps SET callback_state = 'failed', callback_error = coalesce(callback_error, :error)
     WHERE id = :id AND callback_state = 'pending'
""")

_TELL_AGAIN = text("""
    UPDATE ai_steps SET callback_state = 'pending' WHERE id = :id AND callback_state IS NOT NULL AND state <> 'running'
""")

_UNFINISHED = text("""
    SELECT id, workspace_id FROM ai_steps WHERE state = 'running' AND created_at < :before ORDER BY created_at LIMIT :limit
""")

_PAGE = text("""
    SELECT * FROM ai_steps
     WHERE workspace_id = :workspace_id
       AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY created_at DESC, id DESC LIMIT :limit
""")


def request_digest(request: AiStepRequest) -> bytes:
    """What a request asks, as 32 bytes."""
    return hashlib.sha256(request.model_dump_json(exclude_none=True).encode()).digest()


async def accept(
    connection: AsyncConnection, request: AiStepRequest, *, step_id: UUID, workspace_id: UUID, now: datetime
) -> AiStepRow:
    """Write the step, or find the one that the same key made. Raises `conflict` where the key was used for another request."""
    digest = request_digest(request)
    await connection.execute(
        _INSERT,
        {
            "id": step_id,
            "workspace_id": workspace_id,
            "request": request.model_dump_json(exclude_none=True),
            "digest": digest,
            "callback_state": "pending" if request.callback_url else None,
            "now": now,
        },
    )
    row = (await connection.execute(_FIND, {"id": step_id})).one()
    if bytes(row.request_digest) != digest:
        raise PerdureError(
            ErrorKind.CONFLICT,
            f"The idempotency key was used for a different request (step {step_id}). Send the same, or another key.",
            field="Idempotency-Key",
            detail={"step_id": str(step_id)},
        )
    return _row(row)


async def find(connection: AsyncConnection, step_id: UUID, *, workspace_id: UUID | None = None) -> AiStepRow:
    """The step. Raises `not_found`, also where it is another workspace's."""
    row = (await connection.execute(_FIND, {"id": step_id})).one_or_none()
    if row is None or (workspace_id is not None and row.workspace_id != workspace_id):
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no step {step_id}.")
    return _row(row)


async def lock(connection: AsyncConnection, step_id: UUID) -> AiStepRow:
    """The step, for this transaction alone. Raises `not_found`."""
    row = (await connection.execute(_LOCK, {"id": step_id})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no step {step_id}.")
    return _row(row)


async def turns_of(connection: AsyncConnection, step_id: UUID) -> list[StepTurnRow]:
    """Its turns, by sample and attempt."""
    return [
        StepTurnRow(
            row.turn_id,
            row.sample,
            row.attempt,
            row.native,
            row.verdict,
            TurnState(row.state),
            TurnResult.model_validate(row.result) if row.result else None,
        )
        for row in await connection.execute(_TURNS, {"step_id": step_id})
    ]


async def add_turn(
    connection: AsyncConnection, turn_id: UUID, *, step_id: UUID, sample: int, attempt: int, native: bool
) -> None:
    """A turn answers in a step."""
    given = {"turn_id": turn_id, "step_id": step_id, "sample": sample, "attempt": attempt, "native": native}
    await connection.execute(_ADD_TURN, given)


async def judged(connection: AsyncConnection, turn_id: UUID, verdict: dict[str, Any]) -> None:
    """Keep what a turn's answer was judged to be."""
    await connection.execute(_JUDGED, {"turn_id": turn_id, "verdict": json.dumps(verdict)})


async def finish(connection: AsyncConnection, result: AiStepResult, *, now: datetime) -> None:
    """End the step, if it has not ended."""
    written = result.model_dump_json(exclude_none=True)
    await connection.execute(
        _FINISH, {"id": result.step_id, "state": result.state.value, "result": written, "now": now}
    )


async def told(connection: AsyncConnection, step_id: UUID, *, state: str, error: str | None) -> None:
    """Count a try of the callback: `pending` where it is to be tried again, `delivered`, or `failed`."""
    await connection.execute(_TOLD, {"id": step_id, "state": state, "error": error})


async def give_up_telling(connection: AsyncConnection, step_id: UUID, *, error: str) -> None:
    """End a callback that is still to be told; what its last try failed of stays, else it is `error`."""
    await connection.execute(_GIVE_UP, {"id": step_id, "error": error})


async def tell_again(connection: AsyncConnection, step_id: UUID) -> None:
    """Let the callback of a step that has ended be told once more, whatever became of it."""
    await connection.execute(_TELL_AGAIN, {"id": step_id})


async def unfinished(connection: AsyncConnection, *, before: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Steps accepted before `before` that have not ended, each with its workspace, oldest first."""
    return [
        (row.id, row.workspace_id) for row in await connection.execute(_UNFINISHED, {"before": before, "limit": limit})
    ]


async def page(
    connection: AsyncConnection, *, workspace_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[AiStepRow]:
    """The workspace's steps, newest first, those older than `before`."""
    at, step_id = before or (None, None)
    given = {"workspace_id": workspace_id, "at": at, "id": step_id, "limit": limit}
    return [_row(row) for row in await connection.execute(_PAGE, given)]


def _row(row: Any) -> AiStepRow:
    return AiStepRow(
        id=row.id,
        workspace_id=row.workspace_id,
        state=TurnState(row.state),
        request=AiStepRequest.model_validate(row.request),
        result=AiStepResult.model_validate(row.result) if row.result else None,
        callback_state=row.callback_state,
        callback_tries=row.callback_tries,
        callback_error=row.callback_error,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
