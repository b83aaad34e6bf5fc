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


OTHER_WORK = frozenset(
    {
        "batch",
        "completion",
        "computer",
        "embedding",
        "image",
        "moderation",
        "ocr",
        "rerank",
        "research",
        "robotics",
        "speech",
        "transcription",
    }
)
"""Tags of models that do not answer chat turns."""


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens; None where no list says. Where prices rise with the prompt's length these are the lowest tier's."""

    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None

    @property
    def blended(self) -> Decimal | None:
        """One figure to compare by: three parts of input and one of output; None where a price of the two is unknown."""
        if self.input is None or self.output is None:
            return None
        return (3 * self.input + self.output) / 4


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model at a provider.

    `window` is prompt and answer together, in tokens, and `max_output` the longest answer; None where nobody says. `quality`
    and `speed` are tiers from 0 to 1, by which models are compared before anything was measured. `aliases` are bare names
    that mean this model. `regions` and `privacy` are what the deployment may demand (`eu`, `local`, `no_training`).
    `tokenizer` is a family's name (`o200k_base`, `claude`, `gemini`, ...). `prices` None: unknown, which is not free. `guessed`:
    nobody says what it can, so that `capabilities` are what a model of its kind most likely can.
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
    guessed: bool = False

    @property
    def chats(self) -> bool:
        """It answers chat turns: it is not for embeddings, speech or other work."""
        return self.tags.isdisjoint(OTHER_WORK)
