"""A thousand streams are a few statements, not a thousand times as many."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import pytest

from contracts.streams import Position
from storage.streams.codec import Row
from storage.streams.postgres import PostgresStore
from storage.streams.store import Batch, Key, Outcome
from tests.streams.conftest import Deployment
from tests.streams.speech import assert_in_order, begin, end, say, text, whole

STREAMS, TOKENS = 1000, 20


class Counting(PostgresStore):
    """Counts the statements that it sends."""

    writes = rows = reads = says = 0

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.wrote = asyncio.Event()

    async def write(self, batches: Sequence[Batch], lines: Sequence[str]) -> Mapping[Key, Outcome]:
        self.writes += 1
        self.wrote.set()
        self.rows += sum(len(batch.rows) for batch in batches)
        return await super().write(batches, lines)

    async def after(self, positions: Mapping[UUID, Position]) -> list[Row]:
        self.reads += 1
        return await super().after(positions)

    async def present(self, turn_ids: Collection[UUID]) -> set[UUID]:
        self.reads += 1
        return await super().present(turn_ids)

    async def say(self, lines: Sequence[str]) -> None:
        self.says += 1
        await super().say(lines)


@pytest.mark.real
async def test_a_thousand_streams_take_few_statements(stream_dsn: str, postgres_deployment: Deployment) -> None:
    writing, reading = Counting(stream_dsn), Counting(stream_dsn)
    here = await postgres_deployment.process(store=writing)
    there = await postgres_deployment.process(store=reading)
    turns = [await postgres_deployment.turn() for _ in range(STREAMS)]
    near = [asyncio.create_task(whole(here, turn_id)) for turn_id in turns[: STREAMS // 2]]
    far = [asyncio.create_task(whole(there, turn_id)) for turn_id in turns[STREAMS // 2 :]]

    async def speak(turn_id: UUID) -> None:
        writer = await here.open(turn_id, 1)
        begin(writer)
        for number in range(TOKENS):
            say(writer, f"{number} ")
            await asyncio.sleep(0)
        end(writer)
        await writer.close()

    await asyncio.gather(*(speak(turn_id) for turn_id in turns))
    heard = await asyncio.gather(*near, *far)
    expected = "".join(f"{number} " for number in range(TOKENS))
    for records in heard:
        assert_in_order(records)
        assert text(records) == expected
    assert writing.writes < 60
    assert writing.rows < STREAMS * TOKENS / 4
    assert reading.writes == 0
    assert reading.reads + reading.says < 100


@pytest.mark.real
async def test_readers_in_the_process_cost_no_statement(stream_dsn: str, postgres_deployment: Deployment) -> None:
    store = Counting(stream_dsn)
    log = await postgres_deployment.process(store=store)
    turn_id = await postgres_deployment.turn()
    writer = await log.open(turn_id, 1)
    reads = store.reads
    readers = [asyncio.create_task(whole(log, turn_id)) for _ in range(20)]
    begin(writer)
    for number in range(400):
        say(writer, str(number))
        await asyncio.sleep(0)
    end(writer)
    await asyncio.gather(*readers)
    assert store.reads == reads
    assert store.says == 0
    await writer.close()


@pytest.mark.real
async def test_a_stream_that_is_read_elsewhere_is_written_sooner(
    stream_dsn: str, postgres_deployment: Deployment
) -> None:
    """The reader's word changes the pace; without it the next flush would be as late as it may be."""
    store = Counting(stream_dsn)
    here, there = await postgres_deployment.process(store=store), await postgres_deployment.process()
    clock = asyncio.get_running_loop().time
    waits = {}
    for watched in (False, True):
        turn_id = await postgres_deployment.turn()
        writer = await here.open(turn_id, 1)
        begin(writer)
        say(writer, "first")
        await writer.flush()
        reader = there.read(turn_id)
        if watched:
            heard = [await anext(reader), await anext(reader)]
            assert text(heard) == "first"
        store.wrote.clear()
        began = clock()
        say(writer, "second")
        await store.wrote.wait()
        waits[watched] = clock() - began
        await reader.aclose()
        await writer.close()
    assert waits[False] >= 0.2
    assert waits[True] < 0.15
