"""The breaker as a state machine: pure functions from a stored breaker to the next.

closed --(failures in a row, their rate, or a kind)--> open --(open_until, one lease)--> half_open --(success)--> closed
                                                        ^------------------(failure, lease lost)---+
"""

from dataclasses import replace
from datetime import datetime, timedelta

from contracts.errors import ErrorKind
from contracts.health import Breaker
from contracts.policies import Breaker as BreakerPolicy
from domain.health.outcomes import Outcomes, joined, latest


def absorbed(breaker: Breaker, seen: Outcomes, policy: BreakerPolicy, *, now: datetime) -> Breaker:
    """The breaker after a process told what it saw.

    A success of a call that began after the opening closes it as a probe would. A deadline is never shortened.
    """
    since = int(now.timestamp() - policy.window_seconds)
    after = replace(
        breaker,
        slices=joined(breaker.slices, seen.slices, since=since),
        failures=seen.failures + (0 if seen.any_ok else breaker.failures),
        limited_until=latest(breaker.limited_until, seen.limited_until),
    )
    if breaker.state != "closed":
        if seen.ok_began and (breaker.opened_at is None or seen.ok_began > breaker.opened_at):
            return closed(after, now=now)
        return replace(after, open_until=latest(after.open_until, seen.until))
    reason = seen.opens or (_failing(after, policy) and (seen.kind or breaker.reason)) or None
    if reason is None:
        return after
    return replace(
        after,
        state="open",
        reason=reason,
        opened_at=now,
        open_until=latest(now + timedelta(seconds=policy.probe_seconds), seen.until),
        probe_holder=None,
        probe_until=None,
    )


def _failing(breaker: Breaker, policy: BreakerPolicy) -> bool:
    if breaker.failures >= policy.failures:
        return True
    failed = sum(part.failed for part in breaker.slices)
    calls = failed + sum(part.ok for part in breaker.slices)
    return failed > 0 and calls >= policy.minimum and failed >= policy.failure_rate * calls


def due(breaker: Breaker, *, now: datetime) -> bool:
    """Whether a probe may begin: the time has come, and nobody holds the lease."""
    match breaker.state:
        case "closed":
            return False
        case "open":
            return breaker.open_until is None or breaker.open_until <= now
        case "half_open":
            return breaker.probe_until is None or breaker.probe_until <= now


def probing(breaker: Breaker, holder: str, *, now: datetime, seconds: float) -> Breaker | None:
    """The breaker with its lease at `holder` for so many seconds, or None where no probe may begin."""
    if not due(breaker, now=now):
        return None
    until = now + timedelta(seconds=seconds)
    return replace(breaker, state="half_open", probe_holder=holder, probe_until=until)


def probed(
    breaker: Breaker,
    holder: str,
    *,
    ok: bool | None,
    policy: BreakerPolicy,
    now: datetime,
    kind: ErrorKind | None = None,
) -> Breaker:
    """The breaker after the probe. `ok` None: it found nothing out, and another may begin at once.

    A holder whose lease went to another changes nothing.
    """
    if breaker.state != "half_open" or breaker.probe_holder != holder:
        return breaker
    if ok:
        return closed(breaker, now=now)
    until = breaker.open_until if ok is None else latest(breaker.open_until, now + _pause(policy))
    return replace(
        breaker, state="open", open_until=until, probe_holder=None, probe_until=None, reason=kind or breaker.reason
    )


def closed(breaker: Breaker, *, now: datetime) -> Breaker:
    """Closed, with a clean slate. What the provider said of its limits stays true."""
    return Breaker(breaker.key, closed_at=now, limited_until=breaker.limited_until)


def reset(breaker: Breaker, *, now: datetime) -> Breaker:
    """As somebody wishes it: closed, and not limited."""
    return Breaker(breaker.key, closed_at=now)


def quiet(breaker: Breaker, *, now: datetime) -> bool:
    """Whether nothing about the breaker needs to be told of successes: it is closed, and nothing failed lately."""
    return breaker.state == "closed" and breaker.failures == 0 and not any(part.failed for part in breaker.slices)


def _pause(policy: BreakerPolicy) -> timedelta:
    return timedelta(seconds=policy.probe_seconds)
