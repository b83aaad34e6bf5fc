"""From sums and breakers to what a plan and a person look at."""

from collections.abc import Iterable
from datetime import datetime

from contracts.health import UNMEASURED, Breaker, BreakerState, Measured, Sums
from domain.health import histogram
from domain.health.breaker import due
from domain.health.judging import is_away
from domain.health.outcomes import latest
from domain.health.windows import decayed

_BADNESS: dict[BreakerState, int] = {"closed": 0, "half_open": 1, "open": 2}


def measured(
    sums: Sums | None, breakers: Iterable[Breaker], *, in_flight: int, now: datetime, half_life: float
) -> Measured:
    """What is known now. `breakers` are the model's own and its provider's, where there are any; `half_life` is in seconds."""
    state: BreakerState = "closed"
    open_until = limited_until = None
    for breaker in breakers:
        # One that is due lets the next call through: for a plan it is half open already.
        shown: BreakerState = "half_open" if due(breaker, now=now) else breaker.state
        if _BADNESS[shown] > _BADNESS[state]:
            state = shown
        if breaker.state != "closed":
            open_until = latest(open_until, breaker.open_until)
        if breaker.limited_until is not None and breaker.limited_until > now:
            limited_until = latest(limited_until, breaker.limited_until)
    if sums is None:
        if state == "closed" and limited_until is None and not in_flight:
            return UNMEASURED
        return Measured(in_flight=in_flight, breaker=state, open_until=open_until, limited_until=limited_until)
    here = decayed(sums, now, half_life=half_life)
    calls = here.calls
    away = sum(count for kind, count in here.errors.items() if is_away(kind))
    return Measured(
        first_token_p50=histogram.quantile(here.first_token, 0.5),
        first_token_p95=histogram.quantile(here.first_token, 0.95),
        total=_ratio(here.seconds, here.answered),
        tokens_per_second=_ratio(here.tokens, here.speaking),
        error_rate=_share(calls - here.answered, calls),
        availability=1 - _share(away, calls),
        errors={kind: _share(count, calls) for kind, count in here.errors.items()},
        calls=calls,
        in_flight=in_flight,
        breaker=state,
        open_until=open_until,
        limited_until=limited_until,
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _share(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0
