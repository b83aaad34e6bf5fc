"""The schema goes up, down and up again, and says the same as the tables."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.database import Database
from storage.migrating import HEAD, config, current_revision, migrate, revert
from storage.tables import metadata

pytestmark = pytest.mark.real


def _differences(connection: Connection) -> list[object]:
    def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
        return not (kind == "table" and name == "stream_log")

    return list(compare_metadata(MigrationContext.configure(connection, opts={"include_object": ours}), metadata))


def test_the_newest_migration_is_what_this_code_expects() -> None:
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD


async def test_migrations_make_what_the_tables_say(empty_postgres_dsn: str) -> None:
    database = Database(empty_postgres_dsn)
    await migrate(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await database.close()


async def test_down_and_up_again(empty_postgres_dsn: str) -> None:
    database = Database(empty_postgres_dsn)
    await migrate(database)
    assert await current_revision(database) == HEAD
    await revert(database, "base")
    assert await current_revision(database) is None
    await migrate(database)
    assert await current_revision(database) == HEAD
    await database.close()


async def test_several_processes_may_migrate_at_once(empty_postgres_dsn: str) -> None:
    databases = [Database(empty_postgres_dsn) for _ in range(4)]
    await asyncio.gather(*(migrate(database) for database in databases))
    assert await current_revision(databases[0]) == HEAD
    for database in databases:
        await database.close()
