"""Only the newest attempt may write, and readers never go back."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from storage.streams.log import Fenced
from storage.streams.postgres import PostgresStore
from storage.streams.store import Batch, Key, Outcome
from storage.streams.timing import Timing
from tests.streams.conftest import Deployment
from tests.streams.speech import SECONDS, assert_in_order, begin, end, positions, say, some, text, whole


async def test_a_new_attempt_elsewhere_fences_the_old(deployment: Deployment) -> None:
    first, second, reading = [await deployment.process() for _ in range(3)]
    turn_id = await deployment.turn()
    readers = [asyncio.create_task(whole(log, turn_id)) for log in (first, second, reading)]
    zombie = await first.open(turn_id, 1)
    begin(zombie)
    say(zombie, "one ", "two ")
    await zombie.flush()
    await deployment.set_attempt(turn_id, 2)
    writer = await second.open(turn_id, 2)
    begin(writer)
    say(writer, "eins ")
    say(zombie, "three ")
    with pytest.raises(Fenced):
        await zombie.flush()
    assert zombie.fenced
    say(zombie, "four ")
    await zombie.close()
    say(writer, "zwei")
    end(writer)
    await writer.close()
    for records in await asyncio.gather(*readers):
        assert_in_order(records)
        assert text(records) == "eins zwei"
        assert records[-1].attempt == 2
    assert "three" not in "".join(record.text for record in await reading.records(turn_id))


async def test_a_new_attempt_here_fences_the_old_at_once(deployment: Deployment) -> None:
    log = await deployment.process()
    turn_id = await deployment.turn()
    zombie = await log.open(turn_id, 1)
    begin(zombie)
    await deployment.set_attempt(turn_id, 2)
    writer = await log.open(turn_id, 2)
    assert zombie.fenced
    with pytest.raises(Fenced):
        await zombie.flush()
    await zombie.close()
    begin(writer)
    end(writer)
    await writer.close()
    assert positions(await log.records(turn_id)) == ["2.1", "2.2"]


async def test_an_attempt_that_is_old_already_is_fenced(deployment: Deployment) -> None:
    log = await deployment.process()
    turn_id = await deployment.turn(attempt=3)
    newest = await log.open(turn_id, 3)
    old = await log.open(turn_id, 2)
    begin(old)
    with pytest.raises(Fenced):
        await old.flush()
    assert not newest.fenced
    await old.close()
    await newest.close()


async def test_an_attempt_has_one_writer(deployment: Deployment) -> None:
    log = await deployment.process()
    turn_id = await deployment.turn()
    writer = await log.open(turn_id, 1)
    with pytest.raises(ValueError, match="has a stream writer already"):
        await log.open(turn_id, 1)
    await writer.close()


async def test_two_processes_that_write_one_attempt_are_told_apart(deployment: Deployment) -> None:
    here, there = await deployment.process(), await deployment.process()
    turn_id = await deployment.turn()
    rightful, other = await here.open(turn_id, 1), await there.open(turn_id, 1)
    begin(rightful)
    say(rightful, "mine")
    await rightful.flush()
    begin(other)
    with pytest.raises(Fenced):
        await other.flush()
    end(rightful)
    await rightful.close()
    await other.close()
    assert text(await whole(there, turn_id)) == "mine"


async def test_text_that_goes_on_in_another_process_is_whole_for_every_reader(deployment: Deployment) -> None:
    first, second, reading = [await deployment.process() for _ in range(3)]
    turn_id = await deployment.turn()
    writer = await first.open(turn_id, 1)
    begin(writer)
    say(writer, *"abc")
    # One who reads where the next attempt will be written and has not come to the end of the first.
    early = second.read(turn_id)
    await writer.flush()
    heard = [await anext(early) for _ in range(2)]
    say(writer, *"def")
    await writer.close()
    await deployment.set_attempt(turn_id, 2)
    after = await second.open(turn_id, 2)
    kept = text(await second.records(turn_id))
    assert kept == "abcdef"
    begin(after, keep_chars=len(kept))
    say(after, *"ghi")
    end(after)
    heard += [record async for record in early]
    await after.close()
    for records in (heard, *[await whole(log, turn_id) for log in (first, second, reading)]):
        assert_in_order(records)
        assert text(records) == "abcdefghi"


async def test_a_retry_in_the_same_process_is_read_from_memory(deployment: Deployment) -> None:
    log = await deployment.process()
    turn_id = await deployment.turn()
    reader = asyncio.create_task(whole(log, turn_id))
    for attempt in (1, 2, 3):
        await deployment.set_attempt(turn_id, attempt)
        writer = await log.open(turn_id, attempt)
        begin(writer)
        say(writer, f"attempt {attempt}")
        if attempt == 3:
            end(writer)
        await writer.close()
    records = await reader
    assert positions(records) == ["1.1", "1.2", "2.1", "2.2", "3.1", "3.2", "3.3"]
    assert text(records) == "attempt 3"
    assert await whole(log, turn_id) == records


async def test_a_straggler_of_an_old_attempt_is_passed_over(deployment: Deployment) -> None:
    """Rows of the old attempt that reach the log after the new one's are never shown to who has gone on."""
    first, second, reading = [await deployment.process() for _ in range(3)]
    turn_id = await deployment.turn()
    zombie = await first.open(turn_id, 1)
    begin(zombie)
    say(zombie, "old ")
    await zombie.flush()
    reader = reading.read(turn_id)
    heard = [await anext(reader), await anext(reader)]
    await deployment.set_attempt(turn_id, 2)
    writer = await second.open(turn_id, 2)
    begin(writer)
    await writer.flush()
    heard.append(await anext(reader))
    say(zombie, "late ")
    await zombie.close()
    end(writer)
    await writer.close()
    heard += [record async for record in reader]
    assert positions(heard) == ["1.1", "1.2", "2.1", "2.2"]
    assert await some(reading, turn_id, 2) == heard[:2]


