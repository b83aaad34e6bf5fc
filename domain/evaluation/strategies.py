"""The curves of routing's own strategies, and of chance, the best single model and an oracle beside them."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from statistics import fmean

from contracts.routing import RoutingContext
from domain.evaluation.choosing import Turns, envelope, turned
from domain.evaluation.curve import Curve, Point
from domain.evaluation.rows import Row, Rows
from domain.routing.difficulty import quality_asked
from domain.routing.needs import LIKELY_ANSWER
from domain.routing.scores import price_score

CHARACTERS_PER_TOKEN = 4
"""The usual estimate for English; it only sets how fast a price's score falls."""


def auto(rows: Rows, difficulties: Sequence[float]) -> Curve:
    """`auto`: the cheapest model whose tier is at least what the difficulty asks for, else the best.

    The knob is added to the quality that is asked for, so that every row's model is a better one as it rises. At 0 it is the rule
    in force (see `auto_in_force`). A tier is the model's mean quality over these rows.
    """
    return turned(rows, _by_difficulty(rows, difficulties))


def auto_in_force(rows: Rows, difficulties: Sequence[float]) -> Point:
    """`auto` with its knob at 0: what the rule does as it stands."""
    rule = _by_difficulty(rows, difficulties)
    return _point(rows, lambda index, row: _at(rule(index, row), 0.0))


def balanced(rows: Rows) -> Curve:
    """`balanced`: the best sum of the price's score and the tier; the knob is the weight of quality over that of cost."""
    return turned(rows, lambda _, row: _balance(rows, row))


def balanced_in_force(rows: Rows, *, cost: float, quality: float) -> Point:
    """`balanced` with these weights."""
    at = quality / cost if cost else float("inf")
    return _point(rows, lambda _, row: _at(_balance(rows, row), at))


def oracle(rows: Rows) -> Curve:
    """The most quality that each amount can buy, by somebody who knows every answer before it is asked for.

    Each row starts at its cheapest model; the knob is what a unit of quality may cost.
    """
    return turned(
        rows, lambda _, row: envelope([(one, row.quality[one], -rows.spent(row, one)) for one in rows.models])
    )


def chance(rows: Rows) -> Curve:
    """A coin for each row: any mixture of the weak and the strong model."""
    return Curve((single(rows, rows.weak), single(rows, rows.strong)))


def single(rows: Rows, model: str) -> Point:
    """One model for all rows."""
    return _point(rows, lambda _, row: model)


def cheapest(rows: Rows) -> Point:
    """`cost`: every row's cheapest model."""
    return _point(
        rows, lambda _, row: min(rows.models, key=lambda one: (rows.price(row, one), -rows.mean_quality[one]))
    )


def in_turn(rows: Rows) -> Point:
    """`round_robin`: every model answers the same share of the rows; the mean over all ways to deal them out."""
    points = [single(rows, model) for model in rows.models]
    return Point(
        fmean(point.spent for point in points),
        fmean(point.quality for point in points),
        fmean(point.usd or 0.0 for point in points) if rows.has_costs else None,
    )


def _by_difficulty(rows: Rows, difficulties: Sequence[float]) -> Callable[[int, Row], Turns]:
    tiers = sorted(set(rows.mean_quality.values()))
    context = RoutingContext()

    def turns(index: int, row: Row) -> Turns:
        asked = quality_asked(difficulties[index], context)
        first, *later = (_cheapest_from(rows, row, tier) for tier in tiers)
        # Above tiers[i] the models of that tier are out; beyond the last nobody is good enough and the best stays.
        changes = [(tier - asked, model) for tier, model in zip(tiers, later, strict=False)]
        return first, _distinct(first, changes)

    return turns


def _cheapest_from(rows: Rows, row: Row, tier: float) -> str:
    good = [model for model in rows.models if rows.mean_quality[model] >= tier]
    return min(good, key=lambda model: (rows.price(row, model), -rows.mean_quality[model]))


def _distinct(first: str, changes: Sequence[tuple[float, str]]) -> Sequence[tuple[float, str]]:
    """Without those that change nothing."""
    kept: list[tuple[float, str]] = []
    for at, model in changes:
        if model != (kept[-1][1] if kept else first):
            kept.append((at, model))
    return kept


def _balance(rows: Rows, row: Row) -> Turns:
    tokens = len(row.prompt) // CHARACTERS_PER_TOKEN + LIKELY_ANSWER
    return envelope([(one, rows.mean_quality[one], price_score(rows.price(row, one), tokens)) for one in rows.models])


def _at(turns: Turns, knob: float) -> str:
    """Who answers at this place of the knob. At a change's own place the earlier one does, since it is still good enough."""
    first, following = turns
    passed = bisect_left([at for at, _ in following], knob)
    return following[passed - 1][1] if passed else first


def _point(rows: Rows, choice: Callable[[int, Row], str]) -> Point:
    chosen = [(row, choice(index, row)) for index, row in enumerate(rows.rows)]
    return Point(
        fmean(rows.spent(row, model) for row, model in chosen),
        fmean(row.quality[model] for row, model in chosen),
        fmean(rows.usd(row, model) for row, model in chosen) if rows.has_costs else None,
    )
