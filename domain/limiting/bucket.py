"""A token bucket with two contents, requests and tokens, refilled by time. Pure: the bucket goes in and comes out.

The bucket holds one second of its limit at most, so that no minute gives more than 1/60 above the limit.
"""

from dataclasses import dataclass
from datetime import datetime

from contracts.limiting import Bucket, RateLimit

BURST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Want:
    """`requests` and `tokens` are needed now; up to `spare_requests` and `spare_tokens` more are wanted ahead.

    `owed` tokens were used beyond what had been set aside; below 0, that much is given back, as are `returned` requests.
    """

    requests: float = 0
    tokens: float = 0
    spare_requests: float = 0
    spare_tokens: float = 0
    owed: float = 0
    returned: float = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken out of the bucket. `wait` above 0: nothing was, and so many seconds have to pass first."""

    requests: float = 0
    tokens: float = 0
    wait: float = 0


def per_second(per_minute: float | None) -> float | None:
    """A limit a minute as one a second."""
    return None if per_minute is None else per_minute / 60


def depth(per_minute: float | None) -> float:
    """The most that a bucket holds of one content: a second of the limit, and at least one."""
    return float("inf") if per_minute is None else max(1.0, per_minute / 60 * BURST_SECONDS)


def full(limit: RateLimit, now: datetime) -> Bucket:
    """A bucket that nobody has used."""
    return Bucket(_full(limit.requests_per_minute), _full(limit.tokens_per_minute), now)


def _full(per_minute: float | None) -> float:
    return 0.0 if per_minute is None else depth(per_minute)


def refilled(bucket: Bucket, limit: RateLimit, now: datetime) -> Bucket:
    """The bucket at `now`. A clock that is behind the last one refills nothing and does not turn time back."""
    passed = max(0.0, (now - bucket.at).total_seconds())
    return Bucket(
        requests=_level(bucket.requests, limit.requests_per_minute, passed),
        tokens=_level(bucket.tokens, limit.tokens_per_minute, passed),
        at=max(bucket.at, now),
    )


def _level(level: float, per_minute: float | None, passed: float) -> float:
    rate = per_second(per_minute)
    return 0.0 if rate is None else min(depth(per_minute), level + rate * passed)


def take(bucket: Bucket | None, want: Want, limit: RateLimit, now: datetime) -> tuple[Bucket, Taken]:
    """Take what is needed, and of what is wanted ahead up to half of what is there; or nothing, and say how long to wait.

    More than the bucket can ever hold is granted when it is full, and leaves a debt: over time no more than the limit flows.
    """
    here = refilled(bucket or full(limit, now), limit, now)
    here = Bucket(
        requests=0.0
        if limit.requests_per_minute is None
        else min(depth(limit.requests_per_minute), here.requests + want.returned),
        tokens=0.0 if limit.tokens_per_minute is None else min(depth(limit.tokens_per_minute), here.tokens - want.owed),
        at=here.at,
    )
    wait = max(
        _missing(here.requests, want.requests, limit.requests_per_minute),
        _missing(here.tokens, want.tokens, limit.tokens_per_minute),
    )
    if wait > 0:
        return here, Taken(wait=wait)
    requests = _taken(here.requests, want.requests, want.spare_requests, limit.requests_per_minute)
    tokens = _taken(here.tokens, want.tokens, want.spare_tokens, limit.tokens_per_minute)
    left = Bucket(
        requests=here.requests - requests if limit.requests_per_minute is not None else 0.0,
        tokens=here.tokens - tokens if limit.tokens_per_minute is not None else 0.0,
        at=here.at,
    )
    return left, Taken(requests, tokens)


def _missing(level: float, needed: float, per_minute: float | None) -> float:
    rate = per_second(per_minute)
    if rate is None or needed <= 0:
        return 0.0
    short = min(needed, depth(per_minute)) - level
    # Less than a billionth of the bucket is rounding: a wait for it would never end.
    return short / rate if short > 1e-9 * depth(per_minute) else 0.0


def _taken(level: float, needed: float, spare: float, per_minute: float | None) -> float:
    if per_minute is None:
        return needed + spare
    # Half of what is there: the rest is for the other workers, who might otherwise always come too late.
    return needed + min(spare, max(0.0, level - needed) / 2)
