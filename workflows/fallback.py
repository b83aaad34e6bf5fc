"""Which candidate comes after a failure. Part of the replay contract: a change here needs a replay of the golden histories."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.activities import FailureDetail
from contracts.errors import RULES, ErrorKind
from contracts.turns import Candidate, RoutePlan

_OF_THE_PROVIDER = frozenset({ErrorKind.TIMEOUT, ErrorKind.AUTHENTICATION})
"""What one model of a provider shows about the others: it is silent, or does not know us."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask candidate `index`.

    `from_start`: what was said so far is not to be continued. `squeezed`: send less of the conversation.
    """

    index: int
    from_start: bool = False
    squeezed: bool = False


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Nobody is left to ask, or nobody else may be."""


def next_ask(plan: RoutePlan, current: Ask, failure: FailureDetail) -> Ask | Exhausted:
    """What follows when `current` failed for good.

    A refused continuation is our mistake: the same candidate is asked once more, from the start. What does not fit goes to a
    larger window (or one that nobody knows), and only then to the same candidate with less of the conversation. After silence or
    a refused key another provider goes first. What a budget has no room for goes to the cheapest that is left, where the policy
    downgrades.
    """
    if failure.prefill_refused and not current.from_start:
        return Ask(current.index, from_start=True, squeezed=current.squeezed)
    if failure.final:
        return Exhausted()
    later = plan.candidates[current.index + 1 :]
    failed = plan.candidates[current.index]
    match failure.kind:
        case ErrorKind.CONTEXT_OVERFLOW:
            larger = _first(one for one in later if _is_larger(one, failed))
            if larger is None and failure.squeezable and not current.squeezed:
                return Ask(current.index, from_start=current.from_start, squeezed=True)
            return larger or Exhausted()
        case ErrorKind.BUDGET_EXCEEDED if failure.on_exceeded == "downgrade" and failed.price is not None:
            cheaper = [one for one in later if one.price is not None and one.price < failed.price]
            cheapest = min(cheaper, key=lambda one: one.price or 0, default=None)
            return Exhausted() if cheapest is None else Ask(cheapest.index)
        case ErrorKind.CONTENT_REFUSED:
            # What was declined is no beginning for another model.
            allowed = plan.fallback_on_refusal and later
            return Ask(later[0].index, from_start=True) if allowed else Exhausted()
        case kind if not RULES[kind].fallback:
            return Exhausted()
        case kind if kind in _OF_THE_PROVIDER:
            elsewhere = _first(one for one in later if one.model.provider != failed.model.provider)
            return elsewhere or _first(later) or Exhausted()
        case _:
            return _first(later) or Exhausted()


def _first(candidates: Iterable[Candidate]) -> Ask | None:
    return next((Ask(one.index) for one in candidates), None)


def _is_larger(one: Candidate, failed: Candidate) -> bool:
    return one.window is None or failed.window is None or one.window > failed.window
