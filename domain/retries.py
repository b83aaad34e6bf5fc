"""After a failed call: ask the same candidate again, and when, or give it up."""

from dataclasses import dataclass

from contracts.errors import RULES, ErrorKind
from contracts.turns import Limits

FIRST_PAUSE = 0.25
"""Seconds before the first repeat; it doubles with each further one, up to `LONGEST_PAUSE`."""
LONGEST_PAUSE = 8.0
LEAST_WAIT = 0.05


@dataclass(frozen=True, slots=True)
class Again:
    """Ask the same candidate again after `delay` seconds."""

    delay: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The candidate is done for this step; `reason` says why."""

    reason: str


LONGEST_QUEUE = 60.0
"""Seconds. Who would wait longer for a limit of our own is told so instead: the queue has to have an end."""


def after_own_limit(
    wait: float, *, has_sibling: bool, limits: Limits, remaining: float, may_wait: bool
) -> Again | GiveUp:
    """What to do where a limit that was set here leaves no room for `wait` seconds. Waiting is no failed call."""
    if not may_wait:
        return GiveUp("the policy lets no turn wait for a limit")
    if has_sibling and wait > limits.retry_after:
        return GiveUp(f"the limit has room in {wait:.1f} s, {limits.retry_after:.1f} s are allowed")
    if wait >= min(remaining, LONGEST_QUEUE):
        return GiveUp(f"the limit has room in {wait:.1f} s, which is too late")
    return Again(max(wait, LEAST_WAIT))


def after_failure(
    kind: ErrorKind, *, retry_after: float | None, failures: int, has_sibling: bool, limits: Limits, remaining: float
) -> Again | GiveUp:
    """What to do after a candidate's `failures`-th failed call in a step.

    `retry_after` is the provider's wish in seconds, `remaining` the seconds that the step has left. A silent provider is not
    asked twice while another could be; a wish that is longer than the step can afford means the next candidate.
    """
    if not RULES[kind].retry_same:
        return GiveUp(f"{kind} is not cured by asking again")
    allowed = limits.same_candidate if has_sibling else limits.only_candidate
    if failures >= allowed:
        return GiveUp(f"{failures} calls failed, {allowed} are allowed")
    if kind is ErrorKind.TIMEOUT and has_sibling:
        return GiveUp("a silent provider is not asked twice while another could answer")
    pause = min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE)
    if retry_after is not None:
        if has_sibling and retry_after > limits.retry_after:
            return GiveUp(f"asked to wait {retry_after:.1f} s, {limits.retry_after:.1f} s are allowed")
        pause = max(pause, retry_after)
    if pause >= remaining:
        return GiveUp(f"a pause of {pause:.1f} s is more than the step has left")
    return Again(pause)
