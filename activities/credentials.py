"""Credentials whose standing and limits all workers share."""

from collections.abc import Callable
from datetime import datetime

from activities.health import Health
from activities.limiting import SharedLimiter
from contracts.errors import ErrorKind, ProviderError
from contracts.health import BreakerKey, Observed
from contracts.limiting import Granted, RateLimit
from contracts.models import ModelRef
from providers.credentials import Standing
from providers.protocol import Credential


class SharedCredentials:
    """A `CredentialKeeper` over the shared health and limiter."""

    def __init__(self, health: Health, limiter: SharedLimiter, clock: Callable[[], datetime]) -> None:
        self._health = health
        self._limiter = limiter
        self._clock = clock

    def standing(self, provider: str, credential: Credential) -> Standing:
        """Out while its breaker is not closed; a probe of the provider's, which bills nothing, closes it."""
        breaker = self._health.view.breaker(BreakerKey(provider, "", credential.name))
        limited = breaker.limited_until
        wait = 0.0 if limited is None else max(0.0, (limited - self._clock()).total_seconds())
        return Standing(out=breaker.state != "closed", wait=wait)

    async def acquire(self, provider: str, credential: Credential, tokens: int) -> float:
        """From the shared limiter."""
        key = _key(provider, credential)
        self._limiter.limit(key, RateLimit(credential.requests_per_minute, credential.tokens_per_minute))
        answer = await self._limiter.acquire(key, tokens=tokens, now=self._clock())
        return 0.0 if isinstance(answer, Granted) else answer.seconds

    def settle(self, provider: str, credential: Credential, *, estimated: int, actual: int) -> None:
        """At the shared limiter."""
        self._limiter.settle(_key(provider, credential), estimated=estimated, actual=actual)

    def answered(self, model: ModelRef, credential: Credential, *, began: datetime) -> None:
        """It serves."""
        self._observe(model, credential, None, began)

    def refused(self, model: ModelRef, credential: Credential, error: ProviderError, *, began: datetime) -> None:
        """Tell all workers, within the time of a write."""
        self._observe(model, credential, error, began)

    def _observe(self, model: ModelRef, credential: Credential, error: ProviderError | None, began: datetime) -> None:
        wish = error.retry_after if error else None
        if error is not None and error.kind is ErrorKind.RATE_LIMITED and wish is None:
            wish = 1.0
        seen = Observed(
            model,
            began,
            (self._clock() - began).total_seconds(),
            kind=error.kind if error else None,
            status=error.status if error else None,
            retry_after=wish,
        )
        self._health.observe_credential(credential.name, seen)


def _key(provider: str, credential: Credential) -> str:
    return f"{provider}/{credential.name}"
