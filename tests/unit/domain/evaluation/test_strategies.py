"""The curves of strategies, against every way to choose a model for each row."""

from itertools import product
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.policies import Weights
from contracts.routing import RoutingContext
from domain.evaluation import Evaluation, Result, Row, Rows, evaluate
from domain.evaluation.choosing import envelope
from domain.evaluation.strategies import oracle
from domain.routing.difficulty import quality_asked

_TWO = Rows(
    (
        Row("easy", {"small": 1, "large": 1}, {"small": 0.001, "large": 0.01}, 0.1),
        Row("hard", {"small": 0, "large": 1}, {"small": 0.001, "large": 0.02}, 0.9),
        Row("harder", {"small": 0, "large": 1}, {"small": 0.002, "large": 0.03}, 0.8),
        Row("trap", {"small": 1, "large": 0}, {"small": 0.001, "large": 0.01}, 0.2),
    )
)


def _of(found: Evaluation, name: str) -> Result:
    return next(one for one in found.results if one.name == name)


def test_who_is_weak_and_who_is_strong() -> None:
    assert (_TWO.weak, _TWO.strong) == ("small", "large")
    found = evaluate(_TWO)
    assert found.axis == "calls"
    assert found.weak_point.quality == 0.5
    assert found.weak_point.usd == pytest.approx(0.00125)
    assert found.strong_point.quality == 0.75
    assert [one.name for one in found.results] == [
        "auto", "balanced", "cost", "quality", "round_robin", "random", "best single", "oracle"
    ]  # fmt: skip


def test_a_score_that_knows_the_hard_rows_beats_chance() -> None:
    auto = _of(evaluate(_TWO), "auto")
    assert auto.measures is not None
    assert auto.measures.cpt50 == pytest.approx(0.125)
    assert auto.measures.cpt80 == pytest.approx(0.2)
    assert auto.measures.apgr == pytest.approx(0.25 * (0.5 + 1.5 + 1.5 + 1.0))


def test_a_predictor_is_asked_instead_of_the_rows_scores() -> None:
    backwards = _of(evaluate(_TWO, ["auto"], predictor=lambda prompt: 1.0 if prompt == "trap" else 0.0), "auto")
    assert backwards.measures is not None
    assert backwards.measures.apgr < 0.5


def test_a_predictor_must_give_numbers() -> None:
    with pytest.raises(ValueError, match="gave no number"):
        evaluate(_TWO, ["auto"], predictor=lambda prompt: float("nan"))


def test_auto_in_force_goes_by_the_rule_of_routing() -> None:
    found = _of(evaluate(_TWO, ["auto"]), "auto")
    large = [row for row in _TWO.rows if quality_asked(row.difficulty or 0, RoutingContext()) > 0.5]
    assert found.in_force is not None
    assert found.in_force.spent == len(large) / 4 == 0.5
    assert found.in_force.quality == 1
    assert found.recovered == pytest.approx(2)


def test_the_oracle_buys_where_it_gains() -> None:
    found = _of(evaluate(_TWO), "oracle")
    assert found.curve is not None
    assert [(point.spent, point.quality) for point in found.curve.points] == [(0, 0.5), (0.5, 1.0)]


def test_strategies_without_a_knob_are_points() -> None:
    found = evaluate(_TWO)
    cost, quality, turns = _of(found, "cost"), _of(found, "quality"), _of(found, "round_robin")
    assert cost.measures is quality.measures is turns.measures is None
    assert cost.in_force == found.weak_point
    assert quality.in_force == found.strong_point
    assert turns.in_force is not None
    assert (turns.in_force.spent, turns.in_force.quality) == (0.5, 0.625)


def test_weights_move_balanced() -> None:
    cheap = _of(evaluate(_TWO, ["balanced"], weights=Weights(cost=1, quality=0)), "balanced")
    good = _of(evaluate(_TWO, ["balanced"], weights=Weights(cost=0, quality=1)), "balanced")
    assert cheap.in_force is not None
    assert good.in_force is not None
    assert (cheap.in_force.spent, good.in_force.spent) == (0, 1)


def test_without_scores_or_costs_what_cannot_be_judged_is_left_out_or_refused() -> None:
    bare = Rows(tuple(Row(row.prompt, row.quality) for row in _TWO.rows))
    assert [one.name for one in evaluate(bare).results] == [
        "cost",
        "quality",
        "round_robin",
        "random",
        "best single",
        "oracle",
    ]
    with pytest.raises(ValueError, match="auto needs a difficulty"):
        evaluate(bare, ["auto"])
    with pytest.raises(ValueError, match="balanced needs a cost"):
        evaluate(bare, ["balanced"])


share = st.integers(0, 4).map(lambda n: n / 4)
dollars = st.integers(1, 8).map(lambda n: n / 1000)
three = st.fixed_dictionaries({"a": share, "b": share, "c": share})
costs = st.fixed_dictionaries({"a": dollars, "b": dollars, "c": dollars})


@st.composite
def some_rows(draw: st.DrawFn) -> Rows | None:
    drawn = draw(st.lists(st.tuples(three, costs, share), min_size=1, max_size=4))
    try:
        return Rows(tuple(Row("x", quality, usd, score) for quality, usd, score in drawn))
    except ValueError:
        return None  # the cheapest is the best


@given(some_rows())
def test_nobody_does_better_than_the_oracle(rows: Rows | None) -> None:
    if rows is None:
        return
    best = oracle(rows)
    for choice in product(rows.models, repeat=len(rows)):
        spent = fmean(rows.spent(row, model) for row, model in zip(rows.rows, choice, strict=True))
        quality = fmean(row.quality[model] for row, model in zip(rows.rows, choice, strict=True))
        assert quality <= best.at(spent).quality + 1e-9


@given(some_rows())
def test_every_strategy_stays_below_the_oracle(rows: Rows | None) -> None:
    if rows is None:
        return
    found = evaluate(rows)
    ceiling = _of(found, "oracle")
    assert ceiling.curve is not None
    for result in found.results:
        points = [] if result.curve is None else list(result.curve.points)
        if result.in_force is not None:
            points.append(result.in_force)
        for point in points:
            assert point.quality <= ceiling.curve.at(point.spent).quality + 1e-9
        if result.measures is not None and ceiling.measures is not None:
            assert result.measures.apgr <= ceiling.measures.apgr + 1e-9


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(-6, 6)), min_size=1, max_size=6), st.floats(0, 20))
def test_the_envelope_is_the_highest_line(lines: list[tuple[int, int]], knob: float) -> None:
    named = {str(i): line for i, line in enumerate(lines)}
    name, following = envelope([(name, float(gain), float(base)) for name, (gain, base) in named.items()])
    for at, successor in following:
        if at <= knob:
            name = successor
    height = {one: base + knob * gain for one, (gain, base) in named.items()}
    assert height[name] == pytest.approx(max(height.values()))
