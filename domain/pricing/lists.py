"""The price list (`genai-prices`): what a model costs on a day, in a service tier, at a length of prompt."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from domain.price_lists import find, is_free
from domain.pricing.rates import Rates, Served

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

STANDARD_TIERS = frozenset({"", "auto", "default", "standard", "on_demand", "standard_only"})
"""The vendors' words for the tier that a list's plain prices are of."""


@lru_cache(maxsize=1)
def price_list_version() -> str:
    """The price list's name and version, as kept with every charge."""
    return f"genai-prices {version('genai-prices')}"


def listed_rates(known_as: str, served: Served, *, at: datetime, input_tokens: int) -> Rates | None:
    """The list's prices for what served, at `at`; None where it knows no such model.

    `known_as` is the list's word for the provider. Long prompts move every token to a dearer rate: `input_tokens` picks it. A
    tier that the list has no price of costs the standard one, and the source says so.
    """
    found = find(known_as, served.model)
    if found is None:
        return None
    model = found.model
    # A cloud that resells has the maker's entry, without the maker's tiers.
    own = any(one is model for one in found.provider.models)
    context = _context(served) if own else {}
    rates = _flat(model.get_prices(at, context), input_tokens)
    if rates.keys().isdisjoint(("input_mtok", "output_mtok")):
        # The list names the model and says nothing of its price, which makes it no gift, unless its name says so.
        if not is_free(found.name):
            return None
        rates = {"input_mtok": Decimal(0), "output_mtok": Decimal(0)}
    return Rates(rates, price_list_version() + _tier_note(model, served, at, context))


def _context(served: Served) -> dict[str, str]:
    context = {"speed": served.speed} if served.speed else {}
    tier = served.tier.lower()
    if tier == "batch":
        context["processing"] = "batch"
    elif tier not in STANDARD_TIERS:
        context["service_tier"] = tier
    return context


def _tier_note(model: "ModelInfo", served: Served, at: datetime, context: dict[str, str]) -> str:
    if not context and served.tier.lower() in STANDARD_TIERS and not served.speed:
        return ""
    asked = ", ".join(filter(None, (served.tier, served.speed)))
    known = context and model.get_prices(at, context) != model.get_prices(at)
    return f" ({asked})" if known else f" (no price of {asked}: the standard one)"


def _flat(prices: "ModelPrice", input_tokens: int) -> dict[str, Decimal]:
    return {name: one for name, value in vars(prices).items() if (one := _at_length(value, input_tokens)) is not None}


def _at_length(value: Any, input_tokens: int) -> Decimal | None:
    """A price, or the one of the highest tier that the prompt's length has passed."""
    if value is None or isinstance(value, Decimal):
        return value
    passed = [tier.price for tier in value.tiers if input_tokens > tier.start]
    price: Decimal = passed[-1] if passed else value.base
    return price
