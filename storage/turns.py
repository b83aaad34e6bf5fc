"""Turns: taking the lane, ending, and the questions the doors ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from contracts.turns import LastAnswer, RoutePlan, TurnRequest, TurnResult, TurnState


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A turn as stored. `asked` is its request's JSON; it lacks the messages of a turn in a conversation.

    `key_id` is the API key that asked. `budgeted`: its workspace has budgets; where it has none nothing is looked for.
    """

    id: UUID
    workspace_id: UUID
    conversation_id: UUID | None
    turn_no: int | None
    state: TurnState
    attempt: int
    asked: dict[str, Any]
    plan: RoutePlan | None
    result: TurnResult | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    key_id: UUID | None
    budgeted: bool


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A turn that has not ended."""

    id: UUID
    workspace_id: UUID
    state: TurnState


@dataclass(frozen=True, slots=True)
class Lane:
    """A turn at the lane of its conversation. `blocked_by` is the unfinished turn ahead of it, if any."""

    turn: TurnRow
    blocked_by: UUID | None


_COLUMNS = """t.id, t.workspace_id, t.conversation_id, t.turn_no, t.state, t.attempt, t.request, t.plan, t.result,
    t.cancel_requested_at, t.created_at, t.started_at, t.finished_at, t.key_id,
    EXISTS (SELECT 1 FROM budgets b WHERE b.workspace_id = t.workspace_id AND b.deleted_at IS NULL) AS budgeted"""

# The statements below splice in nothing but the constant above.
_FIND = text(f"SELECT {_COLUMNS} FROM turns t WHERE t.id = :id")  # noqa: S608

_LOCK = text(f"SELECT {_COLUMNS} FROM turns t WHERE t.id = :id FOR NO KEY UPDATE OF t")  # noqa: S608

# Turns ahead only ever end, so that a lane which is free stays so.
_LANE = text(f"""
    SELECT {_COLUMNS},
           (SELECT ahead.id FROM turns ahead
             WHERE ahead.conversation_id = t.conversation_id AND ahead.turn_no < t.turn_no
               AND ahead.state IN ('accepted', 'running')
             ORDER BY ahead.turn_no DESC LIMIT 1) AS blocked_by
      FROM turns t WHERE t.id = :id
""")  # noqa: S608

_START = text("""
    UPDATE turns SET state = 'running', plan = CAST(:plan AS jsonb), started_at = :now
     WHERE id = :id AND state = 'accepted'
    RETURNING id
""")

_CLOSE = text("""
    UPDATE turns SET state = :state, result = CAST(:result AS jsonb), finished_at = :now, attempt = attempt + 1
     WHERE id = :id AND state IN ('accepted', 'running')
    RETURNING attempt
""")

_FENCE = text("UPDATE turns SET attempt = attempt + 1 WHERE id = :id RETURNING attempt")

_NEXT_IN_LANE = text("""
    SELECT following.id FROM turns t JOIN turns following ON following.conversation_id = t.conversation_id
     WHERE t.id = :id AND following.turn_no > t.turn_no AND following.state = 'accepted'
     ORDER BY following.turn_no LIMIT 1
""")

_LAST_ANSWER = text("""
    SELECT result, finished_at FROM turns
     WHERE conversation_id = :conversation_id AND turn_no < :before AND state IN ('completed', 'cancelled')
       AND result ? 'message_id' AND result ? 'usage'
       AND turn_no >= (SELECT coalesce(CAST(c.context_metadata ->> 'from_turn' AS int), 0)
                         FROM conversations c WHERE c.id = :conversation_id)
     ORDER BY turn_no DESC LIMIT 1
""")

_REQUEST_CANCEL = text("""
    UPDATE turns SET cancel_requested_at = coalesce(cancel_requested_at, :now)
     WHERE id = :id AND workspace_id = :workspace_id
    RETURNING state
""")

_STALE = text("""
    SELECT id, workspace_id, state FROM turns
     WHERE state IN ('accepted', 'running') AND created_at < :before
       AND NOT EXISTS (SELECT 1 FROM batch_items i JOIN batches b ON b.id = i.batch_id
                        WHERE i.turn_id = turns.id AND b.state IN ('accepted', 'running'))
     ORDER BY created_at LIMIT :limit
