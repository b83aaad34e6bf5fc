"""What each model of a catalog is worth to one request, as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.models import ModelRef
from contracts.routing import Strategy
from domain.routing.columns import members
from domain.routing.difficulty import TAGGED, Demand, auto_scores, quality_asked
from domain.routing.latency import Paces, speed_score
from domain.routing.learning import Observed, learned
from domain.routing.prepared import Prepared
from domain.routing.request import Request
from domain.routing.scores import Blend, blend, price_score

if TYPE_CHECKING:
    from domain.routing.columns import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """One number for each model: its score, with what was `learned` of it added, and its likely price in USD (NaN: unknown).

    `learned` is None where nothing was of any.
    """

    scores: "Floats"
    usd: "Floats"
    learned: "Floats | None"


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
    moved = _learned(request, mix.speed / 2 if strategy == "auto" else mix.speed)
    if moved is not None:
        scores += moved
    return Worth(scores, usd, moved)


def _tagged(request: Request, demand: Demand) -> "Floats":
    """1 for a model that is tagged with the request's task, else 0."""
    import numpy as np

    mask = request.book.tags.get(demand.task.value, 0) if demand.task else 0
    return members(mask, len(request.book.entries)).astype(np.float64)


def _learned(request: Request, speed_weight: float) -> "Floats | None":
    """What was learned of each model; None where nothing was of any."""
    situation, book = request.situation, request.book
    if not (request.measured or situation.feedback or situation.preference):
        return None
    return learned(
        Observed.of(request.measured, len(book.entries)),
        usual=Paces(book.columns.first_token, book.columns.per_token),
        answer_tokens=request.asked.needs.likely_answer,
        speed_weight=speed_weight,
        feedback=_column(book, situation.feedback),
        preference=_column(book, situation.preference),
        bound=book.policy.routing_rules.learning.bound,
    )


def _column(book: Prepared, said: Mapping[ModelRef, float]) -> "Floats":
    import numpy as np

    column = np.zeros(len(book.entries))
    for ref, value in said.items():
        if (position := book.position(ref)) is not None:
            column[position] = value
    return column
