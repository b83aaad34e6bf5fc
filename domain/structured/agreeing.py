"""How far several answers to the same question agree."""

from collections.abc import Mapping, Sequence
from typing import Any


def agreed(samples: Sequence[Any]) -> tuple[int, float]:
    """Which sample is nearest to all others, the first of equals, and how near it is to them, from 0 to 1.

    Raises ValueError where there are none; one alone agrees with itself.
    """
    if not samples:
        raise ValueError("there are no samples")
    if len(samples) == 1:
        return 0, 1.0
    nearness = [
        sum(similarity(one, other) for at, other in enumerate(samples) if at != this) / (len(samples) - 1)
        for this, one in enumerate(samples)
    ]
    best = max(range(len(samples)), key=lambda at: nearness[at])
    return best, nearness[best]


def similarity(one: Any, other: Any) -> float:
    """The share of two values that is equal, from 0 to 1: field by field, item by item. Case and spaces of texts do not count."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        names = one.keys() | other.keys()
        return (
            sum(similarity(one[n], other[n]) for n in names if n in one and n in other) / len(names) if names else 1.0
        )
    if isinstance(one, list) and isinstance(other, list):
        longest = max(len(one), len(other))
        return sum(similarity(a, b) for a, b in zip(one, other, strict=False)) / longest if longest else 1.0
    if isinstance(one, str) and isinstance(other, str):
        return float(one.casefold().split() == other.casefold().split())
    if isinstance(one, bool) or isinstance(other, bool):
        return float(one is other)
    return float((type(one) in (int, float) and type(other) in (int, float) and one == other) or one is other)
