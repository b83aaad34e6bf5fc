"""Bringing a database's schema up to this code's, or down again."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.database import Database

_LOCK = 0x70657264_75726531
"""The advisory lock that keeps two processes from migrating at once."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def head_revision() -> str:
    """The revision that this code expects."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("there are no migrations")
    return revision


async def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to `revision`, after another process that migrates at the same time; nothing happens where nothing is to do."""
    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        await connection.commit()
        try:
            await connection.run_sync(_run, command.upgrade, revision)
            await connection.commit()
        finally:
            await connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            await connection.commit()


async def revert(database: Database, revision: str) -> None:
    """Downgrade to `revision` (`base` for an empty schema). Content is lost."""
    async with database.engine.connect() as connection:
        await connection.run_sync(_run, command.downgrade, revision)
        await connection.commit()


async def current_revision(database: Database) -> str | None:
    """The revision that the database is at, or None for an empty one."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def _run(connection: Connection, step: object, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    step(config, revision)  # type: ignore[operator]
