"""APGR and CPT, against sums done by hand and against brute force."""

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.evaluation import Curve, Point, apgr, cpt, measures, recovered, threshold_curve


def test_chance_recovers_half_the_gap() -> None:
    curve = Curve((Point(0, 0.4), Point(1, 0.8)))
    found = measures(curve, weak=0.4, strong=0.8)
    assert found.apgr == pytest.approx(0.5)
    assert found.cpt50 == pytest.approx(0.5)
    assert found.cpt80 == pytest.approx(0.8)


def test_four_rows_by_hand() -> None:
    # By falling score the strong model gains 1, 0, 1 and 0: PGR is 0, 1/2, 1/2, 1, 1 at 0, 25, 50, 75 and 100 % of the calls.
    curve = threshold_curve([0.9, 0.7, 0.5, 0.3], weak=[0, 1, 0, 0], strong=[1, 1, 1, 0])
    assert [point.spent for point in curve.points] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert [point.quality for point in curve.points] == pytest.approx([0.25, 0.5, 0.5, 0.75, 0.75])
    found = measures(curve, weak=0.25, strong=0.75)
    assert found.apgr == pytest.approx(0.25 * (0.25 + 0.5 + 0.75 + 1.0))
    assert found.cpt50 == pytest.approx(0.25)
    assert found.cpt80 == pytest.approx(0.5 + 0.25 * 0.6)


def test_one_score_for_all_is_chance() -> None:
    curve = threshold_curve([0.5] * 8, weak=[0, 1] * 4, strong=[1] * 8)
    assert measures(curve, weak=0.5, strong=1).apgr == pytest.approx(0.5)


def test_a_curve_that_stops_short_is_level_after_its_end() -> None:
    curve = Curve((Point(0, 0.0), Point(0.5, 0.6)))
    assert apgr(curve, weak=0, strong=1) == pytest.approx(0.5 * 0.3 + 0.5 * 0.6)
    assert cpt(curve, 0.8, weak=0, strong=1) is None


def test_a_step_at_one_price_counts_from_there() -> None:
    curve = Curve((Point(0, 0.0), Point(0.5, 0.0), Point(0.5, 1.0), Point(1, 1.0)))
    assert apgr(curve, weak=0, strong=1) == pytest.approx(0.5)
    assert cpt(curve, 0.5, weak=0, strong=1) == 0.5


def test_what_lies_outside_nothing_and_all_is_cut_off() -> None:
    curve = Curve((Point(-1, 0.0), Point(1, 1.0), Point(3, 5.0)))
    assert apgr(curve, weak=0, strong=1) == pytest.approx(0.75)
    assert cpt(curve, 0.2, weak=0, strong=1) == 0


def test_a_curve_is_read_between_its_points() -> None:
    curve = Curve((Point(0.2, 0.5, 0.01), Point(0.4, 0.7, 0.03), Point(0.4, 0.8, 0.03), Point(0.8, 0.9, 0.05)))
    assert curve.at(0) == Point(0, 0.5, 0.01)
    assert curve.at(0.3).quality == pytest.approx(0.6)
    assert curve.at(0.3).usd == pytest.approx(0.02)
    assert curve.at(0.4).quality == 0.8
    assert curve.at(1) == Point(1, 0.9, 0.05)


def test_no_gap_is_refused() -> None:
    with pytest.raises(ValueError, match="no gap to recover"):
        recovered(0.5, weak=0.5, strong=0.5)
    with pytest.raises(ValueError, match="no gap to recover"):
        measures(Curve((Point(0, 0.5),)), weak=0.6, strong=0.5)


@pytest.mark.parametrize("lengths", [(0, 0, 0), (2, 1, 2), (1, 1, 2)])
def test_a_curve_needs_as_many_scores_as_rows(lengths: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least one row"):
        threshold_curve(*([0.5] * length for length in lengths))


rows = st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.booleans()), min_size=1, max_size=30)


@given(rows)
def test_every_point_is_what_its_threshold_gives(drawn: list[tuple[int, bool, bool]]) -> None:
    scores, weak, strong = ([float(row[i]) for row in drawn] for i in range(3))
    curve = threshold_curve(scores, weak, strong)
    expected = {}
    for threshold in {-1.0, *scores, 6.0}:
        chosen = [(s > threshold, b if s > threshold else w) for s, w, b in zip(scores, weak, strong, strict=True)]
        expected[round(fmean(one for one, _ in chosen), 9)] = fmean(two for _, two in chosen)
    assert {round(point.spent, 9): point.quality for point in curve.points} == pytest.approx(expected)


@given(rows)
def test_a_score_and_its_opposite_share_the_square(drawn: list[tuple[int, bool, bool]]) -> None:
    scores, weak, strong = ([float(row[i]) for row in drawn] for i in range(3))
    if fmean(strong) <= fmean(weak):
        return
    ends = {"weak": fmean(weak), "strong": fmean(strong)}
    there = apgr(threshold_curve(scores, weak, strong), **ends)
    back = apgr(threshold_curve([-score for score in scores], weak, strong), **ends)
    assert there + back == pytest.approx(1)
