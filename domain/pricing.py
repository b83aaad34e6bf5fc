"""What a call costs: the `genai-prices` list, in USD, exact."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from contracts.models import ModelRef
from contracts.usage import Cost, Usage
from domain import price_lists

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

SIMULATED_MODEL_PREFIX = "sim-"
SIMULATED_PRICES = {"input_mtok": Decimal("0.50"), "cache_read_mtok": Decimal("0.05"), "output_mtok": Decimal("2.00")}
"""USD per million tokens of the simulator's own models, so that money can be tried without spending any."""

_MILLION = Decimal(1_000_000)


@lru_cache(maxsize=1)
def price_list_version() -> str:
    """The price list's name and version, as kept with every charge."""
    return f"genai-prices {version('genai-prices')}"


def price(
    usage: Usage,
    model: ModelRef,
    *,
    at: datetime,
    served_model: str | None = None,
    price_list: str | None = None,
) -> Cost:
    """The cost of `usage` at the list price of the model that served, on the day `at`.

    `price_list` is the list of the model's provider (`x-ai`), empty where it has none; None: the one that is called as the
    provider is. A model that no list names costs zero with `priced` False; it is never silently free.
    """
    if model.model.startswith(SIMULATED_MODEL_PREFIX):
        return _simulated(usage)
    wanted = price_lists.list_of(model.provider) if price_list is None else price_list
    for name in dict.fromkeys(filter(None, (served_model, model.model))):
        cost = _listed(usage, wanted, name, at)
        if cost is not None:
            return cost
    return Cost(priced=False, price_source=f"{price_list_version()}: no price for {model}")


def _simulated(usage: Usage) -> Cost:
    rates = SIMULATED_PRICES
    total = (
        (usage.input_uncached + usage.cache_write) * rates["input_mtok"]
        + usage.cache_read * rates["cache_read_mtok"]
        + usage.output * rates["output_mtok"]
    ) / _MILLION
    return Cost(total=total, price_source="simulator", unit_prices=dict(rates))


def _listed(usage: Usage, price_list: str, name: str, at: datetime) -> Cost | None:
    known = price_lists.find(price_list, name)
    if known is None:
        return None
    import genai_prices

    counts = {
        "input_tokens": usage.input,
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
        "cache_write_1h_tokens": usage.cache_write_1h,
        "output_tokens": usage.output,
        "input_audio_tokens": usage.input_audio,
        "output_audio_tokens": usage.output_audio,
        "web_searches": usage.web_searches,
    }
    counted = genai_prices.Usage(**{unit: count for unit, count in counts.items() if count})
    rates = known.model.get_prices(at)
    if rates.input_mtok is None and rates.output_mtok is None and not price_lists.is_free(known.name):
        # The list names the model and says nothing of its price, which makes it no gift.
        return None
    found = known.model.calc_price(counted, known.provider, genai_request_timestamp=at)
    return Cost(
        total=found.total_price,
        price_source=price_list_version(),
        unit_prices=_unit_prices(found.model_price, usage.input),
    )


def _unit_prices(prices: "ModelPrice", input_tokens: int) -> dict[str, Decimal]:
    from genai_prices.types import TieredPrices

    charged: dict[str, Decimal] = {}
    for name, value in vars(prices).items():
        match value:
            case Decimal():
                charged[name] = value
            case TieredPrices():
                reached = [tier.price for tier in value.tiers if input_tokens > tier.start]
                charged[name] = reached[-1] if reached else value.base
            case _:
                continue
    return charged
