"""Limits of a credential, and what a limiter answers."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What a credential may do in a minute; None: as much as it likes."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None

    def __post_init__(self) -> None:
        for name in ("requests_per_minute", "tokens_per_minute"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, or absent for no limit")


@dataclass(frozen=True, slots=True)
class Granted:
    """Go ahead. `tokens` were set aside and are settled after the call."""

    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before `seconds` have passed."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of a credential's limits at `at`. Below 0: a debt that time pays."""

    requests: float
    tokens: float
    at: datetime