class _Gated(PostgresStore):
    """Its writes wait at a gate."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.gate = asyncio.Event()

    async def write(self, batches: Sequence[Batch], lines: Sequence[str]) -> Mapping[Key, Outcome]:
        await self.gate.wait()
        return await super().write(batches, lines)


class _Late(PostgresStore):
    """What it wrote of later attempts is in the log before it says so."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.gate = asyncio.Event()

    async def write(self, batches: Sequence[Batch], lines: Sequence[str]) -> Mapping[Key, Outcome]:
        written = await super().write(batches, lines)
        if any(batch.attempt > 1 for batch in batches):
            await self.gate.wait()
        return written


async def test_an_opening_that_is_found_in_the_log_first_fences_nobody(
    stream_dsn: str, postgres_deployment: Deployment
) -> None:
    late = _Late(stream_dsn)
    log = await postgres_deployment.process(Timing(poll=0.02), late)
    turn_id = await postgres_deployment.turn()
    reader = log.read(turn_id)
    first = await log.open(turn_id, 1)
    begin(first)
    await first.close()
    await postgres_deployment.set_attempt(turn_id, 2)
    writer = await log.open(turn_id, 2)
    begin(writer)
    say(writer, "one ")
    async with asyncio.timeout(SECONDS):
        records = [await anext(reader) for _ in range(3)]
        late.gate.set()
        say(writer, "two")
        end(writer)
        await writer.close()
        records += [record async for record in reader]
    assert not writer.fenced
    assert positions(records) == ["1.1", "2.1", "2.2", "2.3", "2.4"]
    assert text(records) == "one two"


async def test_a_reset_that_never_reached_the_log_is_shown_to_nobody(
    stream_dsn: str, postgres_deployment: Deployment
) -> None:
    """The attempt after it goes on from the first one's text, as it knows of no reset."""
    first, last = [await postgres_deployment.process() for _ in range(2)]
    gated = _Gated(stream_dsn)
    stuck = await postgres_deployment.process(store=gated)
    turn_id = await postgres_deployment.turn()
    reader = stuck.read(turn_id)
    writer = await first.open(turn_id, 1)
    begin(writer)
    say(writer, "kept ")
    await writer.close()
    records = [await anext(reader), await anext(reader)]
    await postgres_deployment.set_attempt(turn_id, 2)
    zombie = await stuck.open(turn_id, 2)
    begin(zombie)
    say(zombie, "never shown")
    following = asyncio.ensure_future(anext(reader))
    await asyncio.wait({following}, timeout=0.3)
    assert not following.done()
    await postgres_deployment.set_attempt(turn_id, 3)
    successor = await last.open(turn_id, 3)
    kept = text(await last.records(turn_id))
    begin(successor, keep_chars=len(kept))
    say(successor, "and continued")
    end(successor)
    await successor.close()
    gated.gate.set()
    records += [await following, *[record async for record in reader]]
    assert text(records) == "kept and continued"
    assert positions(records) == ["1.1", "1.2", "3.1", "3.2", "3.3"]
    await zombie.close()
    assert zombie.fenced
