"""Arranging a plan where models were named, by the caller or as the policy's default."""

from collections.abc import Sequence

from contracts.models import ModelRef
from contracts.routing import Strategy
from domain.routing.choosing import Arranged, Placed, confidence
from domain.routing.difficulty import Demand
from domain.routing.fallbacks import too_dear
from domain.routing.masks import mask_of
from domain.routing.ranking import Standing, rank
from domain.routing.reasons import facts, first_by_strategy
from domain.routing.request import Request
from domain.routing.screening import Screening


def arrange_named(
    request: Request, screening: Screening, strategy: Strategy, wants: Demand, models: Sequence[ModelRef]
) -> Arranged:
    """The named models in their order (`manual`) or ranked among themselves, then the policy's chain behind a single one.

    What cannot serve was dropped by `screening`, and the first candidate's reason says so. What cannot be reached now moves
    behind the rest, where it may have recovered by the time that it is asked. A caller who names a dearer model as a fallback
    has consented to it; the policy's chain keeps to `max_price_multiple`.
    """
    book, rules = request.book, request.book.policy.routing_rules
    own = mask_of(at for ref in models if (at := book.position(ref)) is not None)
    ranked = rank(request, strategy, wants, (screening.fit | screening.behind) & own)
    chain = rank(request, "manual", wants, (screening.fit | screening.behind) & ~own)
    ordered = list(ranked)
    if strategy == "manual":
        ordered.sort(key=lambda one: one.position)
    chained = sorted(chain, key=lambda one: one.position)
    ordered, away = _split(ordered, screening.behind)
    chained, chained_away = _split(chained, screening.behind)
    first = next(iter((*ordered, *chained, *away, *chained_away)))
    price = request.price(first.position)
    candidates: list[Placed] = []
    refused: list[Placed] = []
    for one in (*ordered, *chained, *away, *chained_away):
        by_caller = bool(own >> one.position & 1)
        dear = (
            None if by_caller else too_dear(price, request.price(one.position), rules.max_price_multiple, by_name=True)
        )
        if dear is not None:
            refused.append(Placed(one, f"fits, but is no fallback: {dear}"))
        elif len(candidates) >= rules.max_candidates:
            refused.append(Placed(one, f"fits, but the policy's plans hold at most {rules.max_candidates} candidates"))
        else:
            reason = _reason(request, len(candidates), by_caller, ordered=strategy == "manual")
            late = "; it cannot be reached now" if screening.behind >> one.position & 1 else ""
            candidates.append(Placed(one, f"{reason}: {facts(request, one)}{late}"))
    if strategy != "manual" and ranked.order[:1] == (first.position,):
        candidates[0] = Placed(first, first_by_strategy(request, ranked))
    candidates[0] = Placed(candidates[0].standing, candidates[0].reason + _dropped(request, screening, models))
    sure = 1.0 if strategy == "manual" else confidence(ranked, first)
    return Arranged(tuple(candidates), tuple(refused), sure)


def _split(standings: Sequence[Standing], behind: int) -> tuple[list[Standing], list[Standing]]:
    """Those that can be reached, and those that cannot."""
    here = [one for one in standings if not behind >> one.position & 1]
    return here, [one for one in standings if behind >> one.position & 1]


def _reason(request: Request, index: int, by_caller: bool, *, ordered: bool) -> str:
    default = not request.asked.models
    if not by_caller:
        return f"fallback {index}, by the policy's chain" if index else "by the policy's chain"
    if default:
        return "the policy's default model"
    if index == 0:
        return "asked for"
    return f"fallback {index}, in the order asked for" if ordered else f"fallback {index}, asked for"


def _dropped(request: Request, screening: Screening, models: Sequence[ModelRef]) -> str:
    """What became of the named models that the plan does not hold."""
    book = request.book
    gone = ((ref, screening.why(at)) for ref in models if (at := book.position(ref)) is not None)
    return "".join(f"; {ref} was left out ({why})" for ref, why in gone if why is not None)
