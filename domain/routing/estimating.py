"""What an answer may cost before it is asked for."""

from dataclasses import dataclass
from decimal import Decimal

from domain.catalog.entry import ModelEntry
from domain.routing.needs import Needs
from domain.routing.prices import likely_price, worst_price

SHORT_ANSWER = 50
"""Tokens of an answer that is short."""


@dataclass(frozen=True, slots=True)
class PriceRange:
    """USD, from a short answer over what the cache holds to the longest that is allowed; None where no list says."""

    low: Decimal | None
    likely: Decimal | None
    worst: Decimal | None


def price_range(entry: ModelEntry, needs: Needs, *, cached_tokens: int = 0) -> PriceRange:
    """What a request of these needs costs at the model, `cached_tokens` of its prompt being in the vendor's cache."""
    likely = likely_price(entry, needs, cached_tokens=cached_tokens)
    low = likely
    if likely is not None and entry.prices is not None and entry.prices.output is not None:
        spared = max(0, needs.likely_answer - SHORT_ANSWER)
        low = likely - spared * entry.prices.output / 1_000_000
    return PriceRange(low, likely, worst_price(entry, needs))
