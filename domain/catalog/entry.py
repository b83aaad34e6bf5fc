"""What is known of one model."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from contracts.models import ModelRef
from contracts.routing import Capability

Source = Literal["listed", "discovered", "configured"]
"""Where a model is known from: the price list, its provider's own models endpoint, or the policy alone."""

NEUTRAL = 0.5
"""Quality and speed where nothing is known of them."""


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens; None where no list says. Where prices rise with the prompt's length these are the lowest tier's."""

    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model at a provider.

    `window` is prompt and answer together, in tokens, and `max_output` the longest answer; None where nobody says. `quality`
    and `speed` are tiers from 0 to 1, by which models are compared before anything was measured. `aliases` are bare names
    that mean this model. `regions` and `privacy` are what the deployment may demand (`eu`, `local`, `no_training`).
    `tokenizer` is a family's name (`o200k_base`, `claude`, `gemini`, ...). `prices` None: unknown, which is not free.
    """

    ref: ModelRef
    name: str
    window: int | None = None
    max_output: int | None = None
    capabilities: frozenset[Capability] = frozenset({Capability.STREAMING})
    quality: float = NEUTRAL
    speed: float = NEUTRAL
    tags: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    regions: frozenset[str] = frozenset()
    privacy: frozenset[str] = frozenset()
    tokenizer: str = "unknown"
    prices: Prices | None = None
    simulated: bool = False
    source: Source = "listed"
    deprecated: bool = False
