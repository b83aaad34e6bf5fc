"""What steps are given and give, by its content: the same value is stored once."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError

LARGEST = 32_000_000
"""Bytes of one value as JSON."""

_PUT = text("""
    INSERT INTO artifacts (workspace_id, hash, content, created_at) VALUES (:workspace_id, :hash, :content, :now)
    ON CONFLICT DO NOTHING
""")

_GET = text("SELECT hash, content FROM artifacts WHERE workspace_id = :workspace_id AND hash = ANY(:hashes)")


def packed(value: Any, what: str = "The value") -> bytes:
    """A value as JSON. Raises `invalid_request` for one that is too large or cannot be JSON, calling it `what`."""
    try:
        content = orjson.dumps(value)
    except (TypeError, RecursionError) as error:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"{what} cannot be stored as JSON ({error}).") from None
    if len(content) > LARGEST:
        said = f"{what} has {len(content):,} bytes; {LARGEST:,} is the most that one step may give."
        raise PerdureError(ErrorKind.INVALID_REQUEST, said)
    return content


def unpacked(content: bytes) -> Any:
    """The value of `packed`."""
    return orjson.loads(content)


async def put(
    connection: AsyncConnection, value: Any, *, workspace_id: UUID, now: datetime, what: str = "The value"
) -> bytes:
    """Store a value. Its hash."""
    content = packed(value, what)
    found = hashlib.sha256(content).digest()
    await connection.execute(_PUT, {"workspace_id": workspace_id, "hash": found, "content": content, "now": now})
    return found


async def get_all(connection: AsyncConnection, hashes: Iterable[bytes], *, workspace_id: UUID) -> Mapping[bytes, Any]:
    """Values by their hashes."""
    wanted = list(set(hashes))
    if not wanted:
        return {}
    rows = await connection.execute(_GET, {"workspace_id": workspace_id, "hashes": wanted})
    return {bytes(row.hash): orjson.loads(bytes(row.content)) for row in rows}


async def get(connection: AsyncConnection, wanted: bytes, *, workspace_id: UUID) -> Any:
    """One value. Raises `not_found`."""
    found = await get_all(connection, [wanted], workspace_id=workspace_id)
    if wanted not in found:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no artifact {wanted.hex()}.")
    return found[wanted]
