"""API keys: stored as a digest, shown by a prefix."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError

DEFAULT_WORKSPACE = "default"
_MARK = "pdr_"
_VISIBLE = 12


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as we know it: everything but the key."""

    id: UUID
    workspace_id: UUID
    name: str
    prefix: str
    created_at: datetime
    revoked_at: datetime | None


_WORKSPACE = text("""
    INSERT INTO workspaces (name, created_at) VALUES (:name, :now)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
""")

_INSERT = text("""
    INSERT INTO api_keys (workspace_id, name, prefix, digest, created_at)
    VALUES (:workspace_id, :name, :prefix, :digest, :now)
    ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest
    RETURNING id, workspace_id, name, prefix, created_at, revoked_at
""")

_BY_DIGEST = text("""
    SELECT id, workspace_id, name, prefix, created_at, revoked_at FROM api_keys
     WHERE digest = :digest AND revoked_at IS NULL
""")

_LIST = text("""
    SELECT id, workspace_id, name, prefix, created_at, revoked_at FROM api_keys
     WHERE workspace_id = :workspace_id ORDER BY created_at, id
""")

_REVOKE = text("""
    UPDATE api_keys SET revoked_at = coalesce(revoked_at, :now)
     WHERE workspace_id = :workspace_id AND (id = CAST(:id AS uuid) OR prefix = :prefix)
    RETURNING id, workspace_id, name, prefix, created_at, revoked_at
""")


def _key(row: Any) -> ApiKey:
    return ApiKey(row.id, row.workspace_id, row.name, row.prefix, row.created_at, row.revoked_at)


def new_secret() -> str:
    """A fresh key: `pdr_` and 192 random bits."""
    return _MARK + secrets.token_urlsafe(24)


def digest(secret: str) -> bytes:
    """What is stored of a key. Keys have 192 random bits, so an unsalted SHA-256 cannot be reversed by guessing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def workspace(connection: AsyncConnection, *, now: datetime, name: str = DEFAULT_WORKSPACE) -> UUID:
    """The workspace of that name, made where it is missing."""
    found: UUID = (await connection.execute(_WORKSPACE, {"name": name, "now": now})).scalar_one()
    return found


async def add(connection: AsyncConnection, secret: str, *, workspace_id: UUID, name: str, now: datetime) -> ApiKey:
    """Keep a key's digest. Adding the same key again changes nothing."""
    row = await connection.execute(
        _INSERT,
        {
            "workspace_id": workspace_id,
            "name": name,
            "prefix": secret[:_VISIBLE],
            "digest": digest(secret),
            "now": now,
        },
    )
    return _key(row.one())


async def find(connection: AsyncConnection, secret: str) -> ApiKey | None:
    """The live key that `secret` is, or None."""
    row = (await connection.execute(_BY_DIGEST, {"digest": digest(secret)})).one_or_none()
    return None if row is None else _key(row)


async def listed(connection: AsyncConnection, *, workspace_id: UUID) -> list[ApiKey]:
    """The workspace's keys, oldest first, revoked ones included."""
    return [_key(row) for row in await connection.execute(_LIST, {"workspace_id": workspace_id})]


async def revoke(connection: AsyncConnection, id_or_prefix: str, *, workspace_id: UUID, now: datetime) -> ApiKey:
    """End a key, named by its id or its visible prefix. Raises `not_found`."""
    try:
        key_id = UUID(id_or_prefix)
    except ValueError:
        key_id = None
    row = (
        await connection.execute(
            _REVOKE, {"workspace_id": workspace_id, "id": key_id, "prefix": id_or_prefix, "now": now}
        )
    ).first()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no key {id_or_prefix!r}. `perdure keys list` shows them.")
    return _key(row)
