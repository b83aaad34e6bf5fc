"""The price list (`genai-prices`), read for the catalog: which models a provider has, their windows and prices."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from domain import price_lists
from domain.catalog.entry import Prices
from domain.price_lists import Known

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

_NOON = time(12, tzinfo=UTC)
"""The hour whose price stands for a day's, where a price depends on the hour."""

FREE_PRICES = Prices(input=Decimal(0), output=Decimal(0))


@dataclass(frozen=True, slots=True)
class Listed:
    """A model as a price list has it. `name` is what its provider takes, `title` is for people, `window` in tokens."""

    name: str
    title: str
    window: int | None
    prices: Prices | None
    deprecated: bool


@lru_cache(maxsize=256)
def listed(price_list: str, on: date | None, place: str = "") -> tuple[Listed, ...]:
    """The models of a list, at the prices of the day `on` (None: the last that are known); none of a list that is not there.

    `place` is a geography, as in `price_lists.models_in`.
    """
    return tuple(_listed(known, on) for known in price_lists.models_in(price_list, place))


@lru_cache(maxsize=8192)
def find(price_list: str, name: str, on: date | None) -> Listed | None:
    """What a list knows a dated version or an alias as, or None where it does not."""
    known = price_lists.find(price_list, name)
    return None if known is None else _listed(known, on)


def _listed(known: Known, on: date | None) -> Listed:
    at = datetime.combine(on or date.max, _NOON)
    return Listed(
        name=known.name,
        title=_title(known.model),
        window=known.model.context_window,
        prices=FREE_PRICES if price_lists.is_free(known.name) else _prices(known.model.get_prices(at)),
        deprecated=bool(known.model.deprecated),
    )


def _title(model: "ModelInfo") -> str:
    name = model.name or model.id
    # The list writes some names small, as in `gpt 4o`.
    return re.sub(r"^gpt ", "GPT-", name)


def _prices(prices: "ModelPrice") -> Prices | None:
    asked = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
    found = [_lowest(getattr(prices, name)) for name in asked]
    return None if found[0] is None and found[1] is None else Prices(*found)


def _lowest(value: Any) -> Decimal | None:
    """A price, or its lowest tier."""
    return value if value is None or isinstance(value, Decimal) else value.base
