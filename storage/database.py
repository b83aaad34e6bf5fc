"""The engine. One transaction per activity or request, committed at the edge that opened it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def engine_url(dsn: str) -> str:
    """The SQLAlchemy URL of a `postgresql://` DSN."""
    return make_url(dsn).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


class Database:
    """A pooled PostgreSQL database. Built once per process."""

    def __init__(self, dsn: str, *, pool_size: int = 16) -> None:
        self.dsn = dsn
        self._engine: AsyncEngine = create_async_engine(
            engine_url(dsn),
            pool_size=pool_size,
            max_overflow=pool_size,
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            connect_args={"server_settings": {"application_name": "perdure", "jit": "off", "timezone": "UTC"}},
        )
        # The same pool.
        self._singly = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self._engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def singly(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which every statement is a transaction by itself: two round trips fewer, where one is enough."""
        async with self._singly.connect() as connection:
            yield connection

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for migrations and health checks."""
        return self._engine

    async def close(self) -> None:
        """Close the pool."""
        await self._engine.dispose()
