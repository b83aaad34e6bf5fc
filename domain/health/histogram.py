"""A histogram of seconds whose buckets grow by a constant factor, so that its quantiles err by a constant share."""

import math

LEAST = 0.01
"""Seconds: whatever is faster is in the first bucket."""
PER_DECADE = 10
BUCKETS = 47
"""The first is below `LEAST`; the last holds all beyond 316 s. A bucket's ends differ by 26 %."""


def bucket(seconds: float) -> int:
    """The bucket of a duration."""
    if seconds < LEAST:
        return 0
    return min(BUCKETS - 1, 1 + int(PER_DECADE * math.log10(seconds / LEAST) + 1e-9))


def single(seconds: float) -> tuple[float, ...]:
    """A histogram of one duration."""
    at = bucket(seconds)
    return tuple(1.0 if number == at else 0.0 for number in range(BUCKETS))


def scaled(counts: tuple[float, ...], factor: float) -> tuple[float, ...]:
    """Every count times `factor`."""
    return tuple(count * factor for count in counts)


def added(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    """Both together; an empty one is nothing, and another length counts as far as it goes (an older writer's)."""
    if not one or not other:
        return one or other
    long, short = (one, other) if len(one) >= len(other) else (other, one)
    return tuple(count + (short[at] if at < len(short) else 0.0) for at, count in enumerate(long))


def quantile(counts: tuple[float, ...], share: float) -> float | None:
    """The duration below which `share` of all lie, interpolated within its bucket; None where there are none."""
    whole = math.fsum(counts)
    if whole <= 0:
        return None
    wanted, seen = share * whole, 0.0
    for at, count in enumerate(counts):
        if count > 0 and seen + count >= wanted:
            return _edge(at - 1 + (wanted - seen) / count)
        seen += count
    return _edge(len(counts) - 1)


def _edge(place: float) -> float:
    return float(LEAST * 10 ** (place / PER_DECADE))
