"""What is kept, where, and for how long."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from contracts.streams import Position
from storage.streams.log import LogLost
from storage.streams.postgres import PostgresStore
from storage.streams.ring import Ring
from storage.streams.tiered import TieredStreamLog
from storage.streams.timing import Timing
from storage.streams.topic import HARD_LIMIT, SOFT_LIMIT, Topic
from tests.fixtures.postgres import execute, free_port
from tests.streams.conftest import Deployment
from tests.streams.speech import SECONDS, begin, end, say, some, text, whole


async def test_the_purge_takes_whole_streams_and_old_ones_alone(
    stream_dsn: str, postgres_deployment: Deployment
) -> None:
    log = await postgres_deployment.process()
    old, long, new = [await postgres_deployment.turn() for _ in range(3)]
    for turn_id in (old, long, new):
        writer = await log.open(turn_id, 1)
        begin(writer)
        await writer.flush()
        say(writer, "said")
        end(writer)
        await writer.close()
    now = datetime.now(UTC)
    connection = await asyncpg.connect(stream_dsn)
    await connection.execute(
        "UPDATE stream_log SET created_at = $1 WHERE turn_id = $2 OR (turn_id = $3 AND seq_first = 1)",
        now - timedelta(days=2),
        old,
        long,
    )
    await connection.close()
    assert await log.purge(now - timedelta(days=1)) == 2
    assert not await log.exists(old)
    late = await postgres_deployment.process()
    for turn_id in (long, new):
        assert text(await whole(late, turn_id)) == "said"


async def test_a_redis_stream_expires_by_itself(redis_deployment: Deployment, redis_url: str) -> None:
    from redis.asyncio import Redis

    log = await redis_deployment.process()
    turn_id = await redis_deployment.turn()
    writer = await log.open(turn_id, 1)
    begin(writer)
    await writer.close()
    client = Redis.from_url(redis_url)
    keys = [key async for key in client.scan_iter(f"*{turn_id}*")]
    assert len(keys) == 2
    assert all([0 < await client.ttl(key) <= 86400 for key in keys])
    await client.aclose()


async def test_memory_lets_go_of_what_nobody_needs(deployment: Deployment) -> None:
    log = await deployment.process(Timing(poll=0.02, linger=0.05))
    turns = [await deployment.turn() for _ in range(20)]
    for turn_id in turns:
        writer = await log.open(turn_id, 1)
        begin(writer)
        end(writer)
        await writer.close()
        assert len(await whole(log, turn_id)) == 2
    async with asyncio.timeout(SECONDS):
        while log.held:  # noqa: ASYNC110  memory that is let go of tells nobody
            await asyncio.sleep(0.02)
    assert len(await whole(log, turns[0])) == 2


async def test_memory_of_one_stream_is_bounded(deployment: Deployment) -> None:
    log = await deployment.process()
    turn_id = await deployment.turn()
    writer = await log.open(turn_id, 1)
    begin(writer)
    for _ in range(20):
        say(writer, *"x" * 300)
        await writer.flush()
    topic = log.topic(turn_id)
    assert topic is not None
    assert len(topic.since(topic.floor)) <= SOFT_LIMIT * 5 // 4
    assert topic.floor > Position(1, 5000)
    reader = log.read(turn_id)
    await anext(reader)
    for _ in range(20):
        say(writer, *"y" * 300)
        await writer.flush()
    assert len(topic.since(topic.floor)) <= HARD_LIMIT + SOFT_LIMIT
    end(writer)
    await writer.close()
    assert len([record async for record in reader]) == 12001


async def test_closing_the_log_writes_what_is_pending(deployment: Deployment) -> None:
    here, there = await deployment.process(Timing(unwatched=60, watched=60)), await deployment.process()
    turn_id = await deployment.turn()
    writer = await here.open(turn_id, 1)
    begin(writer)
    say(writer, "left unsaid")
    await here.aclose()
    assert text(await there.records(turn_id)) == "left unsaid"


async def test_a_writer_that_is_not_awaited_is_written_all_the_same(deployment: Deployment) -> None:
    here, there = await deployment.process(), await deployment.process()
    turn_id = await deployment.turn()
    writer = await here.open(turn_id, 1)
    begin(writer)
    say(writer, "so long")
    end(writer)
    await writer.close(flush=False)
    assert text(await whole(there, turn_id)) == "so long"


def test_a_ring_keeps_what_is_read_or_written() -> None:
    now = 0.0
    ring = Ring(lambda: now, linger=10)
    written, read, idle = [ring.topic(uuid4()) for _ in range(3)]
    written.written_by = 1
    with ring.reading(read, Position()):
        assert ring.followed() == [read]
        now = 60.0
        ring.look()
        assert len(ring) == 2
        assert ring.find(idle.turn_id) is None
    assert isinstance(ring.find(read.turn_id), Topic)
    now = 75.0
    ring.look()
    assert len(ring) == 1


async def test_a_gap_in_the_log_is_never_read_over(stream_dsn: str, postgres_deployment: Deployment) -> None:
    here = await postgres_deployment.process()
    there = await postgres_deployment.process(Timing(poll=0.05, grace=0.2))
    turn_id = await postgres_deployment.turn()
    writer = await here.open(turn_id, 1)
    begin(writer)
    for word in ("one ", "two ", "three "):
        say(writer, word)
        await writer.flush()
    end(writer)
    await writer.close()
    await execute(stream_dsn, "DELETE FROM stream_log WHERE seq_first = 3")
    assert text(await some(there, turn_id, 2)) == "one "
    with pytest.raises(LogLost):
        await whole(there, turn_id)
    with pytest.raises(LogLost):
        await whole(there, turn_id, Position(1, 2))
    assert len(await whole(there, turn_id, Position(1, 3))) == 2


async def test_a_server_that_cannot_be_reached_is_said_at_the_start() -> None:
    log = TieredStreamLog(PostgresStore(f"postgresql://nobody:none@127.0.0.1:{free_port()}/none"))
    with pytest.raises(OSError, match=r"Connect call failed|refused"):
        await log.start()
