"""The price list (`genai-prices`), read for the catalog: which models a provider has, their windows and prices."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from domain.catalog.entry import Prices

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

_OTHER_NAMES = {
    "azure-openai": "azure",
    "azure_openai": "azure",
    "bedrock": "aws",
    "gemini": "google",
    "grok": "x-ai",
    "moonshot": "moonshotai",
    "vertex": "google",
    "vertexai": "google",
    "xai": "x-ai",
    "zhipu": "zhipuai",
}
"""What providers are commonly called, where the list has another word."""
_NOON = time(12, tzinfo=UTC)
"""The hour whose price stands for a day's, where a price depends on the hour."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model as the price list has it. `title` is its name for people, `window` in tokens."""

    name: str
    title: str
    window: int | None
    prices: Prices | None
    deprecated: bool


def list_id(provider: str) -> str:
    """The price list's word for a provider."""
    return _OTHER_NAMES.get(provider, provider)


@lru_cache(maxsize=256)
def listed(provider: str, on: date | None) -> tuple[Listed, ...]:
    """The models that the list has for a provider, at the prices of the day `on` (None: the last that are known); none for a
    provider that it does not know.

    The list also prices other vendors' models where a vendor's cloud resells them; its own API does not serve those.
    """
    found = _provider(list_id(provider))
    if found is None:
        return ()
    others = _other_makers(found)
    return tuple(_listed(model, on) for model in found.models if not any(match.is_match(model.id) for match in others))


@lru_cache(maxsize=8192)
def find(provider: str, name: str, on: date | None) -> Listed | None:
    """What the list knows a dated version or an alias as (`gpt-4o-2024-08-06`: `gpt-4o`), or None where it does not."""
    found = _provider(list_id(provider))
    if found is None:
        return None
    wanted = name.lower()
    exact = next((model for model in found.models if model.id.lower() == wanted), None)
    # A cloud's list falls back on the makers' (Azure on OpenAI), for which it needs all of them.
    matching = exact or found.find_model(wanted, all_providers=list(_providers().values()))
    return None if matching is None else _listed(matching, on)


def _provider(known_as: str) -> "Provider | None":
    return _providers().get(known_as)


@lru_cache(maxsize=1)
def _providers() -> "dict[str, Provider]":
    from genai_prices.data_snapshot import get_snapshot

    return {one.id: one for one in get_snapshot().providers}


def _other_makers(found: "Provider") -> list[Any]:
    if found.model_match is None:
        return []
    return [one.model_match for one in _providers().values() if one.model_match is not None and one.id != found.id]


def _listed(model: "ModelInfo", on: date | None) -> Listed:
    at = datetime.combine(on or date.max, _NOON)
    return Listed(
        name=model.id,
        title=_title(model),
        window=model.context_window,
        prices=_prices(model.get_prices(at)),
        deprecated=bool(model.deprecated),
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


def names(models: Iterable[Listed]) -> tuple[str, ...]:
    """The names of the models that are not on their way out."""
    return tuple(model.name for model in models if not model.deprecated)
