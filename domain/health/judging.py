"""Which failures say something about a provider, and about how much of it."""

from dataclasses import dataclass
from typing import Literal

from contracts.errors import ErrorKind
from contracts.health import Observed

LEAST_PATIENCE = 2.0
"""Seconds. A timeout that a caller's own limit brought about sooner says nothing about the provider."""

_AWAY = frozenset({ErrorKind.OVERLOADED, ErrorKind.UNAVAILABLE, ErrorKind.TIMEOUT, ErrorKind.AUTHENTICATION})
_FAULTS = _AWAY | {ErrorKind.RATE_LIMITED, ErrorKind.NOT_FOUND}
_WHOLE_ACCOUNT = frozenset({None, 401, 402})
"""Statuses of an authentication failure that no other model would escape. A 403 may be about one model only."""

_JUDGED = frozenset(
    {ErrorKind.INVALID_REQUEST, ErrorKind.CONTENT_REFUSED, ErrorKind.CONTEXT_OVERFLOW, ErrorKind.RATE_LIMITED}
)
"""Who answers so is there, and judges what it is asked."""

Outcome = Literal["ok", "failed", "opens", "neutral"]


def says_something(kind: ErrorKind) -> bool:
    """Whether a failure of that kind is the provider's, and not the caller's or ours."""
    return kind in _FAULTS


def is_away(kind: str) -> bool:
    """Whether the provider was not there for us at all."""
    return kind in _AWAY


def shows_life(kind: ErrorKind | None) -> bool | None:
    """Whether a call that ended so shows that its model answers again; None: it shows nothing."""
    if kind is None or kind in _JUDGED:
        return True
    return False if kind in _FAULTS else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a call means to the breaker of its model and to that of its provider. `opens`: at once."""

    model: Outcome
    provider: Outcome


def judge(observed: Observed) -> Verdict:
    """What a call means. The provider as a whole is judged by whether it can be reached and takes our key."""
    match observed.kind:
        case None:
            return Verdict("ok", "ok")
        case ErrorKind.AUTHENTICATION:
            return Verdict("opens", "opens" if observed.status in _WHOLE_ACCOUNT else "failed")
        case ErrorKind.UNAVAILABLE:
            reached = observed.status is not None or observed.first_token is not None
            return Verdict("failed", "neutral" if reached else "failed")
        case ErrorKind.TIMEOUT:
            return Verdict("failed" if observed.seconds >= LEAST_PATIENCE else "neutral", "neutral")
        case ErrorKind.OVERLOADED | ErrorKind.NOT_FOUND:
            return Verdict("failed", "neutral")
        case _:
            return Verdict("neutral", "neutral")
