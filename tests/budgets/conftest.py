"""A migrated database with a workspace."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from storage import keys
from storage.database import Database
from storage.migrating import migrate
from tests.budgets.spending import NOW


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    opened = Database(postgres_dsn, pool_size=24)
    await migrate(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def workspace_id(database: Database) -> UUID:
    async with database.begin() as connection:
        return await keys.workspace(connection, now=NOW)
