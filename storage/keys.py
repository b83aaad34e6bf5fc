"""API keys: stored as a digest, shown by a prefix."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from contracts.keys import KeyScope

DEFAULT_WORKSPACE = "default"
_MARK = "pdr_"
_VISIBLE = 12


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What a key may do: `scopes` are names of `contracts.keys.KeyScope`; no `allowed_models` allow every one."""

    scopes: tuple[KeyScope, ...] = (KeyScope.ADMIN,)
    allowed_models: tuple[str, ...] = ()
    user_tier: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as we know it: everything but the key. `replaces` is the first key of those that it was made in place of."""

    id: UUID
    workspace_id: UUID
    name: str
    prefix: str
    created_at: datetime
    revoked_at: datetime | None
    rights: KeyRights = KeyRights()
    replaces: UUID | None = None

    @property
    def spends_as(self) -> UUID:
        """The id that budgets know it by: a key that was rotated goes on with what the former had left."""
        return self.replaces or self.id

    def check_live(self, now: datetime) -> None:
        """Raises `access_denied` where the key was revoked or has expired, for what is done in its name later."""
        expires = self.rights.expires_at
        if self.revoked_at is not None or (expires is not None and expires <= now):
            how = "was revoked" if self.revoked_at is not None else "has expired"
            raise PerdureError(ErrorKind.ACCESS_DENIED, f"The key {self.prefix} {how}, and starts no runs any more.")


_COLUMNS = """id, workspace_id, name, prefix, created_at, revoked_at, scopes, allowed_models, user_tier, expires_at, replaces"""

# The statements below splice in nothing but the constant above.
_WORKSPACE = text("""
    INSERT INTO workspaces (name, created_at) VALUES (:name, :now)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
""")

_INSERT = text(f"""
    INSERT INTO api_keys (workspace_id, name, prefix, digest, created_at, scopes, allowed_models, user_tier, expires_at,
                          replaces)
    VALUES (:workspace_id, :name, :prefix, :digest, :now, CAST(:scopes AS text[]), CAST(:allowed_models AS text[]),
            :user_tier, :expires_at, :replaces)
    ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest
    RETURNING {_COLUMNS}
""")  # noqa: S608

_BY_DIGEST = text(f"""
    SELECT {_COLUMNS} FROM api_keys WHERE digest = :digest AND revoked_at IS NULL
""")  # noqa: S608

_BY_ID = text(f"SELECT {_COLUMNS} FROM api_keys WHERE id = :id")  # noqa: S608

_LIST = text(f"""
    SELECT {_COLUMNS} FROM api_keys WHERE workspace_id = :workspace_id ORDER BY created_at, id
""")  # noqa: S608

_NAMED = text(f"""
    SELECT {_COLUMNS} FROM api_keys
     WHERE workspace_id = :workspace_id AND (id = CAST(:id AS uuid) OR prefix = :prefix) ORDER BY created_at DESC LIMIT 1
""")  # noqa: S608

_CHANGE = text(f"""
    UPDATE api_keys SET name = :name, scopes = CAST(:scopes AS text[]), allowed_models = CAST(:allowed_models AS text[]),
           user_tier = :user_tier, expires_at = :expires_at
     WHERE id = :id
    RETURNING {_COLUMNS}
""")  # noqa: S608

_REVOKE = text(f"""
    UPDATE api_keys SET revoked_at = coalesce(revoked_at, :now)
     WHERE workspace_id = :workspace_id AND (id = CAST(:id AS uuid) OR prefix = :prefix)
    RETURNING {_COLUMNS}
""")  # noqa: S608


def _key(row: Any) -> ApiKey:
    rights = KeyRights(
        tuple(KeyScope(one) for one in row.scopes), tuple(row.allowed_models), row.user_tier, row.expires_at
    )
    return ApiKey(row.id, row.workspace_id, row.name, row.prefix, row.created_at, row.revoked_at, rights, row.replaces)


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


async def add(
    connection: AsyncConnection,
    secret: str,
    *,
    workspace_id: UUID,
    name: str,
    now: datetime,
    rights: KeyRights | None = None,
    replaces: UUID | None = None,
) -> ApiKey:
    """Keep a key's digest; without `rights` it may do everything. Adding the same key again changes nothing."""
    values = {
        "workspace_id": workspace_id,
        "name": name,
        "prefix": secret[:_VISIBLE],
        "digest": digest(secret),
        "now": now,
        "replaces": replaces,
        **_columns(rights or KeyRights()),
    }
    return _key((await connection.execute(_INSERT, values)).one())


async def change(connection: AsyncConnection, key_id: UUID, *, name: str, rights: KeyRights) -> ApiKey:
    """Say anew what a key is called and may do."""
    return _key((await connection.execute(_CHANGE, {"id": key_id, "name": name, **_columns(rights)})).one())


async def rotate(
    connection: AsyncConnection, former: ApiKey, secret: str, *, now: datetime, ends_at: datetime
) -> ApiKey:
    """A key with the former's name, rights and budgets; the former ends at `ends_at`, or when it would have ended anyway."""
    made = await add(
        connection,
        secret,
        workspace_id=former.workspace_id,
        name=former.name,
        now=now,
        rights=former.rights,
        replaces=former.spends_as,
    )
    ends = ends_at if former.rights.expires_at is None else min(ends_at, former.rights.expires_at)
    await change(connection, former.id, name=former.name, rights=replace(former.rights, expires_at=ends))
    return made


async def named(
    connection: AsyncConnection, id_or_prefix: str, *, workspace_id: UUID, field: str | None = None
) -> ApiKey:
    """The key of that id or visible prefix, revoked or not. Raises `not_found`."""
    asked = {"workspace_id": workspace_id, "id": _id(id_or_prefix), "prefix": id_or_prefix}
    row = (await connection.execute(_NAMED, asked)).one_or_none()
    if row is None:
        raise _unknown(id_or_prefix, field)
    return _key(row)


async def known(connection: AsyncConnection, key_id: UUID) -> ApiKey | None:
    """The key of whichever workspace, revoked or not; None where there is none."""
    row = (await connection.execute(_BY_ID, {"id": key_id})).one_or_none()
    return None if row is None else _key(row)


async def find(connection: AsyncConnection, secret: str) -> ApiKey | None:
    """The live key that `secret` is, or None."""
    row = (await connection.execute(_BY_DIGEST, {"digest": digest(secret)})).one_or_none()
    return None if row is None else _key(row)


async def listed(connection: AsyncConnection, *, workspace_id: UUID) -> list[ApiKey]:
    """The workspace's keys, oldest first, revoked ones included."""
    return [_key(row) for row in await connection.execute(_LIST, {"workspace_id": workspace_id})]


async def revoke(connection: AsyncConnection, id_or_prefix: str, *, workspace_id: UUID, now: datetime) -> ApiKey:
    """End a key, named by its id or its visible prefix. Raises `not_found`."""
    asked = {"workspace_id": workspace_id, "id": _id(id_or_prefix), "prefix": id_or_prefix, "now": now}
    row = (await connection.execute(_REVOKE, asked)).first()
    if row is None:
        raise _unknown(id_or_prefix)
    return _key(row)


def _columns(rights: KeyRights) -> dict[str, Any]:
    return {
        "scopes": [one.value for one in rights.scopes],
        "allowed_models": list(rights.allowed_models),
        "user_tier": rights.user_tier,
        "expires_at": rights.expires_at,
    }


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _unknown(name: str, field: str | None = None) -> PerdureError:
    message = f"There is no key {name[:100]!r}. `perdure keys list` shows them."
    return PerdureError(ErrorKind.NOT_FOUND, message, field=field)
