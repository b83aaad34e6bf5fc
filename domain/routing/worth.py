"""What each model of a catalog is worth to one request, as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.routing import Strategy
from domain.routing.columns import members
from domain.routing.difficulty import TAGGED, Demand, auto_scores, quality_asked
from domain.routing.latency import speed_score, usual_pace
from domain.routing.learning import learned
from domain.routing.scores import Blend, blend, price_score
from domain.routing.screening import Request

if TYPE_CHECKING:
    from domain.routing.columns import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """One number for each model: its score, with what was `learned` of it added, and its likely price in USD (NaN: unknown)."""

    scores: "Floats"
    usd: "Floats"
    learned: Mapping[int, float]


def worth(request: Request, strategy: Strategy, demand: Demand) -> Worth:
    """Score every model of the catalog. Scores fall with the price and with the time of an answer, as far as these count."""
    import numpy as np

    book, needs, context = request.book, request.asked.needs, request.asked.context
    sticky = request.situation.sticky
    holder = None if sticky is None else book.position(sticky.model)
    usd = book.columns.likely(needs, holder=holder, cached_tokens=sticky.cached_tokens if sticky else 0)
    cost = np.nan_to_num(price_score(usd, needs.input_tokens + needs.likely_answer), nan=0.0)
    speed = speed_score(book.columns.seconds(needs.likely_answer))
    mix = blend(strategy, book.policy.routing_rules.weights, context)
    if strategy == "auto":
        hurried = context.latency == "fast"
        mix = Blend(0.5, 0.0, 0.5) if hurried else Blend(1.0, 0.0, 0.0)
        quality = np.minimum(1.0, book.columns.quality + TAGGED * _tagged(request, demand))
        asked = quality_asked(demand.difficulty, context)
        scores = auto_scores(quality, asked, mix.cost * cost + mix.speed * speed)
    else:
        scores = mix.cost * cost + mix.quality * book.columns.quality + mix.speed * speed
    shifts = _shifts(request, mix.speed / 2 if strategy == "auto" else mix.speed)
    if shifts:
        scores[list(shifts)] += list(shifts.values())
    return Worth(scores, usd, shifts)


def _tagged(request: Request, demand: Demand) -> "Floats":
    """1 for a model that is tagged with the request's task, else 0."""
    import numpy as np

    mask = request.book.tags.get(demand.task.value, 0) if demand.task else 0
    return members(mask, len(request.book.entries)).astype(np.float64)


def _shifts(request: Request, speed_weight: float) -> dict[int, float]:
    """What was learned of each model of which anything was."""
    situation, book = request.situation, request.book
    refs = {*situation.measured, *situation.feedback, *situation.preference}
    at = {ref: position for ref in refs if (position := book.position(ref)) is not None}
    return {
        position: learned(
            situation.measured.get(ref),
            usual=usual_pace(book.entries[position].speed),
            answer_tokens=request.asked.needs.likely_answer,
            speed_weight=speed_weight,
            feedback=situation.feedback.get(ref, 0.0),
            preference=situation.preference.get(ref, 0.0),
            bound=book.policy.routing_rules.learning.bound,
        )
        for ref, position in at.items()
    }
