"""Arranging a plan where the caller named no model: who is first, who follows, who else would do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.models import ModelRef
from domain.routing.affinity import staying
from domain.routing.exploring import exploring
from domain.routing.fallbacks import by_capability, chain_of, too_dear
from domain.routing.ranking import Ranking, Standing
from domain.routing.reasons import facts, first_by_strategy
from domain.routing.request import Request

ALTERNATIVES = 3
"""How many models a plan names beside its candidates."""

DECISIVE = 0.05
"""The margin between the first and the next score at which a choice is half sure."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A standing with the reason for its place."""

    standing: Standing
    reason: str


@dataclass(frozen=True, slots=True)
class Arranged:
    """The candidates, the alternatives, and how clearly the first won (0 to 1)."""

    candidates: tuple[Placed, ...]
    alternatives: tuple[Placed, ...]
    confidence: float


def choose(request: Request, ranking: Ranking) -> Arranged:
    """Choose from a ranking: task preferences, then the conversation's habit, then exploration, then the strategy."""
    first, preferred = _first(request, ranking)
    rules, book = request.book.policy.routing_rules, request.book
    chain = chain_of(book, book.entries[first.standing.position].ref)
    price = request.price(first.standing.position)
    taken: list[Placed] = [first]
    refused: list[Placed] = []
    for following, reason, by_name in _following(request, ranking, first.standing, preferred, chain):
        if len(taken) >= rules.max_candidates:
            break
        why_not = too_dear(price, _price(request, following), rules.max_price_multiple, by_name=by_name)
        known = facts(request, following)
        if why_not is None:
            taken.append(Placed(following, f"fallback {len(taken)}, {reason}: {known}"))
        elif len(refused) < ALTERNATIVES:
            refused.append(Placed(following, f"fits, but is no fallback ({reason}): {why_not}"))
    asked = {one.standing.position for one in (*taken, *refused)}
    spare = (ranking.standing(position) for position in ranking.order if position not in asked)
    others = [
        Placed(one, f"fits as well: {facts(request, one)}") for one, _ in zip(spare, range(ALTERNATIVES), strict=False)
    ]
    return Arranged(tuple(taken), tuple((*refused, *others)[:ALTERNATIVES]), confidence(ranking, first.standing))


def confidence(ranking: Ranking, first: Standing) -> float:
    """How clearly the first won, from 0 to 1: margin / (margin + 0.05), the margin being that to the best other score.

    A single model, or one whose turn it is, is certain. In `auto` the classifier's own confidence is a factor.
    """
    rivals = [float(ranking.scores[position]) for position in ranking.order[:2] if position != first.position]
    sure = ranking.demand.certain if ranking.strategy == "auto" else 1.0
    if not rivals or ranking.strategy in ("round_robin", "manual"):
        return round(sure, 4)
    margin = max(0.0, first.score - rivals[0])
    return round(sure * margin / (margin + DECISIVE), 4)


def _first(request: Request, ranking: Ranking) -> tuple[Placed, tuple[Standing, ...]]:
    """The first choice, and those that the policy prefers for the task, in its order."""
    stays = staying(request, ranking)
    preferred = _preferred(request, ranking)
    task = ranking.demand.task
    if preferred and (stays is None or stays not in preferred):
        return Placed(preferred[0], f"preferred for {task} work by policy: {facts(request, preferred[0])}"), preferred
    if stays is not None and (stays != ranking.best or preferred):
        return Placed(stays, f"the conversation stays with it: {facts(request, stays)}"), preferred
    tried = exploring(request, ranking) if stays is None else None
    if tried is not None:
        return Placed(tried, f"tried in order to learn: {facts(request, tried)}"), ()
    return Placed(ranking.best, first_by_strategy(request, ranking)), ()


def _preferred(request: Request, ranking: Ranking) -> tuple[Standing, ...]:
    task = ranking.demand.task
    names = request.book.policy.routing_rules.task_preferences.get(task, ()) if task else ()
    if not names:
        return ()
    found = (request.book.meaning(name) for name in names)
    places = dict.fromkeys(request.book.position(ref) for ref in found if ref is not None)
    return tuple(ranking.standing(place) for place in places if place is not None and place in ranking)


def _following(
    request: Request,
    ranking: Ranking,
    first: Standing,
    preferred: Sequence[Standing],
    chain: Sequence[ModelRef] | None,
) -> Iterator[tuple[Standing, str, bool]]:
    """Who follows the first, why, and whether the policy named it; nobody twice."""
    book, seen = request.book, {first.position}
    for one in preferred:
        if one.position not in seen:
            seen.add(one.position)
            yield one, "preferred for the task by policy", True
    if chain is not None:
        for ref in chain:
            place = book.position(ref)
            if place is not None and place in ranking and place not in seen:
                seen.add(place)
                yield ranking.standing(place), "by the policy's chain", True
        return
    owners = ((book.entries[place].ref.provider, place) for place in ranking.order if place not in seen)
    for place in by_capability(book.entries[first.position].ref.provider, owners):
        yield ranking.standing(place), "the next best", False


def _price(request: Request, standing: Standing) -> Decimal | None:
    return request.price(standing.position)
