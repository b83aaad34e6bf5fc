"""Workspaces' policies: immutable versions, the newest of which is in force."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from storage import audit

CHANNEL = "perdure_policies"
"""NOTIFY says here whose policy has a new version: the workspace's id."""


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A version of a workspace's policy. `number` counts from 1; `source` is the text that `document` was read from."""

    id: UUID
    workspace_id: UUID
    number: int
    document: dict[str, Any]
    source: str
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A version as a list shows it. `digest` is the SHA-256 of its text, in hex."""

    number: int
    digest: str
    author: str
    created_at: datetime


class VersionMovedError(PerdureError):
    """Somebody stored another version than the caller had seen. `newest` is its number, 0 where there is none."""

    def __init__(self, expected: int, newest: int) -> None:
        super().__init__(
            ErrorKind.CONFLICT,
            f"The policy is at version {newest} and not at {expected}: somebody else changed it. Read it again, then apply "
            "your change to that.",
            detail={"version_number": str(newest)},
        )
        self.newest = newest


# Two changes of one workspace follow each other; foreign keys' own locks are not in the way.
_LOCK = text("SELECT 1 FROM workspaces WHERE id = :workspace_id FOR NO KEY UPDATE")

_COLUMNS = "id, workspace_id, number, document, source, author, created_at"

_NEWEST = text(f"""
    SELECT {_COLUMNS}, digest FROM model_configurations
     WHERE workspace_id = :workspace_id ORDER BY number DESC LIMIT 1
""")  # noqa: S608 - the columns are ours

_NEWEST_OF_ALL = text(f"""
    SELECT DISTINCT ON (workspace_id) {_COLUMNS} FROM model_configurations
     ORDER BY workspace_id, number DESC
""")  # noqa: S608

_NUMBERED = text(f"""
    SELECT {_COLUMNS} FROM model_configurations WHERE workspace_id = :workspace_id AND number = :number
""")  # noqa: S608

_LISTED = text("""
    SELECT number, encode(digest, 'hex') AS digest, author, created_at FROM model_configurations
     WHERE workspace_id = :workspace_id AND number < :before ORDER BY number DESC LIMIT :limit
""")

_INSERT = text(f"""
    WITH added AS (
        INSERT INTO model_configurations (workspace_id, number, digest, document, source, author, created_at)
        VALUES (:workspace_id, :number, :digest, CAST(:document AS jsonb), :source, :author, :now)
        RETURNING {_COLUMNS}
    )
    SELECT added.*, pg_notify(:channel, CAST(added.workspace_id AS text)) AS told FROM added
""")  # noqa: S608


def _stored(row: Any) -> StoredPolicy:
    return StoredPolicy(row.id, row.workspace_id, row.number, row.document, row.source, row.author, row.created_at)


async def put(
    connection: AsyncConnection,
    *,
    workspace_id: UUID,
    document: dict[str, Any],
    source: str,
    author: str,
    expected: int | None,
    now: datetime,
) -> tuple[StoredPolicy, bool]:
    """Store a new version, and tell all processes when the transaction is committed. The version, and whether it is new.

    The text that is in force already makes none. `expected` is the number of the version that the caller has seen (0: none);
    raises VersionMovedError where another is the newest.
    """
    await connection.execute(_LOCK, {"workspace_id": workspace_id})
    newest = (await connection.execute(_NEWEST, {"workspace_id": workspace_id})).one_or_none()
    digest = hashlib.sha256(source.encode()).digest()
    # First, so that a client whose answer was lost may send its change again.
    if newest is not None and newest.digest == digest:
        return _stored(newest), False
    number = 0 if newest is None else newest.number
    if expected is not None and expected != number:
        raise VersionMovedError(expected, number)
    row = await connection.execute(
        _INSERT,
        {
            "workspace_id": workspace_id,
            "number": number + 1,
            "digest": digest,
            "document": orjson.dumps(document).decode(),
            "source": source,
            "author": author,
            "now": now,
            "channel": CHANNEL,
        },
    )
    stored = _stored(row.one())
    await audit.record(
        connection,
        workspace_id=workspace_id,
        at=now,
        actor=author,
        action="policy.changed",
        subject_id=stored.id,
        detail={"number": stored.number, "digest": digest.hex()},
    )
    return stored, True


async def newest(connection: AsyncConnection, *, workspace_id: UUID) -> StoredPolicy | None:
    """The version that is in force, or None where the workspace has none."""
    row = (await connection.execute(_NEWEST, {"workspace_id": workspace_id})).one_or_none()
    return None if row is None else _stored(row)


async def newest_of_all(connection: AsyncConnection) -> list[StoredPolicy]:
    """The newest version of every workspace that has any."""
    return [_stored(row) for row in await connection.execute(_NEWEST_OF_ALL)]


async def numbered(connection: AsyncConnection, number: int, *, workspace_id: UUID) -> StoredPolicy:
    """One version. Raises `not_found`."""
    row = (await connection.execute(_NUMBERED, {"workspace_id": workspace_id, "number": number})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no version {number} of this workspace's policy.")
    return _stored(row)


async def versions(connection: AsyncConnection, *, workspace_id: UUID, before: int, limit: int) -> list[PolicyVersion]:
    """The versions below a number, newest first."""
    rows = await connection.execute(_LISTED, {"workspace_id": workspace_id, "before": before, "limit": limit})
    return [PolicyVersion(row.number, row.digest, row.author, row.created_at) for row in rows]
