"""Conversations: what a workspace keeps talking about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from storage.ids import new_id


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation. `models` are the default candidates of its turns; `busy_with` is its unfinished turn, if any."""

    id: UUID
    title: str | None
    models: tuple[ModelRef, ...]
    metadata: dict[str, Any]
    model_history: list[dict[str, Any]]
    context_metadata: dict[str, Any]
    cost_tracking: dict[str, Any]
    busy_with: UUID | None
    created_at: datetime
    updated_at: datetime


_COLUMNS = """c.id, c.title, c.models, c.metadata, c.model_history, c.context_metadata, c.cost_tracking, c.created_at,
    c.updated_at,
    (SELECT t.id FROM turns t WHERE t.conversation_id = c.id AND t.state IN ('accepted', 'running')
      ORDER BY t.turn_no LIMIT 1) AS busy_with"""

# The statements below splice in nothing but the constant above.
_INSERT = text(f"""
    INSERT INTO conversations AS c (id, workspace_id, title, models, metadata, created_at, updated_at)
    VALUES (:id, :workspace_id, :title, CAST(:models AS jsonb), CAST(:metadata AS jsonb), :now, :now)
    ON CONFLICT (id) DO NOTHING
    RETURNING {_COLUMNS}
""")  # noqa: S608

_FIND = text(f"SELECT {_COLUMNS} FROM conversations c WHERE c.id = :id AND c.workspace_id = :workspace_id")  # noqa: S608

_PAGE = text(f"""
    SELECT {_COLUMNS} FROM conversations c
     WHERE c.workspace_id = :workspace_id
       AND (CAST(:before AS timestamptz) IS NULL OR (c.updated_at, c.id) < (:before, CAST(:before_id AS uuid)))
     ORDER BY c.updated_at DESC, c.id DESC LIMIT :limit
""")  # noqa: S608

_UPDATE = text(f"""
    UPDATE conversations AS c SET updated_at = :now,
           title = CASE WHEN :set_title THEN :title ELSE c.title END,
           models = coalesce(CAST(:models AS jsonb), c.models),
           metadata = coalesce(CAST(:metadata AS jsonb), c.metadata)
     WHERE c.id = :id AND c.workspace_id = :workspace_id
    RETURNING {_COLUMNS}
""")  # noqa: S608

_SWITCH = text(f"""
    UPDATE conversations AS c SET updated_at = :now, models = CAST(:models AS jsonb),
           context_metadata = CASE WHEN :afresh THEN c.context_metadata || jsonb_build_object('from_turn', c.next_turn)
                              ELSE c.context_metadata END
     WHERE c.id = :id AND c.workspace_id = :workspace_id
    RETURNING {_COLUMNS}
""")  # noqa: S608

_DELETE = text("DELETE FROM conversations WHERE id = :id AND workspace_id = :workspace_id")
_LOCK = text("SELECT id FROM conversations WHERE id = :id AND workspace_id = :workspace_id FOR NO KEY UPDATE")


def _conversation(row: Any) -> Conversation:
    return Conversation(
        id=row.id,
        title=row.title,
        models=tuple(ModelRef.parse(model) for model in row.models),
        metadata=row.metadata,
        model_history=row.model_history,
        context_metadata=row.context_metadata,
        cost_tracking=row.cost_tracking,
        busy_with=row.busy_with,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _missing(conversation_id: UUID) -> PerdureError:
    return PerdureError(ErrorKind.NOT_FOUND, f"There is no conversation {conversation_id}.")


def _models(models: tuple[ModelRef, ...]) -> str:
    return orjson.dumps([str(model) for model in models]).decode()


async def create(
    connection: AsyncConnection,
    *,
    workspace_id: UUID,
    title: str | None,
    models: tuple[ModelRef, ...],
    metadata: dict[str, Any],
    now: datetime,
    conversation_id: UUID | None = None,
) -> Conversation:
    """A new, empty conversation; with an id that there is already, the one that has it."""
    found = conversation_id or new_id()
    row = await connection.execute(
        _INSERT,
        {
            "id": found,
            "workspace_id": workspace_id,
            "title": title,
            "models": _models(models),
            "metadata": orjson.dumps(metadata).decode(),
            "now": now,
        },
    )
    made = row.one_or_none()
    return await find(connection, found, workspace_id=workspace_id) if made is None else _conversation(made)


async def find(connection: AsyncConnection, conversation_id: UUID, *, workspace_id: UUID) -> Conversation:
    """The conversation. Raises `not_found`, also where it belongs to another workspace."""
    row = (await connection.execute(_FIND, {"id": conversation_id, "workspace_id": workspace_id})).one_or_none()
    if row is None:
        raise _missing(conversation_id)
    return _conversation(row)


async def page(
    connection: AsyncConnection, *, workspace_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[Conversation]:
    """The workspace's conversations, most recently used first, those before (updated_at, id) where it is given."""
    moment, before_id = before or (None, None)
    rows = await connection.execute(
        _PAGE, {"workspace_id": workspace_id, "before": moment, "before_id": before_id, "limit": limit}
    )
    return [_conversation(row) for row in rows]


async def update(
    connection: AsyncConnection,
    conversation_id: UUID,
    *,
    workspace_id: UUID,
    set_title: bool = False,
    title: str | None = None,
    models: tuple[ModelRef, ...] | None = None,
    metadata: dict[str, Any] | None = None,
    now: datetime,
) -> Conversation:
    """Change what is given. `set_title` with title None removes the title. Raises `not_found`."""
    row = (
        await connection.execute(
            _UPDATE,
            {
                "id": conversation_id,
                "workspace_id": workspace_id,
                "set_title": set_title,
                "title": title,
                "models": None if models is None else _models(models),
                "metadata": None if metadata is None else orjson.dumps(metadata).decode(),
                "now": now,
            },
        )
    ).one_or_none()
    if row is None:
        raise _missing(conversation_id)
    return _conversation(row)


async def switch(
    connection: AsyncConnection,
    conversation_id: UUID,
    *,
    workspace_id: UUID,
    models: tuple[ModelRef, ...],
    afresh: bool,
    now: datetime,
) -> Conversation:
    """Let other models answer from the next turn on; `afresh`: they see nothing of what was said but the instructions.

    Raises `not_found`.
    """
    row = (
        await connection.execute(
            _SWITCH,
            {
                "id": conversation_id,
                "workspace_id": workspace_id,
                "models": _models(models),
                "afresh": afresh,
                "now": now,
            },
        )
    ).one_or_none()
    if row is None:
        raise _missing(conversation_id)
    return _conversation(row)


async def delete(connection: AsyncConnection, conversation_id: UUID, *, workspace_id: UUID) -> None:
    """Delete the conversation with its turns and messages, for good; the ledger keeps its rows.

    Raises `not_found`, and `conflict` while a turn is unfinished.
    """
    key = {"id": conversation_id, "workspace_id": workspace_id}
    # The row's lock keeps a new turn from being accepted between the look and the deletion.
    await connection.execute(_LOCK, key)
    conversation = await find(connection, conversation_id, workspace_id=workspace_id)
    if conversation.busy_with is not None:
        raise PerdureError(
            ErrorKind.CONFLICT,
            f"Conversation {conversation_id} is answering turn {conversation.busy_with}. Cancel the turn first.",
            detail={"turn_id": str(conversation.busy_with)},
        )
    await connection.execute(_DELETE, key)