""")


def turn_row(row: Any) -> TurnRow:
    """The turn in a result row that has the turn's columns."""
    return TurnRow(
        id=row.id,
        workspace_id=row.workspace_id,
        conversation_id=row.conversation_id,
        turn_no=row.turn_no,
        state=TurnState(row.state),
        attempt=row.attempt,
        asked=row.request,
        plan=RoutePlan.model_validate(row.plan) if row.plan else None,
        result=TurnResult.model_validate(row.result) if row.result else None,
        cancel_requested=row.cancel_requested_at is not None,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        key_id=row.key_id,
        budgeted=row.budgeted,
    )


def whole_request(turn: TurnRow, history: Sequence[Any] | None) -> TurnRequest:
    """The request with its messages: its own, or the conversation's `history`."""
    if history is None:
        return TurnRequest.model_validate(turn.asked)
    return TurnRequest.model_validate({**turn.asked, "messages": history})


async def find(connection: AsyncConnection, turn_id: UUID, *, workspace_id: UUID | None = None) -> TurnRow:
    """The turn. Raises `not_found`, also where it belongs to another workspace than `workspace_id`."""
    row = (await connection.execute(_FIND, {"id": turn_id})).one_or_none()
    if row is None or (workspace_id is not None and row.workspace_id != workspace_id):
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no turn {turn_id}.")
    return turn_row(row)


async def at_lane(connection: AsyncConnection, turn_id: UUID) -> Lane:
    """The turn and its lane. Raises `not_found`."""
    row = await _one(connection, _LANE, turn_id)
    return Lane(turn_row(row), row.blocked_by)


async def lock(connection: AsyncConnection, turn_id: UUID) -> TurnRow:
    """The turn, which nobody else changes until the transaction ends. Raises `not_found`."""
    return turn_row(await _one(connection, _LOCK, turn_id))


async def start(connection: AsyncConnection, turn_id: UUID, plan: RoutePlan, *, now: datetime) -> bool:
    """Record the plan; the turn runs. False: it was started, or ended, before."""
    asked = {"id": turn_id, "plan": plan.model_dump_json(exclude_none=True), "now": now}
    return (await connection.execute(_START, asked)).one_or_none() is not None


async def close(connection: AsyncConnection, result: TurnResult, *, now: datetime) -> int | None:
    """End the turn without an answer and fence off every attempt. The fence's number, or None where it had ended already."""
    row = (
        await connection.execute(
            _CLOSE,
            {
                "id": result.turn_id,
                "state": result.state.value,
                "result": result.model_dump_json(exclude_none=True),
                "now": now,
            },
        )
    ).one_or_none()
    return None if row is None else int(row.attempt)


async def fence(connection: AsyncConnection, turn_id: UUID) -> int:
    """Fence off every attempt so far; the new newest attempt's number."""
    return int((await connection.execute(_FENCE, {"id": turn_id})).scalar_one())


async def next_in_lane(connection: AsyncConnection, turn_id: UUID) -> UUID | None:
    """The turn that waits behind this one in its conversation."""
    found: UUID | None = (await connection.execute(_NEXT_IN_LANE, {"id": turn_id})).scalar_one_or_none()
    return found


async def last_answer(connection: AsyncConnection, conversation_id: UUID, *, before: int) -> LastAnswer | None:
    """The newest answer of the conversation's turns with a number below `before`, since it last began afresh."""
    row = (await connection.execute(_LAST_ANSWER, {"conversation_id": conversation_id, "before": before})).one_or_none()
    if row is None:
        return None
    result = TurnResult.model_validate(row.result)
    if result.model is None or result.usage is None:
        return None
    return LastAnswer(result.model, result.usage, row.finished_at)


async def request_cancel(connection: AsyncConnection, turn_id: UUID, *, workspace_id: UUID, now: datetime) -> TurnState:
    """Record the wish to stop. The state that the turn was in. Raises `not_found`."""
    state = (
        await connection.execute(_REQUEST_CANCEL, {"id": turn_id, "workspace_id": workspace_id, "now": now})
    ).scalar_one_or_none()
    if state is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no turn {turn_id}.")
    return TurnState(state)


async def _one(connection: AsyncConnection, statement: TextClause, turn_id: UUID) -> Any:
    row = (await connection.execute(statement, {"id": turn_id})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no turn {turn_id}.")
    return row


async def unfinished(connection: AsyncConnection, *, before: datetime, limit: int) -> list[Unfinished]:
    """Turns accepted before `before` that have not ended, oldest first; without those of batches, which see to their own."""
    rows = await connection.execute(_STALE, {"before": before, "limit": limit})
    return [Unfinished(row.id, row.workspace_id, TurnState(row.state)) for row in rows]
