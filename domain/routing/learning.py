"""What was measured, and what people said, moves a score within the policy's bound."""

from math import tanh

from contracts.health import Measured
from domain.routing.latency import Pace, measured_pace, speed_score, trust


def learned(
    measured: Measured | None,
    *,
    usual: Pace,
    answer_tokens: int,
    speed_weight: float,
    feedback: float,
    preference: float,
    bound: float,
) -> float:
    """What to add to a score, between -bound and +bound.

    Together go: how much quicker the model was measured than assumed, as far as speed counts in the strategy; the share of its
    calls that failed; feedback (-1 to 1), which alone moves half the bound; and a preference that somebody stated (-1 to 1),
    which alone moves the bound. The sum is squeezed into the bound without a corner, so that better stays better.
    """
    if bound == 0:
        return 0.0
    wish = bound * (_unit(feedback) / 2 + _unit(preference))
    if measured is not None:
        quicker = speed_score(measured_pace(measured, usual).seconds(answer_tokens)) - speed_score(
            usual.seconds(answer_tokens)
        )
        wish += trust(measured.calls) * (speed_weight * quicker - measured.error_rate)
    return bound * tanh(wish / bound)


def _unit(value: float) -> float:
    return max(-1.0, min(1.0, value))
