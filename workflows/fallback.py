"""Which candidate comes after a failure. Part of the replay contract: a change here needs a replay of the golden histories."""

from dataclasses import dataclass

from contracts.activities import FailureDetail
from contracts.errors import RULES
from contracts.turns import RoutePlan


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask candidate `index`; `from_start` where a continuation was refused."""

    index: int
    from_start: bool = False


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Nobody is left to ask, or nobody else may be."""


def next_ask(plan: RoutePlan, current: Ask, failure: FailureDetail) -> Ask | Exhausted:
    """What follows when `current` failed for good.

    A refused continuation is our mistake: the same candidate is asked once more, from the start.
    """
    if failure.prefill_refused and not current.from_start:
        return Ask(current.index, from_start=True)
    if failure.final or not RULES[failure.kind].fallback or current.index + 1 >= len(plan.candidates):
        return Exhausted()
    return Ask(current.index + 1)
