"""Scores from 0 to 1: what a model is worth to a request, by price, quality and speed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from contracts.policies import Weights
from contracts.routing import RoutingContext, Strategy

if TYPE_CHECKING:
    from domain.routing.columns import Floats

Number = TypeVar("Number", float, "Floats")

USUAL_RATE = 2e-6
"""USD per token, prompt and answer together, at which a price scores a half: about the middle of today's lists."""


@dataclass(frozen=True, slots=True)
class Blend:
    """How much price, quality and speed count; they sum to 1."""

    cost: float
    quality: float
    speed: float


def price_score(usd: Number, tokens: int) -> Number:
    """From 1 for nothing towards 0, a half at `USUAL_RATE` for each of `tokens`.

    It falls with the price and knows no other model, so that adding a model to the catalog changes nobody's score.
    """
    return 1 / (1 + usd / (max(tokens, 1) * USUAL_RATE))


def blend(strategy: Strategy, weights: Weights, context: RoutingContext) -> Blend:
    """What counts in a strategy.

    In `balanced` a request's own words shift the policy's weights: cost sensitivity doubles or halves the price's, the wish
    for a fast answer gives speed as much as all others together, the wish for quality doubles quality's.
    """
    match strategy:
        case "cost":
            return Blend(1, 0, 0)
        case "quality":
            return Blend(0, 1, 0)
        case "performance":
            return Blend(0, 0, 1)
        case "balanced" | "auto" | "round_robin" | "least_busy" | "manual":
            return _shifted(weights, context)


def _shifted(weights: Weights, context: RoutingContext) -> Blend:
    cost, quality, speed = weights.cost, weights.quality, weights.performance
    cost *= {"high": 2.0, "medium": 1.0, "low": 0.5}[context.cost_sensitivity or "medium"]
    match context.latency:
        case "fast":
            speed += cost + quality + speed
        case "quality":
            quality *= 2
        case _:
            pass
    total = cost + quality + speed
    return Blend(cost / total, quality / total, speed / total)
