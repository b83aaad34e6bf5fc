"""Commands that work on the database itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cli.client import state
from cli.exits import Exit, fail
from settings import Settings
from storage.database import Database


@asynccontextmanager
async def own_database(settings: Settings) -> AsyncIterator[Database]:
    """The database that settings name, or that `perdure up` runs here. Ends the command where there is none."""
    dsn = settings.database_url.get_secret_value() if settings.database_url else state().get("database_url")
    if dsn is None:
        fail("No database is known. Set PERDURE_DATABASE_URL, or run `perdure up`.", Exit.UNREACHABLE)
    database = Database(dsn, pool_size=2)
    try:
        yield database
    except OSError as error:
        fail(f"The database cannot be reached: {error}.", Exit.UNREACHABLE)
    finally:
        await database.close()
