"""What a call costs, in USD, exact: the `genai-prices` list, and what a policy lays over it."""

from datetime import datetime

from contracts.models import ModelRef
from contracts.usage import Cost, Usage
from domain.pricing.book import STANDARD, PriceBook, book_of
from domain.pricing.books import PriceBooks
from domain.pricing.lists import price_list_version
from domain.pricing.simulated import SIMULATED_MODEL_PREFIX, SIMULATED_PRICES

__all__ = [
    "SIMULATED_MODEL_PREFIX",
    "SIMULATED_PRICES",
    "STANDARD",
    "PriceBook",
    "PriceBooks",
    "book_of",
    "price",
    "price_list_version",
]


def price(
    usage: Usage,
    model: ModelRef,
    *,
    at: datetime,
    served_model: str | None = None,
    tier: str | None = None,
    price_list: str | None = None,
) -> Cost:
    """The cost of `usage` at a list's prices alone; see `PriceBook.price`.

    `price_list` is the list of the model's provider (`x-ai`), empty where it has none; None: the one that is called as the
    provider is.
    """
    book = STANDARD if price_list is None else PriceBook(lists={model.provider: price_list})
    return book.price(usage, model, at=at, served_model=served_model, tier=tier)
