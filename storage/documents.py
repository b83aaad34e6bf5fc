"""Named documents in numbered versions: templates of prompts, and schemas of answers."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Shelf = Literal["templates", "answer_schemas"]
"""The table that holds them."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a document."""

    name: str
    version: int
    document: dict[str, Any]
    created_at: datetime


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_NEWEST = """
    SELECT name, version, document, digest, created_at FROM {table}
     WHERE workspace_id = :workspace_id AND name = :name AND (CAST(:version AS int) IS NULL OR version = :version)
     ORDER BY version DESC LIMIT 1
"""
_ADD = """
    INSERT INTO {table} (workspace_id, name, version, document, digest, created_at)
    VALUES (:workspace_id, :name, :version, CAST(:document AS jsonb), :digest, :now)
"""
_LIST = """
    SELECT DISTINCT ON (name) name, version, document, created_at FROM {table}
     WHERE workspace_id = :workspace_id ORDER BY name, version DESC
"""
_VERSIONS = """
    SELECT name, version, document, created_at FROM {table}
     WHERE workspace_id = :workspace_id AND name = :name ORDER BY version DESC
"""


async def store(
    connection: AsyncConnection, shelf: Shelf, name: str, document: dict[str, Any], *, workspace_id: UUID, now: datetime
) -> tuple[Stored, bool]:
    """Keep a document as its name's newest version; one that is the newest already changes nothing. True where it is new."""
    written = json.dumps(document, sort_keys=True)
    digest = hashlib.sha256(written.encode()).digest()
    await connection.execute(_LOCK, {"name": f"{shelf}/{workspace_id}/{name}"})
    given = {"workspace_id": workspace_id, "name": name}
    newest = (await connection.execute(_in(_NEWEST, shelf), {**given, "version": None})).one_or_none()
    if newest is not None and bytes(newest.digest) == digest:
        return _stored(newest), False
    version = 1 if newest is None else newest.version + 1
    row = {**given, "version": version, "document": written, "digest": digest, "now": now}
    await connection.execute(_in(_ADD, shelf), row)
    return Stored(name, version, document, now), True


async def find(
    connection: AsyncConnection, shelf: Shelf, name: str, *, workspace_id: UUID, version: int | None = None
) -> Stored | None:
    """The newest version of a name, or the one that is asked for; None where there is none."""
    given = {"workspace_id": workspace_id, "name": name, "version": version}
    row = (await connection.execute(_in(_NEWEST, shelf), given)).one_or_none()
    return None if row is None else _stored(row)


async def listed(connection: AsyncConnection, shelf: Shelf, *, workspace_id: UUID) -> list[Stored]:
    """The newest version of each name, by name."""
    return [_stored(row) for row in await connection.execute(_in(_LIST, shelf), {"workspace_id": workspace_id})]


async def versions(connection: AsyncConnection, shelf: Shelf, name: str, *, workspace_id: UUID) -> list[Stored]:
    """All versions of a name, newest first."""
    given = {"workspace_id": workspace_id, "name": name}
    return [_stored(row) for row in await connection.execute(_in(_VERSIONS, shelf), given)]


def _in(statement: str, shelf: Shelf) -> Any:
    return text(statement.format(table=shelf))


def _stored(row: Any) -> Stored:
    return Stored(row.name, row.version, row.document, row.created_at)
