"""`workspaces`: whose everything else is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError

DEFAULT = "default"
"""The first workspace, whose admins look after the others."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace."""

    id: UUID
    name: str
    created_at: datetime


_INSERT = text("""
    INSERT INTO workspaces (name, created_at) VALUES (:name, :now) ON CONFLICT (name) DO NOTHING RETURNING id, name, created_at
""")
_FIND = text("SELECT id, name, created_at FROM workspaces WHERE id = :id")
_NAMED = text("SELECT id, name, created_at FROM workspaces WHERE name = :name")
_LIST = text("SELECT id, name, created_at FROM workspaces ORDER BY created_at, id")


async def create(connection: AsyncConnection, *, name: str, now: datetime) -> Workspace:
    """Make a workspace. Raises `conflict` where there is one of that name."""
    row = (await connection.execute(_INSERT, {"name": name, "now": now})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.CONFLICT, f"There is a workspace {name!r} already.", field="name")
    return Workspace(*row)


async def find(connection: AsyncConnection, workspace_id: UUID) -> Workspace:
    """The workspace. Raises `not_found`."""
    row = (await connection.execute(_FIND, {"id": workspace_id})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no workspace {workspace_id}.")
    return Workspace(*row)


async def named(connection: AsyncConnection, name: str) -> Workspace:
    """The workspace of that name. Raises `not_found`."""
    row = (await connection.execute(_NAMED, {"name": name})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no workspace {name[:100]!r}.")
    return Workspace(*row)


async def listed(connection: AsyncConnection) -> list[Workspace]:
    """All of them, oldest first."""
    return [Workspace(*row) for row in await connection.execute(_LIST)]
