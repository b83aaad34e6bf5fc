"""What one process saw of a breaker's calls since it last told the others."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.errors import ErrorKind
from contracts.health import Slice
from domain.health.judging import Outcome

LONGEST_WISH = 3600.0
"""Seconds: a provider's wish to be left alone is believed for so long at most, then it is asked again."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Calls, in the order in which they ended. `failures`: in a row at the end; `any_ok`: since a success.

    `ok_began`: when the latest-begun call that succeeded began. `opens`: a kind that opens at once. `until`, `limited_until`: how
    long the provider wished to be left alone.
    """

    slices: tuple[Slice, ...] = ()
    failures: int = 0
    any_ok: bool = False
    ok_began: datetime | None = None
    kind: ErrorKind | None = None
    opens: ErrorKind | None = None
    until: datetime | None = None
    limited_until: datetime | None = None

    @property
    def urgent(self) -> bool:
        """The others should know at once."""
        return self.opens is not None or self.limited_until is not None

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(part.failed for part in self.slices)

    def then(self, later: "Outcomes", *, since: int = 0) -> "Outcomes":
        """These and those that followed; seconds before the epoch `since` are forgotten."""
        return Outcomes(
            slices=joined(self.slices, later.slices, since=since),
            failures=later.failures + (0 if later.any_ok else self.failures),
            any_ok=self.any_ok or later.any_ok,
            ok_began=latest(self.ok_began, later.ok_began),
            kind=later.kind or self.kind,
            opens=later.opens if later.opens or later.any_ok else self.opens,
            until=latest(self.until, later.until),
            limited_until=latest(self.limited_until, later.limited_until),
        )


def outcomes_of(
    outcome: Outcome, *, kind: ErrorKind | None, began: datetime, ended: datetime, retry_after: float | None
) -> Outcomes:
    """The outcomes of one call."""
    wish = None if retry_after is None else ended + timedelta(seconds=min(retry_after, LONGEST_WISH))
    limited = wish if kind is ErrorKind.RATE_LIMITED else None
    second = int(ended.timestamp())
    match outcome:
        case "ok":
            return Outcomes(slices=(Slice(second, ok=1),), any_ok=True, ok_began=began)
        case "failed" | "opens":
            opens = kind if outcome == "opens" else None
            return Outcomes((Slice(second, failed=1),), 1, kind=kind, opens=opens, until=wish)
        case "neutral":
            return Outcomes(limited_until=limited)


def joined(one: tuple[Slice, ...], other: tuple[Slice, ...], *, since: int) -> tuple[Slice, ...]:
    """Both together by second, in order, without what is older than `since`."""
    by_second: dict[int, tuple[int, int]] = {}
    for part in (*one, *other):
        if part.second >= since:
            ok, failed = by_second.get(part.second, (0, 0))
            by_second[part.second] = ok + part.ok, failed + part.failed
    return tuple(Slice(second, *by_second[second]) for second in sorted(by_second))


def latest(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two times, of which either may be missing."""
    if one is None or other is None:
        return one or other
    return max(one, other)
