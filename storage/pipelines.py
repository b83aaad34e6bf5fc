"""Pipelines: immutable versions, the newest of which is run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from contracts.pipelines.plan import PipelinePlan
from storage import audit


@dataclass(frozen=True, slots=True)
class StoredPipeline:
    """A version of a pipeline. `number` counts from 1; `plan` is JSON, `source` the text that it was read from."""

    id: UUID
    workspace_id: UUID
    name: str
    number: int
    version: str
    plan: str
    source: str
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListedPipeline:
    """A version as a list shows it."""

    name: str
    number: int
    version: str
    author: str
    created_at: datetime


_COLUMNS = "id, workspace_id, name, number, version, plan, source, author, created_at"
_LOCK = text("SELECT 1 FROM workspaces WHERE id = :workspace_id FOR NO KEY UPDATE")

# The statements below splice in nothing but the constant above.
_NEWEST = text(f"""
    SELECT {_COLUMNS} FROM pipelines WHERE workspace_id = :workspace_id AND name = :name ORDER BY number DESC LIMIT 1
""")  # noqa: S608

_VERSION = text(f"""
    SELECT {_COLUMNS} FROM pipelines
     WHERE workspace_id = :workspace_id AND name = :name AND version LIKE :version || '%'
     ORDER BY number DESC LIMIT 1
""")  # noqa: S608

_BY_ID = text(f"SELECT {_COLUMNS} FROM pipelines WHERE id = :id")  # noqa: S608

_INSERT = text(f"""
    INSERT INTO pipelines (workspace_id, name, number, version, plan, source, author, created_at)
    VALUES (:workspace_id, :name, :number, :version, :plan, :source, :author, :now) RETURNING {_COLUMNS}
""")  # noqa: S608

_NAMES = text("""
    SELECT DISTINCT ON (name) name, number, version, author, created_at FROM pipelines
     WHERE workspace_id = :workspace_id AND name > :after ORDER BY name, number DESC LIMIT :limit
""")

_VERSIONS = text("""
    SELECT name, number, version, author, created_at FROM pipelines
     WHERE workspace_id = :workspace_id AND name = :name AND number < :before ORDER BY number DESC LIMIT :limit
""")


async def put(
    connection: AsyncConnection, plan: PipelinePlan, *, workspace_id: UUID, source: str, author: str, now: datetime
) -> tuple[StoredPipeline, bool]:
    """Make a plan the newest version of its name. The version, and whether anything changed."""
    name = plan.definition.name
    await connection.execute(_LOCK, {"workspace_id": workspace_id})
    row = (await connection.execute(_NEWEST, {"workspace_id": workspace_id, "name": name})).one_or_none()
    if row is not None and row.version == plan.version:
        return _stored(row), False
    added = await connection.execute(
        _INSERT,
        {
            "workspace_id": workspace_id,
            "name": name,
            "number": 1 if row is None else row.number + 1,
            "version": plan.version,
            "plan": plan.model_dump_json(by_alias=True, exclude_defaults=True),
            "source": source,
            "author": author,
            "now": now,
        },
    )
    stored = _stored(added.one())
    await audit.record(
        connection,
        workspace_id=workspace_id,
        at=now,
        actor=author,
        action="pipeline.stored",
        subject_id=stored.id,
        detail={"name": name, "number": stored.number, "version": stored.version},
    )
    return stored, True


async def find(
    connection: AsyncConnection, name: str, *, workspace_id: UUID, version: str | None = None
) -> StoredPipeline:
    """The newest version, or the one whose hash begins with `version`. Raises `not_found`."""
    given = {"workspace_id": workspace_id, "name": name}
    if version is None:
        row = (await connection.execute(_NEWEST, given)).one_or_none()
    else:
        row = (await connection.execute(_VERSION, {**given, "version": version})).one_or_none()
    if row is None:
        which = f" with a version {version[:64]!r}" if version is not None else ""
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no pipeline {name[:100]!r}{which}.")
    return _stored(row)


async def by_id(connection: AsyncConnection, pipeline_id: UUID) -> StoredPipeline:
    """A version by its row. Raises `not_found`."""
    row = (await connection.execute(_BY_ID, {"id": pipeline_id})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no pipeline {pipeline_id}.")
    return _stored(row)


async def names(connection: AsyncConnection, *, workspace_id: UUID, after: str, limit: int) -> list[ListedPipeline]:
    """The newest version of every name after `after`, by name."""
    rows = await connection.execute(_NAMES, {"workspace_id": workspace_id, "after": after, "limit": limit})
    return [ListedPipeline(row.name, row.number, row.version, row.author, row.created_at) for row in rows]


async def versions(
    connection: AsyncConnection, name: str, *, workspace_id: UUID, before: int, limit: int
) -> list[ListedPipeline]:
    """The versions of a name with numbers below `before`, newest first."""
    given = {"workspace_id": workspace_id, "name": name, "before": before, "limit": limit}
    rows = await connection.execute(_VERSIONS, given)
    return [ListedPipeline(row.name, row.number, row.version, row.author, row.created_at) for row in rows]


def _stored(row: Any) -> StoredPipeline:
    return StoredPipeline(
        row.id, row.workspace_id, row.name, row.number, row.version, row.plan, row.source, row.author, row.created_at
    )
