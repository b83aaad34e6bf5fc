"""Fit the two linear layers: multinomial logistic regression for the task, ridge regression for the difficulty. Plain numpy."""

from typing import TYPE_CHECKING, Final

from domain.classifying.head import Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

SCALE_FLOOR: Final = 0.02
"""A feature that hardly ever differs in training must not count for much the first time it does."""

STEPS: Final = 400


def scaling(inputs: "Floats") -> tuple["Floats", "Floats"]:
    """The mean and the deviation of each column of (rows, n)."""
    import numpy as np

    return inputs.mean(axis=0), np.maximum(inputs.std(axis=0), SCALE_FLOOR)


def ridge(inputs: "Floats", wanted: "Floats", penalty: float) -> tuple["Floats", "Floats"]:
    """Weights (n,) and bias () that come closest to `wanted`, (rows,), over inputs of mean 0."""
    import numpy as np

    level = wanted.mean()
    pressed = inputs.T @ inputs + penalty * np.eye(inputs.shape[1])
    solved: Floats = np.linalg.solve(pressed, inputs.T @ (wanted - level)).astype(np.float64)
    return solved, np.asarray(level)


def logistic(
    inputs: "Floats", labels: "Integers", weights: "Floats", classes: int, penalty: float
) -> tuple["Floats", "Floats"]:
    """Weights (n, classes) and bias (classes,) of least cross-entropy, by accelerated gradient descent.

    `weights` says how much each row counts within its class; each class counts the same.
    """
    import numpy as np

    rows, width = inputs.shape
    sizes = np.bincount(labels, weights=weights, minlength=classes)
    counted = weights / (classes * sizes)[labels]
    one_hot = np.eye(classes)[labels]
    joined = np.hstack([inputs, np.ones((rows, 1))])
    decay = np.full((width + 1, 1), penalty / rows)
    decay[-1] = 0.0
    # The gradient's steepness is bounded by half the largest eigenvalue of the weighted second moments.
    steep = 0.5 * float(np.linalg.eigvalsh(joined.T @ (joined * counted[:, None]))[-1]) + penalty / rows
    now = ahead = np.zeros((width + 1, classes))
    for step in range(STEPS):
        scores = joined @ ahead
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        following = ahead - (joined.T @ ((shares - one_hot) * counted[:, None]) + decay * ahead) / steep
        ahead = following + step / (step + 3) * (following - now)
        now = following
    return now[:-1], now[-1]


def fit(
    inputs: "Floats",
    labels: "Integers",
    weights: "Floats",
    difficulties: "Floats",
    tasks: tuple[str, ...],
    features: tuple[str, ...],
    *,
    task_penalty: float,
    difficulty_penalty: float,
) -> Head:
    """The head over raw inputs (rows, n). A label of -1 teaches the difficulty only."""
    mean, scale = scaling(inputs)
    standard = (inputs - mean) / scale
    named = labels >= 0
    task_weights, task_bias = logistic(standard[named], labels[named], weights[named], len(tasks), task_penalty)
    difficulty_weights, difficulty_bias = ridge(standard, difficulties, difficulty_penalty)
    return Head(mean, scale, task_weights, task_bias, difficulty_weights, difficulty_bias, tasks, features)
