"""Asking the catalog for models."""

from dataclasses import dataclass
from decimal import Decimal

from contracts.routing import Capability
from domain.catalog.entry import ModelEntry


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """What a model must be. All that is named must hold; of `providers` and `regions` one is enough.

    `min_window` is in tokens, and a model of unknown window does not have it. `max_price` bounds `Prices.blended`, in USD per
    million tokens, and a model of unknown price is not below it. `text` is words that must all occur in a model's names, aliases
    or tags. `chats` asks for models that answer turns (or, False, for the others); `deprecated` lets those on their way out in.
    """

    capabilities: frozenset[Capability] = frozenset()
    providers: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    privacy: frozenset[str] = frozenset()
    min_window: int | None = None
    max_price: Decimal | None = None
    text: str = ""
    chats: bool | None = None
    deprecated: bool = False

    def admits(self, entry: ModelEntry) -> bool:
        """Whether a model is what was asked for, `text` aside."""
        return (
            (not self.providers or entry.ref.provider in self.providers)
            and (self.deprecated or not entry.deprecated)
            and (self.chats is None or entry.chats is self.chats)
            and self.capabilities <= entry.capabilities
            and self.tags <= entry.tags
            and self.privacy <= entry.privacy
            and (not self.regions or not self.regions.isdisjoint(entry.regions))
            and (self.min_window is None or (entry.window is not None and entry.window >= self.min_window))
            and (self.max_price is None or _costs_at_most(entry, self.max_price))
        )


def searchable(entry: ModelEntry) -> str:
    """What `text` is looked for in."""
    return " ".join((str(entry.ref), entry.name, *entry.aliases, *sorted(entry.tags))).lower()


def _costs_at_most(entry: ModelEntry, limit: Decimal) -> bool:
    blended = entry.prices.blended if entry.prices is not None else None
    return blended is not None and blended <= limit
