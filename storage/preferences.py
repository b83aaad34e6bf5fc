"""What users think of models: scores of turns (`turn_feedback`) and wishes said outright (`user_model_preferences`).

Scores run from -1 to 1. A user is whoever the caller says, within the key's workspace; the empty name is nobody in particular.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef

HALF_LIFE_DAYS = 30.0
"""After so many days a turn's score counts half. What was said outright holds until it is changed."""
_DOUBT = 2.0
"""Feedback is shrunk as if so many neutral scores had come before it: one thumb is not yet a love."""
_OUTRIGHT = 5.0
"""How many scores an explicit preference is worth."""
_OTHERS = 0.2
"""What another user's score is worth beside one's own."""
_OLDEST_HALF_LIVES = 10


@dataclass(frozen=True, slots=True)
class Feedback:
    """A score as stored, without its comment."""

    turn_id: UUID
    user: str
    task: str | None
    model: str
    score: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Preference:
    """A wish said outright. `task` empty: for every task."""

    task: str
    model: str
    score: float
    updated_at: datetime


_FEEDBACK = text("""
    INSERT INTO turn_feedback (workspace_id, turn_id, user_id, task, model, score, comment, created_at)
    VALUES (:workspace_id, :turn_id, :user, :task, :model, :score, :comment, :now)
    ON CONFLICT (turn_id, user_id) DO UPDATE SET
        task = excluded.task, score = excluded.score, comment = excluded.comment, created_at = excluded.created_at
    RETURNING created_at
""")

_CLEAR = text("""
    DELETE FROM user_model_preferences WHERE workspace_id = :workspace_id AND user_id = :user AND task = :task
""")

_PREFER = text("""
    INSERT INTO user_model_preferences (workspace_id, user_id, task, model, score, updated_at)
    SELECT :workspace_id, :user, :task, m, s, :now FROM unnest(CAST(:models AS text[]), CAST(:scores AS float8[])) AS u(m, s)
    ON CONFLICT (workspace_id, user_id, task, model) DO UPDATE SET score = excluded.score, updated_at = excluded.updated_at
""")

_LIST = text("""
    SELECT task, model, score, updated_at FROM user_model_preferences
     WHERE workspace_id = :workspace_id AND user_id = :user ORDER BY task, model
""")

# A wish for the task in question stands before one for every task. Scores of another task count for nothing.
_LIKED = text("""
    WITH wishes AS (
        SELECT DISTINCT ON (model) model, score FROM user_model_preferences
         WHERE workspace_id = :workspace_id AND user_id = :user AND task IN ('', :task)
         ORDER BY model, task DESC
    ), scores AS (
        SELECT model, sum(weight * score) AS score, sum(weight) AS weight FROM (
            SELECT model, score,
                   power(0.5::float8, greatest(0, extract(epoch FROM CAST(:now AS timestamptz) - created_at))
                                      / CAST(:half_life AS float8))
                       * CASE WHEN user_id = :user THEN 1 ELSE CAST(:others AS float8) END AS weight
              FROM turn_feedback
             WHERE workspace_id = :workspace_id AND created_at > :oldest
               AND (task IS NULL OR :task = '' OR task = :task)
        ) AS weighed GROUP BY model
    )
    SELECT coalesce(w.model, s.model) AS model,
           (coalesce(CAST(:outright AS float8) * w.score, 0) + coalesce(s.score, 0))
           / (CASE WHEN w.model IS NULL THEN CAST(:doubt AS float8) ELSE CAST(:outright AS float8) END
              + coalesce(s.weight, 0)) AS liked
      FROM wishes w FULL JOIN scores s ON s.model = w.model
""")


async def give_feedback(
    connection: AsyncConnection,
    *,
    workspace_id: UUID,
    turn_id: UUID,
    user: str,
    task: str | None,
    model: ModelRef,
    score: float,
    comment: str | None,
    now: datetime,
) -> Feedback:
    """Keep a user's score of a turn; a second one takes the first one's place."""
    values = {
        "workspace_id": workspace_id,
        "turn_id": turn_id,
        "user": user,
        "task": task,
        "model": str(model),
        "score": score,
        "comment": comment,
        "now": now,
    }
    created_at = (await connection.execute(_FEEDBACK, values)).scalar_one()
    return Feedback(turn_id, user, task, str(model), score, created_at)


async def prefer(
    connection: AsyncConnection, *, workspace_id: UUID, user: str, task: str, scores: Mapping[str, float], now: datetime
) -> None:
    """Replace the user's wishes for a task (empty: for every task) by these, by `provider:model`."""
    if any(not -1 <= score <= 1 for score in scores.values()):
        raise PerdureError(ErrorKind.INVALID_REQUEST, "A preference is a number from -1 to 1.", field="models")
    whose: dict[str, Any] = {"workspace_id": workspace_id, "user": user, "task": task}
    await connection.execute(_CLEAR, whose)
    if scores:
        values = {**whose, "models": list(scores), "scores": list(scores.values()), "now": now}
        await connection.execute(_PREFER, values)


async def preferences(connection: AsyncConnection, *, workspace_id: UUID, user: str) -> list[Preference]:
    """The user's wishes, by task and model."""
    rows = await connection.execute(_LIST, {"workspace_id": workspace_id, "user": user})
    return [Preference(row.task, row.model, row.score, row.updated_at) for row in rows]


async def liked(
    connection: AsyncConnection,
    workspace_id: UUID,
    user: str,
    task: str | None,
    *,
    now: datetime,
    half_life_days: float = HALF_LIFE_DAYS,
) -> dict[str, float]:
    """How much the user likes each model (`provider:model`) for the task, from -1 to 1. What is not named is not known."""
    seconds = half_life_days * 86400
    rows = await connection.execute(
        _LIKED,
        {
            "workspace_id": workspace_id,
            "user": user,
            "task": task or "",
            "now": now,
            "oldest": datetime.fromtimestamp(now.timestamp() - _OLDEST_HALF_LIVES * seconds, now.tzinfo),
            "half_life": seconds,
            "outright": _OUTRIGHT,
            "doubt": _DOUBT,
            "others": _OTHERS,
        },
    )
    return {row.model: max(-1.0, min(1.0, float(row.liked))) for row in rows}
