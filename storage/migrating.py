"""Bringing a database's schema up to this code's, or down again."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0017"
"""The revision that this code expects: the newest migration's. Reading them all to know it costs each start half a second."""

_LOCK = 0x70657264_75726531
"""The advisory lock that keeps two processes from migrating at once."""


def config() -> "Config":
    """Alembic's configuration: where the migrations are."""
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return found


async def migrate(database: Database) -> None:
    """Upgrade to `HEAD`, after another process that migrates at the same time; nothing happens where nothing is to do."""
    async with database.engine.connect() as connection:
        if await _revision(connection) == HEAD:
            return
        await connection.commit()
        await connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        await connection.commit()
        try:
            await connection.run_sync(_run, "upgrade", "head")
            await connection.commit()
        finally:
            await connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            await connection.commit()


async def revert(database: Database, revision: str) -> None:
    """Downgrade to `revision` (`base` for an empty schema). Content is lost."""
    async with database.engine.connect() as connection:
        await connection.run_sync(_run, "downgrade", revision)
        await connection.commit()


async def current_revision(database: Database) -> str | None:
    """The revision that the database is at, or None for an empty one."""
    async with database.engine.connect() as connection:
        return await _revision(connection)


async def _revision(connection: AsyncConnection) -> str | None:
    if (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one() is None:
        return None
    found: str | None = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    return found


def _run(connection: Connection, step: Literal["upgrade", "downgrade"], revision: str) -> None:
    from alembic import command

    towards = config()
    towards.attributes["connection"] = connection
    getattr(command, step)(towards, revision)
