"""Readers, near and far, get every record once and in order."""

import asyncio

from contracts.streams import Position
from storage.streams.log import StreamLog, StreamWriter
from tests.streams.conftest import Deployment
from tests.streams.speech import SECONDS, assert_in_order, begin, end, positions, say, some, text, whole


async def _speak(writer: StreamWriter, words: int) -> None:
    begin(writer)
    for number in range(words):
        say(writer, f"{number} ")
        if number % 7 == 0:
            await asyncio.sleep(0)
    end(writer)
    await writer.close()


def _said(words: int) -> str:
    return "".join(f"{number} " for number in range(words))


async def test_readers_near_and_far_hear_the_same(deployment: Deployment) -> None:
    here, there = await deployment.process(), await deployment.process()
    turn_id = await deployment.turn()
    readers = [asyncio.create_task(whole(log, turn_id)) for log in (here, here, there, there, there)]
    writer = await here.open(turn_id, 1)
    await _speak(writer, 3000)
    heard = await asyncio.gather(*readers)
    for records in heard:
        assert_in_order(records)
        assert text(records) == _said(3000)
        assert len(records) == 3002
    assert all(records == heard[0] for records in heard)


async def test_a_reader_may_begin_anywhere(deployment: Deployment) -> None:
    here, there = await deployment.process(), await deployment.process()
    turn_id = await deployment.turn()
    writer = await here.open(turn_id, 1)
    begin(writer)
    say(writer, *"abcdefgh")
    await writer.flush()
    say(writer, *"ijkl")
    end(writer)
    await writer.close()
    everything = await whole(here, turn_id)
    assert text(everything) == "abcdefghijkl"
    late: StreamLog = await deployment.process()
    for log in (here, there, late):
        for seq in range(15):
            assert await whole(log, turn_id, Position(1, seq)) == everything[seq:]


async def test_a_reader_after_the_end_ends(deployment: Deployment) -> None:
    here, there = await deployment.process(), await deployment.process()
    turn_id = await deployment.turn()
    writer = await here.open(turn_id, 1)
    begin(writer)
    end(writer)
    await writer.close()
    for log in (here, there):
        assert await whole(log, turn_id, Position(1, 2)) == []


async def test_readers_in_the_process_are_served_before_any_flush(deployment: Deployment) -> None:
    here = await deployment.process()
    turn_id = await deployment.turn()
    writer = await here.open(turn_id, 1)
    reader = here.read(turn_id)
    begin(writer)
    for number in range(5):
        say(writer, str(number))
        record = await anext(reader)
        assert str(record.position) == f"1.{number + 1}"
    await reader.aclose()
    await writer.close()


async def test_a_reader_may_wait_before_the_turn_begins(deployment: Deployment) -> None:
    here, there = await deployment.process(), await deployment.process()
    turn_id = await deployment.turn()
    waiting = [asyncio.create_task(some(log, turn_id, 2)) for log in (here, there)]
    await asyncio.sleep(0)
    assert not await there.exists(turn_id)
    writer = await here.open(turn_id, 1)
    begin(writer)
    say(writer, "hello")
    for records in await asyncio.gather(*waiting):
        assert text(records) == "hello"
    await writer.flush()
    assert await there.exists(turn_id)
    await writer.close()


async def test_a_false_position_harms_nobody(deployment: Deployment) -> None:
    """A client may claim to have read what was never said."""
    here, there = await deployment.process(), await deployment.process()
    turn_id = await deployment.turn()
    liars = [asyncio.create_task(some(log, turn_id, 1, Position(7, 7))) for log in (here, there)]
    await asyncio.sleep(0)
    writer = await here.open(turn_id, 1)
    begin(writer)
    say(writer, "truth")
    assert not writer.fenced
    assert text(await some(there, turn_id, 2)) == "truth"
    await writer.close()
    for liar in liars:
        liar.cancel()
    await asyncio.gather(*liars, return_exceptions=True)


async def test_records_are_what_the_log_holds(deployment: Deployment) -> None:
    here, there = await deployment.process(), await deployment.process()
    turn_id = await deployment.turn()
    assert await there.records(turn_id) == []
    writer = await here.open(turn_id, 1)
    begin(writer)
    say(writer, "nul \0", "half \ud83d")
    await writer.close()
    records = await there.records(turn_id)
    assert text(records) == "nul \0half \ud83d"
    assert positions(records) == ["1.1", "1.2", "1.3"]


async def test_a_slow_reader_near_the_writer_loses_nothing(deployment: Deployment) -> None:
    """Memory is bounded: what the reader is late for comes from the log."""
    here = await deployment.process()
    turn_id = await deployment.turn()
    writer = await here.open(turn_id, 1)
    reader = here.read(turn_id)
    begin(writer)
    heard = [await anext(reader)]
    for number in range(9000):
        say(writer, f"{number} ")
        if number % 1000 == 0:
            async with asyncio.timeout(SECONDS):
                await writer.flush()
    end(writer)
    await writer.close()
    heard += [record async for record in reader]
    assert_in_order(heard)
    assert text(heard) == _said(9000)
