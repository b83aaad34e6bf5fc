"""Which models and providers cannot be asked now, as far as calls and checks have shown."""

from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.health import Breaker
from contracts.models import ModelRef
from domain.health.breaker import due
from storage import breakers, provider_checks
from storage.provider_checks import Check

UNREACHABLE = "unavailable"
"""The reason where a check failed and did not say more."""


@dataclass(frozen=True, slots=True)
class Away:
    """A model that is not to be asked, or with `model` empty a whole provider. `until`: when it is tried again, where known."""

    provider: str
    model: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Gone:
    """All that is away, each once."""

    all: tuple[Away, ...]
    _names: frozenset[tuple[str, str]]

    def has(self, ref: ModelRef) -> bool:
        """Whether a model, or its provider, is away."""
        return (ref.provider, "") in self._names or (ref.provider, ref.model) in self._names


async def away(connection: AsyncConnection, providers: Container[str], *, now: datetime) -> Gone:
    """What is away of the providers."""
    found: dict[tuple[str, str], Away] = {}
    for key, breaker in sorted((await breakers.read(connection)).items()):
        # A credential's breaker leaves the others to be used.
        if not key.credential and key.provider in providers and (one := _kept_away(breaker, now)):
            found[key.provider, key.model] = one
    for one in _unreachable(await provider_checks.listed(connection)):
        if one.provider in providers:
            found.setdefault((one.provider, ""), one)
    return Gone(tuple(found.values()), frozenset(found))


def _kept_away(breaker: Breaker, now: datetime) -> Away | None:
    key = breaker.key
    if breaker.state != "closed" and not due(breaker, now=now):
        return Away(key.provider, key.model, breaker.reason or UNREACHABLE, breaker.open_until)
    if breaker.limited_until is not None and breaker.limited_until > now:
        return Away(key.provider, key.model, "rate_limited", breaker.limited_until)
    return None


def _unreachable(checks: list[Check]) -> list[Away]:
    """The providers none of whose credentials was answered when they were last checked."""
    of: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        of[check.provider].append(check)
    return [
        Away(provider, "", own[0].kind or UNREACHABLE, None)
        for provider, own in sorted(of.items())
        if all(check.ok is False for check in own)
    ]
