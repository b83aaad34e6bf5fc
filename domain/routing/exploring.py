"""A share of requests asks a model other than the best, to learn; which ones, a seed decides."""

from hashlib import blake2b

from domain.routing.ranking import Ranking, Standing
from domain.routing.request import Request

_STEPS = 1 << 32


def exploring(request: Request, ranking: Ranking) -> Standing | None:
    """The model to try instead of the best, or None. It is one of the next best, and never above `max_price_multiple`."""
    rules = request.book.policy.routing_rules
    digest = blake2b(request.situation.seed.encode(), digest_size=8, person=b"explore").digest()
    whether, which = int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:], "big")
    if whether >= rules.learning.exploration * _STEPS:
        return None
    near = ranking.after_best(rules.max_candidates)
    others = [one for one in near if _not_dearer(one, ranking.best, rules.max_price_multiple)]
    return others[which % len(others)] if others else None


def _not_dearer(one: Standing, best: Standing, multiple: float | None) -> bool:
    if multiple is None:
        return True
    return one.usd is not None and best.usd is not None and one.usd <= best.usd * multiple
