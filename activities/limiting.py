"""The shared limiter: a worker takes a slice of a credential's limit at a time and spends it without asking.

What is granted was taken out of the shared bucket before, so that no number of workers grants more than the limit; what is not
spent within half a second goes back. A worker that dies loses its slice, which errs on the safe side.
"""

import asyncio
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.limiting import Bucket, Granted, RateLimit, Wait
from domain.limiting.bucket import Taken, Want, per_second, take
from storage.limits import BucketStore

SLICE_SECONDS = 0.1
"""How much of its demand a worker takes ahead."""
MEMORY_SECONDS = 0.5
"""Demand is what was asked for lately, fading with this time."""
LEASE = timedelta(seconds=0.5)
LEAST_WAIT = 0.05
"""Seconds before an empty bucket is asked again: twenty changes a second by a worker are no hot row."""
LONGEST_PROMISE = timedelta(seconds=60)


@dataclass(slots=True)
class _Slice:
    """What this worker holds of one bucket, and what it knows about the demand."""

    requests: float = 0
    tokens: float = 0
    ends: datetime | None = None
    owed: float = 0
    asked: float = 0
    asked_tokens: float = 0
    since: datetime | None = None
    dry_until: datetime | None = None
    dry_for: tuple[float, float] = (0, 0)
    promised: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SharedLimiter:
    """Grants requests and tokens by a credential's name. Credentials without a limit are granted everything."""

    def __init__(self, store: BucketStore, limits: dict[str, RateLimit] | None = None) -> None:
        self._store = store
        self._limits = dict(limits or {})
        self._slices: dict[str, _Slice] = {}

    def limit(self, key: str, limit: RateLimit) -> None:
        """Set or change a credential's limit."""
        self._limits[key] = limit

    async def acquire(self, key: str, *, requests: int = 1, tokens: int = 0, now: datetime) -> Granted | Wait:
        """Set requests and tokens aside, or say how long to wait. Whoever waits asks again; waits are spread over the time."""
        limit = self._limits.get(key)
        if limit is None or (limit.requests_per_minute is None and limit.tokens_per_minute is None):
            return Granted(tokens)
        held = self._slices.setdefault(key, _Slice(since=now))
        _remember(held, requests, tokens, now)
        if granted := self._spend(held, limit, requests, tokens, now):
            return granted
        if self._dry(held, requests, tokens, now):
            return Wait(self._promise(held, limit, requests, tokens, now))
        async with held.lock:
            # Another may have fetched a slice while this one waited for the lock.
            if granted := self._spend(held, limit, requests, tokens, now):
                return granted
            if not self._dry(held, requests, tokens, now):
                wait = await self._fetch(key, held, limit, requests, tokens, now)
                if not wait:
                    return Granted(tokens)
                held.dry_until = now + timedelta(seconds=max(wait, LEAST_WAIT))
                held.dry_for = (requests, tokens)
            return Wait(self._promise(held, limit, requests, tokens, now))

    def settle(self, key: str, *, estimated: int, actual: int) -> None:
        """The call used `actual` tokens, where `estimated` were set aside: the difference is paid or given back."""
        if (held := self._slices.get(key)) is not None and key in self._limits:
            held.owed += actual - estimated

    async def give_back(self, now: datetime) -> None:
        """Return what was not spent in time, and pay what is owed. To be called every second or so."""
        for key, held in list(self._slices.items()):
            limit = self._limits.get(key)
            left = held.requests or held.tokens
            if limit is None or not (held.owed or (left and _past(held.ends, now))):
                continue
            async with held.lock:
                await self._fetch(key, held, limit, 0, 0, now)

    async def aclose(self, now: datetime) -> None:
        """Give back everything."""
        for held in self._slices.values():
            held.ends = now
        await self.give_back(now)

    def _spend(self, held: _Slice, limit: RateLimit, requests: float, tokens: float, now: datetime) -> Granted | None:
        if _past(held.ends, now):
            return None
        enough_requests = limit.requests_per_minute is None or held.requests >= requests
        enough_tokens = limit.tokens_per_minute is None or held.tokens >= tokens
        if not (enough_requests and enough_tokens):
            return None
        held.requests -= requests if limit.requests_per_minute is not None else 0
        held.tokens -= tokens if limit.tokens_per_minute is not None else 0
        return Granted(int(tokens))

    def _dry(self, held: _Slice, requests: float, tokens: float, now: datetime) -> bool:
        """The bucket was too empty a moment ago for less than this."""
        return not _past(held.dry_until, now) and requests >= held.dry_for[0] and tokens >= held.dry_for[1]

    async def _fetch(
        self, key: str, held: _Slice, limit: RateLimit, requests: float, tokens: float, now: datetime
    ) -> float:
        """Return what is left, pay what is owed, take what is needed and some ahead. The seconds to wait, or 0."""
        ahead = self._ahead(held, limit) if requests or tokens else (0.0, 0.0)
        left_requests, left_tokens, owed = held.requests, held.tokens, held.owed
        held.requests = held.tokens = held.owed = 0
        want = Want(requests, tokens, *ahead, owed=owed - left_tokens, returned=left_requests)

        def judge(bucket: Bucket | None) -> tuple[Bucket, Taken]:
            return take(bucket, want, limit, now)

        try:
            taken = await self._store.change(key, judge)
        except BaseException:
            # Whether it was done is not known: what was left counts as spent, and what is owed is still owed.
            held.owed += max(0.0, owed)
            raise
        if taken.wait:
            return taken.wait
        held.requests = taken.requests - requests if limit.requests_per_minute is not None else 0
        held.tokens = max(0.0, taken.tokens - tokens) if limit.tokens_per_minute is not None else 0
        held.ends = now + LEASE
        few = limit.requests_per_minute is not None and 2 * held.requests < ahead[0]
        few_tokens = limit.tokens_per_minute is not None and 2 * held.tokens < ahead[1]
        if few or few_tokens:
            # The bucket is as good as empty: let something flow in before it is asked for more.
            held.dry_until, held.dry_for = now + timedelta(seconds=LEAST_WAIT), (1, 0) if few else (0, 1)
        return 0.0

    def _ahead(self, held: _Slice, limit: RateLimit) -> tuple[float, float]:
        """What will be asked for within a slice's time, by what was asked for lately."""
        share = SLICE_SECONDS / MEMORY_SECONDS
        requests, tokens = int(held.asked * share), held.asked_tokens * share
        if requests < 1:
            return 0, 0
        most = per_second(limit.requests_per_minute)
        most_tokens = per_second(limit.tokens_per_minute)
        return (
            requests if most is None else min(requests, most * SLICE_SECONDS),
            tokens if most_tokens is None else min(tokens, most_tokens * SLICE_SECONDS),
        )

    def _promise(self, held: _Slice, limit: RateLimit, requests: float, tokens: float, now: datetime) -> float:
        """When to come again: after those who were told before, so that not all come at once."""
        start = max(now + timedelta(seconds=LEAST_WAIT), held.dry_until or now, held.promised or now)
        start = min(start, max(now + LONGEST_PROMISE, held.dry_until or now))
        rate, token_rate = per_second(limit.requests_per_minute), per_second(limit.tokens_per_minute)
        takes = max(requests / rate if rate else 0, tokens / token_rate if token_rate else 0)
        held.promised = start + timedelta(seconds=takes)
        return (start - now).total_seconds()


def _past(moment: datetime | None, now: datetime) -> bool:
    return moment is None or moment <= now


def _remember(held: _Slice, requests: float, tokens: float, now: datetime) -> None:
    passed = max(0.0, (now - (held.since or now)).total_seconds())
    kept = math.exp(-passed / MEMORY_SECONDS)
    held.asked = held.asked * kept + requests
    held.asked_tokens = held.asked_tokens * kept + tokens
    held.since = max(now, held.since or now)
