"""Whatever the order in which processes write, stall, take over and read, readers hear one consistent stream."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import assert_never
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.streams import Position, StreamRecord
from storage.streams.log import BEGINNING, Fenced, StreamLog, StreamWriter
from storage.streams.redis import RedisStore
from storage.streams.timing import Timing
from tests.streams.conftest import Deployment, deployment_at
from tests.streams.speech import SECONDS, assert_in_order, begin, end, say, text, whole

_TIMING = Timing(watched=0.002, unwatched=0.004, poll=0.02, renew=0.05, interest=0.2)
_PROCESSES = 3


@dataclass(frozen=True, slots=True)
class TakeOver:
    """The next attempt begins in a process; it goes on from the log's text or begins anew."""

    process: int
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Say:
    """A writer, perhaps one that has been taken over from, says some words."""

    writer: int
    words: int


@dataclass(frozen=True, slots=True)
class Flush:
    writer: int


@dataclass(frozen=True, slots=True)
class Read:
    """A reader attaches; one who resumes has heard what another had heard so far."""

    process: int
    resumes: bool


@dataclass(frozen=True, slots=True)
class Breathe:
    """The processes get on with what they have to do."""

    rounds: int


Step = TakeOver | Say | Flush | Read | Breathe

_process = st.integers(0, _PROCESSES - 1)
_steps = st.lists(
    st.one_of(
        st.builds(TakeOver, _process, st.booleans()),
        st.builds(Say, st.integers(0, 3), st.integers(1, 12)),
        st.builds(Say, st.just(0), st.integers(1, 900)),
        st.builds(Flush, st.integers(0, 3)),
        st.builds(Read, _process, st.booleans()),
        st.builds(Breathe, st.integers(1, 30)),
    ),
    min_size=1,
    max_size=25,
)


@dataclass(slots=True)
class Reader:
    """What somebody had heard before, and has heard since."""

    before: list[StreamRecord]
    since: list[StreamRecord] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None

    @property
    def heard(self) -> list[StreamRecord]:
        return self.before + self.since


async def _listen(log: StreamLog, turn_id: UUID, after: Position, reader: Reader) -> None:
    async for record in log.read(turn_id, after):
        reader.since.append(record)


class Play:
    """One turn, played step by step."""

    def __init__(self, deployment: Deployment, logs: list[StreamLog], turn_id: UUID) -> None:
        self.deployment = deployment
        self.logs = logs
        self.turn_id = turn_id
        self.writers: list[StreamWriter] = []
        self.readers: list[Reader] = []
        self.truth = ""
        self.said = 0

    async def take_over(self, process: int, *, goes_on: bool) -> None:
        attempt = len(self.writers) + 1
        await self.deployment.set_attempt(self.turn_id, attempt)
        log = self.logs[process]
        writer = await log.open(self.turn_id, attempt)
        kept = text(await log.records(self.turn_id)) if goes_on else ""
        begin(writer, keep_chars=len(kept))
        self.truth = kept
        self.writers.insert(0, writer)

    def say(self, writer: StreamWriter, count: int) -> None:
        words = [f"{number} " for number in range(self.said, self.said + count)]
        self.said += count
        say(writer, *words)
        if writer is self.writers[0]:
            self.truth += "".join(words)

    def read(self, process: int, *, resumes: bool) -> None:
        before = list(self.readers[-1].heard) if resumes and self.readers else []
        after = before[-1].position if before else BEGINNING
        reader = Reader(before)
        reader.task = asyncio.create_task(_listen(self.logs[process], self.turn_id, after, reader))
        self.readers.append(reader)

    async def step(self, step: Step) -> None:
        match step:
            case TakeOver(process, goes_on):
                await self.take_over(process, goes_on=goes_on)
            case Say(number, words):
                if number < len(self.writers):
                    self.say(self.writers[number], words)
            case Flush(number):
                if number < len(self.writers):
                    try:
                        await self.writers[number].flush()
                    except Fenced:
                        assert number > 0, "the newest attempt was fenced"
            case Read(process, resumes):
                self.read(process, resumes=resumes)
            case Breathe(rounds):
                for _ in range(rounds):
                    await asyncio.sleep(0.0005)
            case _:
                assert_never(step)

    async def finish(self) -> None:
        await self.take_over(0, goes_on=True)
        end(self.writers[0])
        for process in range(_PROCESSES):
            self.read(process, resumes=False)
        for writer in self.writers:
            await writer.close()
        for reader in self.readers:
            assert reader.task is not None
            await reader.task

    def judge(self) -> None:
        for reader in self.readers:
            assert_in_order(reader.heard)
            assert text(reader.heard) == self.truth
            assert reader.heard[-1].attempt == len(self.writers)


async def _play(deployment: Deployment, steps: list[Step]) -> None:
    logs: list[StreamLog] = [await deployment.process(_TIMING) for _ in range(_PROCESSES)]
    play = Play(deployment, logs, uuid4())
    async with asyncio.timeout(SECONDS):
        for step in steps:
            await play.step(step)
        await play.finish()
    play.judge()
    for log in logs:
        assert text(await whole(log, play.turn_id)) == play.truth


async def _at_postgres(dsn: str, steps: list[Step]) -> None:
    async with AsyncExitStack() as stack:
        await _play(await deployment_at(dsn, stack), steps)


async def _at_redis(url: str, steps: list[Step]) -> None:
    async def attempt_is_raised_by_open(turn_id: UUID, attempt: int) -> None:
        return

    async with AsyncExitStack() as stack:
        await _play(Deployment(lambda: RedisStore(url), attempt_is_raised_by_open, stack), steps)


_settings: Callable[[Callable[..., None]], Callable[..., None]] = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.real
@_settings
@given(steps=_steps)
def test_any_interleaving_at_postgres(stream_dsn: str, steps: list[Step]) -> None:
    asyncio.run(_at_postgres(stream_dsn, steps))


@pytest.mark.real
@_settings
@given(steps=_steps)
def test_any_interleaving_at_redis(redis_url: str, steps: list[Step]) -> None:
    asyncio.run(_at_redis(redis_url, steps))
