"""One call of a model, watched: admitted by its breakers, counted while it runs, and told of when it has ended."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from activities.health import Admitted, Health, Held
from activities.observing import observed_call
from contracts.errors import ErrorKind, PerdureError, ProviderError
from contracts.health import Observed
from contracts.models import ModelRef
from contracts.usage import Usage
from domain.health.judging import probe_outcome

CIRCUIT_OPEN = "circuit_open"
"""The `provider_code` of a call that an open breaker held back: nothing was called."""


class Watch:
    """What is to be said of the call when it has ended. A call of which nothing is said showed nothing."""

    def __init__(self, model: ModelRef, clock: Callable[[], datetime]) -> None:
        self._model = model
        self._clock = clock
        self._began = clock()
        self.observed: Observed | None = None

    def saw(
        self,
        *,
        error: PerdureError | None,
        stopped: bool = False,
        first_token_ms: int | None = None,
        usage: Usage | None = None,
    ) -> None:
        """The call has ended: with `error`, because somebody `stopped` it, or properly. `usage`: theirs or ours."""
        self.observed = observed_call(
            self._model,
            began=self._began,
            ended=self._clock(),
            error=error,
            stopped=stopped,
            first_token_ms=first_token_ms,
            usage=usage,
        )


@asynccontextmanager
async def watched(health: Health, model: ModelRef, clock: Callable[[], datetime]) -> AsyncIterator[Watch]:
    """Watch the call that the block makes. A call that holds the lease of a breaker that was due is its probe.

    Raises ProviderError (code `circuit_open`, with the seconds until the next probe) where the breaker is open. A worker that
    shuts down in the block says nothing of the provider.
    """
    admitted = await health.admit(model)
    if isinstance(admitted, Held):
        raise _held(admitted, model, clock())
    watch = Watch(model, clock)
    health.began(model)
    try:
        yield watch
    finally:
        await _tell(health, model, admitted, watch.observed)


async def _tell(health: Health, model: ModelRef, admitted: Admitted, observed: Observed | None) -> None:
    if observed is None:
        health.left(model)
    else:
        health.observe(replace(observed, probe=bool(admitted.probes)))
    if admitted.probes:
        ok = None if observed is None else probe_outcome(observed)
        await health.probed(admitted.probes, ok=ok, kind=observed.kind if observed else None)


def _held(held: Held, model: ModelRef, now: datetime) -> ProviderError:
    wait = None if held.until is None else max(0.0, (held.until - now).total_seconds())
    when = "" if wait is None else f" It is asked again in {wait:.0f} s."
    return ProviderError(
        held.reason or ErrorKind.UNAVAILABLE,
        f"{model} failed too often lately and is left alone.{when} POST /api/models/breakers/reset ends that.",
        provider=model.provider,
        retry_after=wait,
        provider_code=CIRCUIT_OPEN,
    )
