"""What calls showed about a model at a provider, as plain values that every room may hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from contracts.errors import ErrorKind
from contracts.models import ModelRef

BreakerState = Literal["closed", "open", "half_open"]
"""`closed`: calls go through. `open`: leave it alone. `half_open`: one call or probe is finding out."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What one call showed.

    `kind` None: the provider answered properly. `seconds` is the whole call, `first_token` its first part or None. `status`
    is the provider's HTTP status where the failure had one, `retry_after` its wish in seconds. `probe`: the call held the
    breaker's lease.
    """

    model: ModelRef
    began: datetime
    seconds: float
    kind: ErrorKind | None = None
    first_token: float | None = None
    output_tokens: int = 0
    status: int | None = None
    retry_after: float | None = None
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over calls, each weighing half as much for every half-life of its age at `at`.

    `calls` are those that say something about the provider; `answered` of them ended properly. `first_token` is a histogram
    (see `domain.health.histogram`). `seconds` is the time of answered calls; `tokens` were said in `speaking` seconds, the first
    token's wait left out. `errors` counts by kind.
    """

    at: datetime
    calls: float = 0
    answered: float = 0
    first_token: tuple[float, ...] = ()
    seconds: float = 0
    tokens: float = 0
    speaking: float = 0
    errors: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProcessSums:
    """The sums of one process over one model, with its calls in flight. A process writes its own rows and nobody else's."""

    provider: str
    model: str
    process: str
    in_flight: int
    sums: Sums


@dataclass(frozen=True, slots=True, order=True)
class BreakerKey:
    """What a breaker guards: a model at a provider, or with `model` empty the provider, or one of its credentials."""

    provider: str
    model: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Slice:
    """Outcomes of one second: `second` is an epoch."""

    second: int
    ok: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Breaker:
    """A breaker as stored.

    `failures` in a row. `open_until`: when one probe may go through; who holds it is `probe_holder`, until `probe_until`.
    `limited_until`: the provider said to wait (429), which opens nothing. `reason` is the kind that opened it.
    """

    key: BreakerKey
    state: BreakerState = "closed"
    failures: int = 0
    slices: tuple[Slice, ...] = ()
    reason: ErrorKind | None = None
    opened_at: datetime | None = None
    open_until: datetime | None = None
    closed_at: datetime | None = None
    probe_holder: str | None = None
    probe_until: datetime | None = None
    limited_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of a model at a provider now. Times are in seconds; None where nothing was measured.

    `total` is the mean of answered calls. `error_rate` is the share of calls that the provider failed, limits included;
    `availability` the share in which it was there at all; both from 0 to 1. `errors` are shares by kind. `calls` is the decayed
    number behind the figures. `breaker` is the worse of the model's own and its provider's.
    """

    first_token_p50: float | None = None
    first_token_p95: float | None = None
    total: float | None = None
    tokens_per_second: float | None = None
    error_rate: float = 0
    availability: float = 1
    errors: Mapping[str, float] = field(default_factory=dict)
    calls: float = 0
    in_flight: int = 0
    breaker: BreakerState = "closed"
    open_until: datetime | None = None
    limited_until: datetime | None = None


UNMEASURED = Measured()
"""Of what was never called."""
