"""What is known about the credentials of a provider that has several."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contracts.errors import ErrorKind, ProviderError
from contracts.models import ModelRef
from providers.protocol import Credential

OUT_SECONDS = 60.0
"""How long a process that is alone leaves a refused credential out."""
_LIMITED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a credential may be used. `wait` is in seconds, for one that is limited; `out`: its key was refused."""

    out: bool = False
    wait: float = 0


class CredentialKeeper(Protocol):
    """Keeps the credentials' standing and limits, for all workers or for one."""

    def standing(self, provider: str, credential: Credential) -> Standing:
        """How the credential stands. Asks nobody."""
        ...

    async def acquire(self, provider: str, credential: Credential, tokens: int) -> float:
        """Set one request and so many tokens of its limits aside: 0, or the seconds to wait first."""
        ...

    def settle(self, provider: str, credential: Credential, *, estimated: int, actual: int) -> None:
        """The call used `actual` tokens, where `estimated` were set aside."""
        ...

    def answered(self, model: ModelRef, credential: Credential, *, began: datetime) -> None:
        """The credential served."""
        ...

    def refused(self, model: ModelRef, credential: Credential, error: ProviderError, *, began: datetime) -> None:
        """The provider refused the credential: it is wrong (`authentication`) or limited (`rate_limited`)."""
        ...


class OwnKeeper:
    """What one process finds out by itself. It keeps no limits: those need the other workers."""

    def __init__(self) -> None:
        self._out: dict[tuple[str, str], float] = {}
        self._limited: dict[tuple[str, str], float] = {}

    def standing(self, provider: str, credential: Credential) -> Standing:
        """By the clock of this process."""
        key, now = (provider, credential.name), time.monotonic()
        return Standing(out=self._out.get(key, 0.0) > now, wait=max(0.0, self._limited.get(key, 0.0) - now))

    async def acquire(self, provider: str, credential: Credential, tokens: int) -> float:
        """Always 0."""
        return 0.0

    def settle(self, provider: str, credential: Credential, *, estimated: int, actual: int) -> None:
        """Nothing was set aside."""

    def answered(self, model: ModelRef, credential: Credential, *, began: datetime) -> None:
        """It is in again."""
        self._out.pop((model.provider, credential.name), None)

    def refused(self, model: ModelRef, credential: Credential, error: ProviderError, *, began: datetime) -> None:
        """Leave it out for a while, or until its limit is over."""
        key, now = (model.provider, credential.name), time.monotonic()
        if error.kind is ErrorKind.AUTHENTICATION:
            self._out[key] = now + OUT_SECONDS
        else:
            until = now + (error.retry_after if error.retry_after is not None else _LIMITED_SECONDS)
            self._limited[key] = max(until, self._limited.get(key, 0.0))
