"""Asking the catalog for models."""

from collections.abc import Iterable
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
        return bool(self.among((entry,)))

    def among(self, entries: Iterable[ModelEntry]) -> list[ModelEntry]:
        """Those of the entries that are what was asked for, `text` aside, in their order.

        What was not asked costs nothing, and what takes longest to look at comes last: there are thousands.
        """
        found = list(entries) if self.deprecated else [one for one in entries if not one.deprecated]
        if self.providers:
            found = [one for one in found if one.ref.provider in self.providers]
        if self.min_window is not None:
            found = [one for one in found if one.window is not None and one.window >= self.min_window]
        if self.capabilities:
            found = [one for one in found if self.capabilities <= one.capabilities]
        if self.tags:
            found = [one for one in found if self.tags <= one.tags]
        if self.privacy:
            found = [one for one in found if self.privacy <= one.privacy]
        if self.regions:
            found = [one for one in found if not self.regions.isdisjoint(one.regions)]
        if self.chats is not None:
            found = [one for one in found if one.chats is self.chats]
        if self.max_price is not None:
            found = [one for one in found if _costs_at_most(one, self.max_price)]
        return found


def searchable(entry: ModelEntry) -> str:
    """What `text` is looked for in."""
    return " ".join((str(entry.ref), entry.name, *entry.aliases, *sorted(entry.tags))).lower()


def _costs_at_most(entry: ModelEntry, limit: Decimal) -> bool:
    blended = entry.prices.blended if entry.prices is not None else None
    return blended is not None and blended <= limit
