"""The shared limiter's accounts, whatever workers do in whatever order: what was granted is never more than what flowed."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from activities.limiting import SharedLimiter
from contracts.limiting import Bucket, Granted, RateLimit
from domain.limiting.bucket import depth, full, refilled
from storage.limits import Change, Told

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "sim/one"
WORKERS = 3


class Ledger:
    """A `BucketStore` in memory that keeps accounts: the servers are looked at elsewhere.

    `requests` and `tokens` are what was drawn from the bucket, less what came back.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self.bucket: Bucket | None = None
        self.requests = self.tokens = 0.0

    async def change(self, key: str, change: Change[Told]) -> Told:
        assert key == KEY
        after, told = change(self.bucket)
        before = refilled(self.bucket or full(self._limit, after.at), self._limit, after.at)
        self.requests += before.requests - after.requests
        self.tokens += before.tokens - after.tokens
        self.bucket = after
        return told

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Ask:
    """After `pause` seconds worker `who` asks `times` times for one request and `tokens`; `used` turn out to be needed each."""

    who: int
    times: int
    pause: float
    tokens: int
    used: int
    clock_off: float


@dataclass(frozen=True, slots=True)
class Die:
    """Worker `who` is killed, and another starts in its place."""

    who: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Worker `who` returns what it did not spend in time."""

    who: int


limits = st.builds(
    RateLimit,
    st.one_of(st.none(), st.floats(30, 20_000)),
    st.one_of(st.none(), st.floats(600, 500_000)),
).filter(lambda limit: limit != RateLimit())
who = st.integers(0, WORKERS - 1)
ask = st.builds(
    Ask,
    who,
    st.integers(1, 20),
    st.one_of(st.floats(0, 0.02), st.floats(0, 0.4)),
    st.one_of(st.integers(0, 100), st.integers(0, 3000)),
    st.integers(0, 6000),
    st.floats(-0.3, 0.3),
)
steps = st.lists(st.one_of(ask, ask, ask, st.builds(Die, who), st.builds(GiveBack, who)), min_size=1, max_size=60)


@dataclass(slots=True)
class Sums:
    """What was granted, and between which moments by the clocks of those who asked."""

    requests: int = 0
    tokens: int = 0
    used: int = 0
    first: datetime = NOW
    last: datetime = NOW

    def flowed(self, per_minute: float) -> float:
        return depth(per_minute) + per_minute / 60 * (self.last - self.first).total_seconds()


async def run(limit: RateLimit, todo: list[Ask | Die | GiveBack], *, settling: bool) -> tuple[Sums, Ledger]:
    ledger, sums, now = Ledger(limit), Sums(), NOW
    workers = [SharedLimiter(ledger, {KEY: limit}) for _ in range(WORKERS)]
    for step in todo:
        match step:
            case Ask():
                now += timedelta(seconds=step.pause)
                here = now + timedelta(seconds=step.clock_off)
                sums.first, sums.last = min(sums.first, here), max(sums.last, here)
                for _ in range(step.times):
                    if isinstance(await workers[step.who].acquire(KEY, tokens=step.tokens, now=here), Granted):
                        sums.requests += 1
                        sums.tokens += step.tokens
                        sums.used += step.used
                        if settling:
                            workers[step.who].settle(KEY, estimated=step.tokens, actual=step.used)
            case Die():
                # A worker that is killed before it has paid what it owes leaves it unpaid: see the other property.
                if not settling:
                    workers[step.who] = SharedLimiter(ledger, {KEY: limit})
            case GiveBack():
                sums.last = max(sums.last, now)
                await workers[step.who].give_back(now)
    for worker in workers:
        await worker.aclose(sums.last)
    return sums, ledger


@settings(max_examples=150, deadline=None)
@given(limits, steps)
def test_never_more_than_flowed_is_granted_though_workers_die(
    limit: RateLimit, todo: list[Ask | Die | GiveBack]
) -> None:
    """Granted is what was drawn before, and drawn is no more than a full bucket and the flow (a debt that is left counts)."""
    sums, ledger = asyncio.run(run(limit, todo, settling=False))
    left = ledger.bucket or full(limit, NOW)
    if limit.requests_per_minute is not None:
        assert sums.requests <= ledger.requests + 1e-6
        assert ledger.requests + left.requests <= sums.flowed(limit.requests_per_minute) * (1 + 1e-9) + 1e-6
    if limit.tokens_per_minute is not None:
        assert sums.tokens <= ledger.tokens + 1e-3
        assert ledger.tokens + left.tokens <= sums.flowed(limit.tokens_per_minute) * (1 + 1e-9) + 1e-3


@settings(max_examples=150, deadline=None)
@given(limits, steps)
def test_what_was_used_is_paid_whatever_was_set_aside(limit: RateLimit, todo: list[Ask | Die | GiveBack]) -> None:
    sums, ledger = asyncio.run(run(limit, todo, settling=True))
    if limit.tokens_per_minute is not None:
        assert sums.used <= ledger.tokens + 1e-3


@settings(max_examples=100, deadline=None)
@given(limits, steps, st.integers(0, 3000))
def test_whoever_waits_as_told_is_served_in_the_end(
    limit: RateLimit, todo: list[Ask | Die | GiveBack], tokens: int
) -> None:
    async def served() -> int:
        ledger = Ledger(limit)
        limiter, other, now = SharedLimiter(ledger, {KEY: limit}), SharedLimiter(ledger, {KEY: limit}), NOW
        for step in todo:
            if isinstance(step, Ask):
                now += timedelta(seconds=step.pause)
                await other.acquire(KEY, tokens=step.tokens, now=now)
        # The others are gone, with what they had taken ahead.
        for times in range(1, 20):
            answer = await limiter.acquire(KEY, tokens=tokens, now=now)
            if isinstance(answer, Granted):
                return times
            now += timedelta(seconds=answer.seconds + 1e-5)
        return 0

    assert asyncio.run(served()) > 0
