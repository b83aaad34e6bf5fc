"""Both fits find what was put into the rows."""

import numpy as np
import pytest

from training.fitting import logistic, ridge


def test_ridge_finds_the_line() -> None:
    chance = np.random.default_rng(1)
    given = chance.normal(size=(400, 5))
    given -= given.mean(axis=0)
    true = np.array([1.0, -2.0, 0.0, 0.5, 3.0])
    weights, bias = ridge(given, given @ true + 7, 1e-6)
    assert weights == pytest.approx(true, abs=1e-6)
    assert float(bias) == pytest.approx(7)


def test_a_penalty_shrinks() -> None:
    chance = np.random.default_rng(2)
    given = chance.normal(size=(50, 3))
    wanted = given @ np.array([1.0, 2.0, 3.0])
    assert np.abs(ridge(given, wanted, 100.0)[0]).sum() < np.abs(ridge(given, wanted, 0.1)[0]).sum()


def test_logistic_comes_to_rest_where_the_gradient_vanishes() -> None:
    chance = np.random.default_rng(3)
    given, labels = chance.normal(size=(90, 4)), np.arange(90) % 3
    given[np.arange(90), labels] += 2
    weights, bias = logistic(given, labels, np.ones(90), 3, penalty=1.0)
    scores = given @ weights + bias
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert (shares.argmax(axis=1) == labels).mean() > 0.85
    gradient = given.T @ (shares - np.eye(3)[labels]) / 90 + weights / 90
    assert np.abs(gradient).max() < 1e-3
