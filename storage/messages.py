"""Messages: what was said, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.parts import Message


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message with its place. `step` is None for what the caller said; `model` is the text form of a model ref."""

    id: UUID
    turn_id: UUID
    position: int
    step: int | None
    message: Message
    model: str | None
    finish_reason: str | None
    created_at: datetime
    turn_no: int | None = None


_INSERT = text("""
    INSERT INTO messages (workspace_id, conversation_id, turn_id, turn_no, position, role, name, parts, created_at)
    SELECT :workspace_id, :conversation_id, :turn_id, :turn_no, m.position, m.role, m.name, m.parts, :now
      FROM jsonb_to_recordset(CAST(:messages AS jsonb)) AS m(position int, role text, name text, parts jsonb)
""")

_COLUMNS = "id, turn_id, turn_no, position, step, role, name, parts, model, finish_reason, created_at"

_HISTORY = text("""
    SELECT role, name, parts FROM messages
     WHERE conversation_id = :conversation_id AND turn_no <= :turn_no
       AND (turn_no >= :from_turn OR role IN ('system', 'developer'))
     ORDER BY turn_no, position
""")

_PAGE = text(f"""
    SELECT {_COLUMNS} FROM messages
     WHERE conversation_id = :conversation_id
       AND (turn_no, position) > (:turn_no, :position)
     ORDER BY turn_no, position LIMIT :limit
""")  # noqa: S608 - the columns are a constant

_OF_TURN = text(f"SELECT {_COLUMNS} FROM messages WHERE turn_id = :turn_id ORDER BY position")  # noqa: S608


def _message(row: Any) -> Message:
    return Message.model_validate({"role": row.role, "name": row.name, "parts": row.parts})


def _stored(row: Any) -> StoredMessage:
    return StoredMessage(
        id=row.id,
        turn_id=row.turn_id,
        turn_no=row.turn_no,
        position=row.position,
        step=row.step,
        message=_message(row),
        model=row.model,
        finish_reason=row.finish_reason,
        created_at=row.created_at,
    )


async def insert_messages(
    connection: AsyncConnection,
    messages: Sequence[Message],
    *,
    workspace_id: UUID,
    conversation_id: UUID,
    turn_id: UUID,
    turn_no: int,
    now: datetime,
) -> None:
    """Write what the caller said, as the first messages of the turn."""
    rows = [
        {"position": position, **message.model_dump(mode="json", exclude_none=True)}
        for position, message in enumerate(messages)
    ]
    await connection.execute(
        _INSERT,
        {
            "workspace_id": workspace_id,
            "conversation_id": conversation_id,
            "turn_id": turn_id,
            "turn_no": turn_no,
            "messages": orjson.dumps(rows).decode(),
            "now": now,
        },
    )


async def history(
    connection: AsyncConnection, conversation_id: UUID, *, turn_no: int, from_turn: int = 0
) -> tuple[Message, ...]:
    """Everything said in the conversation from turn `from_turn` to `turn_no`, both included, and the instructions, in order."""
    rows = await connection.execute(
        _HISTORY, {"conversation_id": conversation_id, "turn_no": turn_no, "from_turn": from_turn}
    )
    return tuple(_message(row) for row in rows)


async def page(
    connection: AsyncConnection, conversation_id: UUID, *, after: tuple[int, int], limit: int
) -> list[StoredMessage]:
    """Messages after (turn_no, position), oldest first, at most `limit`."""
    rows = await connection.execute(
        _PAGE,
        {"conversation_id": conversation_id, "turn_no": after[0], "position": after[1], "limit": limit},
    )
    return [_stored(row) for row in rows]


async def of_turn(connection: AsyncConnection, turn_id: UUID) -> list[StoredMessage]:
    """The messages of one turn, in order."""
    return [_stored(row) for row in await connection.execute(_OF_TURN, {"turn_id": turn_id})]
