"""Exponentially decaying sums. They may be merged in any order and grouping: the result is the same."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from contracts.errors import ErrorKind
from contracts.health import Observed, Sums
from domain.health import histogram
from domain.health.judging import says_something

NEGLIGIBLE = 1e-6
"""Counts below this are dropped: they are twenty half-lives old."""


def decayed(sums: Sums, at: datetime, *, half_life: float) -> Sums:
    """The sums as they weigh at a later time; `half_life` is in seconds. An earlier `at` changes nothing."""
    age = (at - sums.at).total_seconds()
    if age <= 0:
        return sums
    factor = 0.5 ** (age / half_life)
    return Sums(
        at=at,
        calls=sums.calls * factor,
        answered=sums.answered * factor,
        first_token=histogram.scaled(sums.first_token, factor),
        seconds=sums.seconds * factor,
        tokens=sums.tokens * factor,
        speaking=sums.speaking * factor,
        errors={kind: count * factor for kind, count in sums.errors.items() if count * factor > NEGLIGIBLE},
    )


def merged(one: Sums, other: Sums, *, half_life: float) -> Sums:
    """Both together, as of the later."""
    at = max(one.at, other.at)
    one, other = decayed(one, at, half_life=half_life), decayed(other, at, half_life=half_life)
    return Sums(
        at=at,
        calls=one.calls + other.calls,
        answered=one.answered + other.answered,
        first_token=histogram.added(one.first_token, other.first_token),
        seconds=one.seconds + other.seconds,
        tokens=one.tokens + other.tokens,
        speaking=one.speaking + other.speaking,
        errors={
            kind: one.errors.get(kind, 0.0) + other.errors.get(kind, 0.0)
            for kind in sorted(one.errors.keys() | other.errors.keys())
        },
    )


def all_merged(sums: Iterable[Sums], *, half_life: float) -> Sums | None:
    """All together, or None for none."""
    whole: Sums | None = None
    for one in sums:
        whole = one if whole is None else merged(whole, one, half_life=half_life)
    return whole


def of_call(observed: Observed, at: datetime) -> Sums:
    """The sums of one call that ended at `at`.

    A call that somebody stopped says how soon it began and no more; one that was the caller's mistake says nothing but its kind.
    """
    started = observed.first_token
    base = Sums(at=at, first_token=() if started is None else histogram.single(started))
    match observed.kind:
        case None:
            speaking = max(0.0, observed.seconds - (started or 0.0)) if observed.output_tokens else 0.0
            return replace(
                base,
                calls=1.0,
                answered=1.0,
                seconds=observed.seconds,
                tokens=float(observed.output_tokens) if speaking > 0 else 0.0,
                speaking=speaking,
            )
        case ErrorKind.CANCELLED:
            return base
        case kind:
            return replace(base, calls=1.0 if says_something(kind) else 0.0, errors={kind.value: 1.0})
