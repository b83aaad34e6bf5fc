"""Triggers: what starts runs by itself, and what came of it the last time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from contracts.triggers import TriggerAsked, TriggerKind


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger as stored. `pipeline` is run; `source` is the pipeline whose end is waited for; `key_id` is who pays."""

    id: UUID
    workspace_id: UUID
    kind: TriggerKind
    name: str
    pipeline: str
    source: str | None
    asked: TriggerAsked
    secret: bytes | None
    key_id: UUID | None
    author: str
    paused: bool
    last_run_id: UUID | None
    last_error: str | None
    last_at: datetime | None
    created_at: datetime
    updated_at: datetime


_COLUMNS = """id, workspace_id, kind, name, pipeline, source, asked, secret, key_id, author, paused, last_run_id, last_error,
    last_at, created_at, updated_at"""

# The statements below splice in nothing but the constant above.
_INSERT = text(f"""
    INSERT INTO triggers (id, workspace_id, kind, name, pipeline, source, asked, secret, key_id, author, created_at, updated_at)
    VALUES (:id, :workspace_id, :kind, :name, :pipeline, :source, CAST(:asked AS jsonb), :secret, :key_id, :author, :now, :now)
    RETURNING {_COLUMNS}
""")  # noqa: S608

_FIND = text(f"SELECT {_COLUMNS} FROM triggers WHERE id = :id")  # noqa: S608
_LOCK = text(f"SELECT {_COLUMNS} FROM triggers WHERE id = :id FOR NO KEY UPDATE")  # noqa: S608
_LIST = text(f"""
    SELECT {_COLUMNS} FROM triggers
     WHERE workspace_id = :workspace_id AND kind = ANY(CAST(:kinds AS text[])) AND name > :after ORDER BY name LIMIT :limit
""")  # noqa: S608
_AFTER = text(f"""
    SELECT {_COLUMNS} FROM triggers
     WHERE workspace_id = :workspace_id AND source = :source AND NOT paused ORDER BY id
""")  # noqa: S608
_CHANGE = text(f"""
    UPDATE triggers SET asked = CAST(:asked AS jsonb), paused = :paused, secret = coalesce(:secret, secret), updated_at = :now
     WHERE id = :id RETURNING {_COLUMNS}
""")  # noqa: S608
_DELETE = text("DELETE FROM triggers WHERE id = :id")
_NOTE = text("""
    UPDATE triggers SET last_run_id = coalesce(:run_id, last_run_id), last_error = :error, last_at = :now WHERE id = :id
""")


async def add(connection: AsyncConnection, made: Trigger) -> Trigger:
    """Keep a trigger. Raises `conflict` where the workspace has one of its name."""
    values = {
        "id": made.id,
        "workspace_id": made.workspace_id,
        "kind": made.kind.value,
        "name": made.name,
        "pipeline": made.pipeline,
        "source": made.source,
        "asked": made.asked.model_dump_json(exclude_defaults=True),
        "secret": made.secret,
        "key_id": made.key_id,
        "author": made.author,
        "now": made.created_at,
    }
    try:
        async with connection.begin_nested():
            return _trigger((await connection.execute(_INSERT, values)).one())
    except IntegrityError as error:
        if "uq_triggers" not in str(error.orig):
            raise
        said = f"There is a trigger {made.name!r} already. Change that one, or choose another name."
        raise PerdureError(ErrorKind.CONFLICT, said, field="name") from None


async def find(
    connection: AsyncConnection,
    trigger_id: UUID,
    *,
    workspace_id: UUID | None = None,
    kinds: tuple[TriggerKind, ...] = tuple(TriggerKind),
    lock: bool = False,
) -> Trigger:
    """The trigger. Raises `not_found`, also where it is another workspace's or of another kind."""
    row = (await connection.execute(_LOCK if lock else _FIND, {"id": trigger_id})).one_or_none()
    if row is None or (workspace_id is not None and row.workspace_id != workspace_id) or row.kind not in kinds:
        what = "schedule" if kinds == (TriggerKind.SCHEDULE,) else "trigger"
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no {what} {trigger_id}.")
    return _trigger(row)


async def listed(
    connection: AsyncConnection, *, workspace_id: UUID, kinds: tuple[TriggerKind, ...], after: str, limit: int
) -> list[Trigger]:
    """The workspace's triggers of these kinds, by name, those after a name."""
    given = {
        "workspace_id": workspace_id,
        "kinds": [one.value for one in kinds],
        "after": after,
        "limit": limit,
    }
    return [_trigger(row) for row in await connection.execute(_LIST, given)]


async def after_end_of(connection: AsyncConnection, source: str, *, workspace_id: UUID) -> list[Trigger]:
    """The triggers that wait for a pipeline's ends and are not paused."""
    rows = await connection.execute(_AFTER, {"workspace_id": workspace_id, "source": source})
    return [_trigger(row) for row in rows]


async def change(
    connection: AsyncConnection,
    trigger_id: UUID,
    *,
    asked: TriggerAsked,
    paused: bool,
    secret: bytes | None = None,
    now: datetime,
) -> Trigger:
    """Change what it does; without `secret` that stays."""
    values = {
        "id": trigger_id,
        "asked": asked.model_dump_json(exclude_defaults=True),
        "paused": paused,
        "secret": secret,
        "now": now,
    }
    return _trigger((await connection.execute(_CHANGE, values)).one())


async def delete(connection: AsyncConnection, trigger_id: UUID) -> None:
    """End a trigger; its runs stay."""
    await connection.execute(_DELETE, {"id": trigger_id})


async def note(
    connection: AsyncConnection,
    trigger_id: UUID,
    *,
    run_id: UUID | None = None,
    error: str | None = None,
    now: datetime,
) -> None:
    """What came of it the last time: a run, or why there is none."""
    await connection.execute(_NOTE, {"id": trigger_id, "run_id": run_id, "error": error, "now": now})


def _trigger(row: Any) -> Trigger:
    return Trigger(
        id=row.id,
        workspace_id=row.workspace_id,
        kind=TriggerKind(row.kind),
        name=row.name,
        pipeline=row.pipeline,
        source=row.source,
        asked=TriggerAsked.model_validate(row.asked),
        secret=None if row.secret is None else bytes(row.secret),
        key_id=row.key_id,
        author=row.author,
        paused=row.paused,
        last_run_id=row.last_run_id,
        last_error=row.last_error,
        last_at=row.last_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
