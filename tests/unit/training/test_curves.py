"""APGR and CPT on rows whose answer is known."""

import numpy as np
import pytest

from training.curves import curve, interval

WEAK = np.array([1.0, 1.0, 0.0, 0.0])
STRONG = np.array([1.0, 1.0, 1.0, 1.0])


def test_chance_recovers_in_step_with_what_it_sends() -> None:
    by_chance = curve(np.zeros(4), WEAK, STRONG)
    assert (by_chance.apgr, by_chance.cpt(0.5), by_chance.cpt(0.8)) == pytest.approx((0.5, 0.5, 0.8))


def test_the_right_order_needs_only_the_rows_that_gain() -> None:
    right = curve(np.array([0.1, 0.2, 0.9, 0.8]), WEAK, STRONG)
    assert right.apgr == pytest.approx(0.75)
    assert right.cpt(0.5) == pytest.approx(0.25)
    assert right.cpt(0.8) == pytest.approx(0.4)


def test_the_wrong_order_pays_for_all() -> None:
    wrong = curve(np.array([0.9, 0.8, 0.1, 0.2]), WEAK, STRONG)
    assert wrong.apgr == pytest.approx(0.25)
    assert wrong.cpt(1.0) == pytest.approx(1.0)


def test_a_strong_model_that_errs_alone_loses() -> None:
    weak, strong = np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 1.0])
    oracle = curve(strong - weak, weak, strong)
    assert oracle.recovered.max() == pytest.approx(2.0)
    assert oracle.recovered[-1] == pytest.approx(1.0)


def test_rows_may_count_several_times() -> None:
    score = np.array([0.3, 0.1, 0.2, 0.9])
    twice = curve(score, WEAK, STRONG, np.array([1.0, 2.0, 1.0, 2.0]))
    listed = [0, 1, 1, 2, 3, 3]
    assert twice.apgr == pytest.approx(curve(score[listed], WEAK[listed], STRONG[listed]).apgr)


def test_an_interval_holds_the_value() -> None:
    chance = np.random.default_rng(3)
    score, weak = chance.random(300), (chance.random(300) < 0.6).astype(float)
    low, high = interval(score, weak, np.ones(300), samples=60)
    assert low < curve(score, weak, np.ones(300)).apgr < high


def test_models_without_a_gap_are_refused() -> None:
    with pytest.raises(ValueError, match="no gap"):
        curve(np.zeros(4), STRONG, WEAK)
