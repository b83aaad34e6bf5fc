"""A conversation stays with its model while leaving it is not worth the loss of its prompt cache."""

from domain.routing.prices import likely_price
from domain.routing.ranking import Ranking, Standing
from domain.routing.request import Request

HABIT, CACHE = 0.05, 0.15
"""How far another model's score must be above the present one's: `HABIT`, and `CACHE` times the share of the present one's
price that its cache saves."""


def staying(request: Request, ranking: Ranking) -> Standing | None:
    """The conversation's last model where it keeps the turn, else None.

    It must be among those ranked (so it fits and can be reached) and its last turn within the policy's time. Scores are compared
    at effective prices: cached tokens at the cache's price for it, at the full one for all others. Where models take turns or
    share load, prices alone are compared. It never stays at more than `max_price_multiple` times the best one's price.
    """
    sticky, rules = request.situation.sticky, request.book.policy.routing_rules
    if sticky is None or sticky.seconds_ago >= rules.affinity.minutes * 60:
        return None
    position = request.book.position(sticky.model)
    if position is None or position not in ranking:
        return None
    last, best = ranking.standing(position), ranking.best
    if last == best:
        return last
    if ranking.pool:
        return last if last.usd is not None and best.usd is not None and last.usd <= best.usd else None
    multiple = rules.max_price_multiple
    if multiple is not None and best.usd is not None and (last.usd is None or last.usd > best.usd * multiple):
        return None
    return last if best.score - last.score <= HABIT + CACHE * _saved(request, last) else None


def _saved(request: Request, last: Standing) -> float:
    """The share of the model's likely price that its cache takes away."""
    full = likely_price(request.book.entries[last.position], request.asked.needs)
    if not full or last.usd is None:
        return 0.0
    return max(0.0, 1 - last.usd / float(full))
