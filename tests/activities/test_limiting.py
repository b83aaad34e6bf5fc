"""The shared limiter over both servers, with several workers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from activities.limiting import SharedLimiter
from contracts.limiting import Granted, RateLimit, Wait
from domain.limiting.bucket import full
from storage.database import Database
from storage.ids import new_id
from storage.limits import BucketStore, PostgresBuckets
from storage.limits_redis import RedisBuckets
from storage.migrating import migrate

pytestmark = pytest.mark.real

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["postgres", "redis"])
async def store(request: pytest.FixtureRequest, postgres_dsn: str) -> AsyncIterator[BucketStore]:
    if request.param == "redis":
        buckets = RedisBuckets(request.getfixturevalue("redis_url"))
        yield buckets
        await buckets.aclose()
        return
    database = Database(postgres_dsn, pool_size=8)
    await migrate(database)
    yield PostgresBuckets(database)
    await database.close()


@pytest.fixture
def key() -> str:
    return f"sim/{new_id()}"


@pytest.fixture
def worker(store: BucketStore, key: str) -> Callable[[RateLimit], SharedLimiter]:
    """Another worker's limiter over the same buckets."""
    return lambda limit: SharedLimiter(store, {key: limit})


Worker = Callable[[RateLimit], SharedLimiter]


async def test_two_workers_together_get_what_the_limit_gives(worker: Worker, key: str) -> None:
    """Ten seconds at 100 a second, asked for three times as much, of which each worker gets about half."""
    limit = RateLimit(6000)
    workers = [worker(limit), worker(limit)]
    granted = [0, 0]
    for tick in range(1000):
        now = NOW + timedelta(milliseconds=10 * tick)
        for number in range(3):
            who = (tick + number) % 2
            granted[who] += isinstance(await workers[who].acquire(key, now=now), Granted)
    allowed = 100 + 100 * 9.99
    assert sum(granted) <= allowed + 1e-6
    assert sum(granted) >= 0.98 * allowed
    assert min(granted) > 0.3 * sum(granted)


async def test_at_the_same_moment_it_never_grants_more(worker: Worker, key: str) -> None:
    limit = RateLimit(600)
    workers = [worker(limit) for _ in range(4)]
    answers = await asyncio.gather(*(workers[number % 4].acquire(key, now=NOW) for number in range(200)))
    assert sum(isinstance(answer, Granted) for answer in answers) == 10


async def test_who_waits_as_told_is_served_and_waits_are_spread(worker: Worker, key: str) -> None:
    limiter = worker(RateLimit(60))
    assert await limiter.acquire(key, now=NOW) == Granted(0)
    waits = [await limiter.acquire(key, now=NOW) for _ in range(4)]
    seconds = [answer.seconds for answer in waits if isinstance(answer, Wait)]
    assert seconds == pytest.approx([1, 2, 3, 4], abs=0.01)
    for wait in seconds:
        assert await limiter.acquire(key, now=NOW + timedelta(seconds=wait)) == Granted(0)


async def test_tokens_are_limited_and_settled(worker: Worker, key: str) -> None:
    limiter = worker(RateLimit(None, 60_000))
    assert await limiter.acquire(key, tokens=900, now=NOW) == Granted(900)
    assert isinstance(await limiter.acquire(key, tokens=900, now=NOW), Wait)
    limiter.settle(key, estimated=900, actual=100)
    await limiter.give_back(NOW)
    other = worker(RateLimit(None, 60_000))
    assert await other.acquire(key, tokens=900, now=NOW) == Granted(900)
    other.settle(key, estimated=900, actual=5_900)
    await other.give_back(NOW)
    third = worker(RateLimit(None, 60_000))
    answer = await third.acquire(key, tokens=100, now=NOW)
    assert isinstance(answer, Wait)
    assert answer.seconds == pytest.approx(5.1, abs=0.01)


async def test_an_idle_worker_gives_its_slice_back(store: BucketStore, worker: Worker, key: str) -> None:
    limit = RateLimit(6000)
    idle, busy = worker(limit), worker(limit)
    for tick in range(40):
        # Asked for often enough to take some ahead.
        await idle.acquire(key, now=NOW + timedelta(milliseconds=5 * tick))
    later = NOW + timedelta(seconds=0.2)
    await idle.aclose(later)
    granted = 0
    while isinstance(await busy.acquire(key, now=later), Granted):
        granted += 1
    assert granted > 70
    # The few that it was not granted are in the bucket: nothing is lost on the way.
    await busy.aclose(later)
    left = await store.change(key, lambda bucket: (bucket or full(limit, later), bucket))
    assert left is not None
    assert granted + left.requests == pytest.approx(100 + 20 - 40)


async def test_a_limit_of_tokens_alone_serves_as_fast_as_it_is_asked(worker: Worker, key: str) -> None:
    """A full bucket is not taken for an empty one because requests have no limit."""
    limiter = worker(RateLimit(None, 600_000))
    for tick in range(100):
        now = NOW + timedelta(milliseconds=5 * tick)
        assert await limiter.acquire(key, tokens=40, now=now) == Granted(40)


async def test_a_big_ask_does_not_make_a_small_one_wait_for_it(worker: Worker, key: str) -> None:
    limiter = worker(RateLimit(None, 6_000))
    assert isinstance(await limiter.acquire(key, tokens=60, now=NOW), Granted)
    assert isinstance(await limiter.acquire(key, tokens=90, now=NOW), Wait)
    assert isinstance(await limiter.acquire(key, tokens=10, now=NOW), Granted)


async def test_without_a_limit_all_is_granted_and_nobody_is_asked(worker: Worker, key: str) -> None:
    limiter = worker(RateLimit())
    assert [await limiter.acquire(key, tokens=10**9, now=NOW) for _ in range(3)] == [Granted(10**9)] * 3
