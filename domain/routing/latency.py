"""How long an answer takes: from a model's speed tier before anything was measured, from measurement after."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from domain.routing.columns import Floats

Number = TypeVar("Number", float, "Floats")

SLOWEST_FIRST_TOKEN, QUICKEST_FIRST_TOKEN = 3.0, 0.2
SLOWEST_RATE, QUICKEST_RATE = 20.0, 200.0
"""What speed tiers 0 and 1 stand for: seconds to the first token, and tokens per second. Assumptions, until measured."""

PATIENCE = 5.0
"""Seconds at which an answer's time scores a half."""

TRUSTED_CALLS = 5.0
"""Calls after which what was measured counts as much as what was assumed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds to the first token, and for each token after it."""

    first_token: float
    per_token: float

    def seconds(self, tokens: int) -> float:
        """The time of an answer with so many tokens."""
        return self.first_token + tokens * self.per_token


def usual_pace(speed: float) -> Pace:
    """The pace that a speed tier (0 to 1) stands for."""
    first = SLOWEST_FIRST_TOKEN + (QUICKEST_FIRST_TOKEN - SLOWEST_FIRST_TOKEN) * speed
    return Pace(first, 1 / (SLOWEST_RATE + (QUICKEST_RATE - SLOWEST_RATE) * speed))


@dataclass(frozen=True, slots=True, eq=False)
class Paces:
    """The pace of each of many models."""

    first_token: "Floats"
    per_token: "Floats"

    def seconds(self, tokens: int) -> "Floats":
        """The time of an answer with so many tokens."""
        return self.first_token + tokens * self.per_token


def measured_paces(p50: "Floats", p95: "Floats", rate: "Floats", usual: Paces) -> Paces:
    """The paces that were measured: seconds to the first token, and tokens per second, NaN where nothing was, which is as usual.

    A bad tail counts: a quarter of the first token is its p95.
    """
    import numpy as np

    first = 0.75 * p50 + 0.25 * np.fmax(p50, p95)
    known = np.nan_to_num(rate, nan=0.0) > 0
    return Paces(
        np.where(np.isnan(p50), usual.first_token, first),
        np.where(known, 1 / np.where(known, rate, 1.0), usual.per_token),
    )


def trust(calls: Number) -> Number:
    """How much so many calls say, from 0 to 1."""
    return calls / (calls + TRUSTED_CALLS)


def speed_score(seconds: Number) -> Number:
    """From 1 for no time towards 0, a half at `PATIENCE`."""
    return 1 / (1 + seconds / PATIENCE)
