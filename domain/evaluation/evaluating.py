"""Evaluating routing on rows: every strategy beside chance, the best single model and an oracle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from contracts.policies import Weights
from domain.evaluation import strategies
from domain.evaluation.curve import Curve, Point
from domain.evaluation.measures import Measures, measures, recovered
from domain.evaluation.rows import Rows

Evaluated = Literal["auto", "balanced", "cost", "quality", "round_robin"]
EVALUATED: tuple[Evaluated, ...] = get_args(Evaluated)
"""The strategies that such rows can judge. The others depend on latency, on load or on the caller, of which rows say nothing."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one way of routing did.

    `in_force` is what it does as it is set, `recovered` that point's share of the gap (PGR); None where it has a knob and no
    setting of its own. `curve` and `measures` are of its knob, None where it has none.
    """

    name: str
    in_force: Point | None
    recovered: float | None
    curve: Curve | None
    measures: Measures | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results. `axis` says what `Point.spent` is a share of: the strong model's calls, or the way to its cost."""

    rows: int
    models: tuple[str, ...]
    weak: str
    strong: str
    weak_point: Point
    strong_point: Point
    axis: Literal["calls", "cost"]
    results: tuple[Result, ...]


def evaluate(
    rows: Rows,
    wanted: Sequence[Evaluated] | None = None,
    *,
    predictor: Callable[[str], float] | None = None,
    weights: Weights | None = None,
) -> Evaluation:
    """Evaluate the strategies that are `wanted` (by default all that these rows can judge), and the three to compare with.

    `predictor` gives the difficulty (0 to 1) of a prompt; without it, `auto` goes by the rows' own scores. `weights` are those
    of `balanced`. Raises ValueError where `auto` is wanted and there is neither, or `balanced` without costs.
    """
    difficulties = rows.difficulties(predictor) if wanted is None or "auto" in wanted else None
    if wanted is not None and "auto" in wanted and difficulties is None:
        raise ValueError("the strategy auto needs a difficulty: a score in every line, or a predictor")
    if wanted is not None and "balanced" in wanted and not rows.has_costs:
        raise ValueError("the strategy balanced needs a cost for every model in every line")
    able = {"auto": difficulties is not None, "balanced": rows.has_costs}
    names = wanted if wanted is not None else [one for one in EVALUATED if able.get(one, True)]
    own = [_strategy(rows, name, difficulties, weights or Weights()) for name in dict.fromkeys(names)]
    beside = [
        _result(rows, "random", None, strategies.chance(rows)),
        _result(rows, "best single", strategies.single(rows, rows.strong), None),
        _result(rows, "oracle", None, strategies.oracle(rows)),
    ]
    return Evaluation(
        rows=len(rows),
        models=rows.models,
        weak=rows.weak,
        strong=rows.strong,
        weak_point=strategies.single(rows, rows.weak),
        strong_point=strategies.single(rows, rows.strong),
        axis="calls" if len(rows.models) == 2 else "cost",
        results=(*own, *beside),
    )


def _strategy(rows: Rows, name: Evaluated, difficulties: Sequence[float] | None, weights: Weights) -> Result:
    match name:
        case "auto":
            known = difficulties or ()
            return _result(rows, name, strategies.auto_in_force(rows, known), strategies.auto(rows, known))
        case "balanced":
            set_to = strategies.balanced_in_force(rows, cost=weights.cost, quality=weights.quality)
            return _result(rows, name, set_to, strategies.balanced(rows))
        case "cost":
            return _result(rows, name, strategies.cheapest(rows), None)
        case "quality":
            return _result(rows, name, strategies.single(rows, rows.strong), None)
        case "round_robin":
            return _result(rows, name, strategies.in_turn(rows), None)


def _result(rows: Rows, name: str, in_force: Point | None, curve: Curve | None) -> Result:
    weak, strong = rows.mean_quality[rows.weak], rows.mean_quality[rows.strong]
    return Result(
        name=name,
        in_force=in_force,
        recovered=None if in_force is None else recovered(in_force.quality, weak=weak, strong=strong),
        curve=curve,
        measures=None if curve is None else measures(curve, weak=weak, strong=strong),
    )
