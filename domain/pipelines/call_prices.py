"""The most that one call can cost by the price list, over all models that may answer it."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache

from contracts.models import ModelRef
from contracts.usage import Usage
from domain.pipelines.bounding import CallBound, CallPrice, CallSaid
from domain.pricing import STANDARD, PriceBook
from domain.windows import context_window

ASSUMED_WINDOW = 200_000
"""Tokens, of a model whose window no list knows."""


def listed_call_prices(
    resolve: Callable[[str], tuple[ModelRef, ...]], *, at: datetime, book: PriceBook = STANDARD
) -> CallPrice:
    """By the book's prices of the day `at`. `resolve` gives the models that a name may mean; `auto` all that may be chosen.

    Without limits of its own a prompt and an answer may each fill the model's window.
    """

    @cache
    def called(said: CallSaid) -> CallBound:
        models = [model for name in said.models or ("auto",) for model in resolve(name)]
        bounds = [_one(model, said, book, at) for model in models]
        costs = [one.cost for one in bounds]
        known = [cost for cost in costs if cost is not None]
        return CallBound(
            max((one.input_tokens for one in bounds), default=said.max_input_tokens or ASSUMED_WINDOW),
            max((one.output_tokens for one in bounds), default=said.max_output_tokens or ASSUMED_WINDOW),
            max(known) if known and len(known) == len(costs) else None,
        )

    return called


def _one(model: ModelRef, said: CallSaid, book: PriceBook, at: datetime) -> CallBound:
    window = context_window(model) or ASSUMED_WINDOW
    given = min(said.max_input_tokens or window, window)
    answered = min(said.max_output_tokens or window, window)
    # What is written to a cache is dearer than what is not, and whether it is written is not for the definition to say.
    plain = book.price(Usage(input_uncached=given, output=answered), model, at=at)
    cached = book.price(Usage(cache_write=given, output=answered), model, at=at)
    cost: Decimal | None = max(plain.total, cached.total) if plain.priced else None
    return CallBound(given, answered, cost)
