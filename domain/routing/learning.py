"""What was measured, and what people said, moves a score within the policy's bound."""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from contracts.health import Measured
from domain.routing.latency import Paces, measured_paces, speed_score, trust

if TYPE_CHECKING:
    from domain.routing.columns import Floats

_FIELDS = ("first_token_p50", "first_token_p95", "tokens_per_second", "error_rate", "calls")
_read = attrgetter(*_FIELDS)


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """What was measured, one number for each model; NaN where nothing was, and no calls."""

    first_token_p50: "Floats"
    first_token_p95: "Floats"
    tokens_per_second: "Floats"
    error_rate: "Floats"
    calls: "Floats"

    @classmethod
    def of(cls, measured: Mapping[int, Measured], size: int) -> "Observed":
        """The columns of `size` models, of which some were measured, by position."""
        import numpy as np

        table = np.full((size, len(_FIELDS)), np.nan)
        table[:, -2:] = 0
        if measured:
            table[list(measured)] = np.array([_read(one) for one in measured.values()], dtype=np.float64)
        return cls(*(np.ascontiguousarray(column) for column in table.T))


def learned(
    observed: Observed,
    *,
    usual: Paces,
    answer_tokens: int,
    speed_weight: float,
    feedback: "Floats",
    preference: "Floats",
    bound: float,
) -> "Floats":
    """What to add to each model's score, between -bound and +bound.

    Together go: how much quicker the model was measured than assumed, as far as speed counts in the strategy; the share of its
    calls that failed; feedback (-1 to 1), which alone moves half the bound; and a preference that somebody stated (-1 to 1),
    which alone moves the bound. The sum is squeezed into the bound without a corner, so that better stays better.
    """
    import numpy as np

    if bound == 0:
        return np.zeros_like(feedback)
    found = measured_paces(observed.first_token_p50, observed.first_token_p95, observed.tokens_per_second, usual)
    quicker = speed_score(found.seconds(answer_tokens)) - speed_score(usual.seconds(answer_tokens))
    wish = bound * (np.clip(feedback, -1, 1) / 2 + np.clip(preference, -1, 1))
    wish += trust(observed.calls) * (speed_weight * quicker - observed.error_rate)
    with np.errstate(over="ignore"):  # a bound near nothing: the squeeze of the infinite is the bound
        squeezed: Floats = bound * np.tanh(wish / bound)
    return squeezed
