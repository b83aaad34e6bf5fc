"""`perdure keys`: works on the database itself, since whoever holds that needs no key."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.client import state
from cli.exits import Exit, fail
from contracts.errors import PerdureError
from settings import Settings
from storage import keys
from storage.database import Database
from storage.keys import ApiKey


@asynccontextmanager
async def _workspace(settings: Settings) -> AsyncIterator[tuple[AsyncConnection, UUID]]:
    dsn = settings.database_url.get_secret_value() if settings.database_url else state().get("database_url")
    if dsn is None:
        fail("No database is known. Set PERDURE_DATABASE_URL, or run `perdure up`.", Exit.UNREACHABLE)
    database = Database(dsn, pool_size=2)
    try:
        async with database.begin() as connection:
            yield connection, await keys.workspace(connection, now=datetime.now(UTC))
    except OSError as error:
        fail(f"The database cannot be reached: {error}.", Exit.UNREACHABLE)
    finally:
        await database.close()


async def create(settings: Settings, *, name: str, as_json: bool) -> None:
    """Make a key and show it, once."""
    secret = keys.new_secret()
    async with _workspace(settings) as (connection, workspace_id):
        key = await keys.add(connection, secret, workspace_id=workspace_id, name=name, now=datetime.now(UTC))
    if as_json:
        print(json.dumps({**_shown(key), "key": secret}))
    else:
        Console(highlight=False).print(f"{secret}\n\nThis is the only time that the key is shown.")


async def listed(settings: Settings, *, as_json: bool) -> None:
    """List the keys."""
    async with _workspace(settings) as (connection, workspace_id):
        found = await keys.listed(connection, workspace_id=workspace_id)
    if as_json:
        print(json.dumps([_shown(key) for key in found]))
        return
    table = Table("prefix", "name", "made", "revoked", "id")
    for key in found:
        shown = _shown(key)
        table.add_row(key.prefix, key.name, str(shown["created_at"]), str(shown["revoked_at"] or ""), str(key.id))
    Console().print(table)


async def revoke(settings: Settings, *, id_or_prefix: str, as_json: bool) -> None:
    """End a key."""
    async with _workspace(settings) as (connection, workspace_id):
        try:
            key = await keys.revoke(connection, id_or_prefix, workspace_id=workspace_id, now=datetime.now(UTC))
        except PerdureError as error:
            fail(error.message, Exit.NOT_FOUND)
    print(json.dumps(_shown(key)) if as_json else f"The key {key.prefix} is revoked.")


def _shown(key: ApiKey) -> dict[str, str | None]:
    return {
        "id": str(key.id),
        "name": key.name,
        "prefix": key.prefix,
        "created_at": key.created_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
