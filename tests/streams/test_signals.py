"""What processes tell each other arrives, and nothing depends on it."""

import asyncio
from uuid import UUID, uuid4

from contracts.streams import Position
from storage.streams.postgres import PostgresStore
from storage.streams.signals import Signal, SignalKind, lines, new_origin, parse
from storage.streams.store import Listener
from storage.streams.timing import Timing
from tests.streams.conftest import Deployment
from tests.streams.speech import SECONDS, begin, end, positions, say, text, whole


def test_many_turns_take_several_lines() -> None:
    ids = [uuid4() for _ in range(1000)]
    origin = new_origin()
    said = lines(SignalKind.ROWS, origin, ids)
    assert all(len(line) < 8000 for line in said)
    heard = [signal for line in said if (signal := parse(line)) is not None]
    assert [turn_id for signal in heard for turn_id in signal.turn_ids] == ids
    assert {(signal.kind, signal.origin) for signal in heard} == {(SignalKind.ROWS, origin)}


def test_what_is_not_a_signal_is_passed_over() -> None:
    for line in ("", "hello", "x" + new_origin(), "r" + new_origin() + "zz", "\0"):
        assert parse(line) is None
    assert parse("s12345678") == Signal(SignalKind.STOP, "12345678", ())


async def test_a_stop_reaches_every_process(deployment: Deployment) -> None:
    here, there, elsewhere = [await deployment.process() for _ in range(3)]
    turn_id, other = uuid4(), uuid4()
    async with here.stops(turn_id) as near, there.stops(turn_id) as far, there.stops(other) as unasked:
        await elsewhere.stop(turn_id)
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(near.wait(), far.wait())
        assert not unasked.is_set()
    async with there.stops(turn_id) as later:
        await elsewhere.stop(other)
        await there.stop(other)
        assert not later.is_set()


async def test_a_stop_is_quick(deployment: Deployment) -> None:
    here, there = await deployment.process(), await deployment.process()
    turn_id = uuid4()
    clock = asyncio.get_running_loop().time
    async with there.stops(turn_id) as event:
        began = clock()
        await here.stop(turn_id)
        await event.wait()
        assert clock() - began < 0.3


class _Deaf:
    """A listener who is told nothing."""

    def heard(self, line: str) -> None:
        pass

    def connected(self) -> None:
        pass


class _DeafStore(PostgresStore):
    """Every notification on its way to this process is lost."""

    async def start(self, listener: Listener) -> None:
        await super().start(_Deaf())


async def test_readers_do_without_notifications(stream_dsn: str, postgres_deployment: Deployment) -> None:
    here = await postgres_deployment.process(store=_DeafStore(stream_dsn))
    there = await postgres_deployment.process(Timing(poll=0.05), store=_DeafStore(stream_dsn))
    turn_id = await postgres_deployment.turn()
    reader = there.read(turn_id)
    writer = await here.open(turn_id, 1)
    begin(writer)
    heard = [await anext(reader)]
    for word in ("one ", "two ", "three"):
        say(writer, word)
        await writer.flush()
        async with asyncio.timeout(SECONDS):
            heard.append(await anext(reader))
    end(writer)
    await writer.close()
    heard += [record async for record in reader]
    assert text(heard) == "one two three"
    assert positions(heard) == ["1.1", "1.2", "1.3", "1.4", "1.5"]


async def test_a_takeover_is_seen_without_notifications(stream_dsn: str, postgres_deployment: Deployment) -> None:
    """The reader sits beside a writer who has gone silent, and the next attempt runs elsewhere."""
    here = await postgres_deployment.process(Timing(poll=0.05), store=_DeafStore(stream_dsn))
    there = await postgres_deployment.process()
    turn_id: UUID = await postgres_deployment.turn()
    reader = asyncio.create_task(whole(here, turn_id))
    silent = await here.open(turn_id, 1)
    begin(silent)
    say(silent, "half an ans")
    await silent.flush()
    await postgres_deployment.set_attempt(turn_id, 2)
    writer = await there.open(turn_id, 2)
    begin(writer)
    say(writer, "a whole answer")
    end(writer)
    await writer.close()
    assert text(await reader) == "a whole answer"
    say(silent, "wer")
    assert silent.fenced
    await silent.close()
    assert positions(await whole(there, turn_id, Position(1, 2))) == ["2.1", "2.2", "2.3"]
