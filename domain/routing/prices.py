"""What an answer is likely to cost, and what it may cost at worst."""

from decimal import Decimal

from domain.catalog.entry import ModelEntry
from domain.routing.needs import Needs

_MILLION = 1_000_000


def likely_price(entry: ModelEntry, needs: Needs, *, cached_tokens: int = 0) -> Decimal | None:
    """USD of a usual answer, the cached part of the prompt at the cache's price. None where no list says."""
    prices = entry.prices
    if prices is None or prices.input is None or prices.output is None:
        return None
    cached = min(cached_tokens, needs.input_tokens)
    amount = (needs.input_tokens - cached) * prices.input + needs.likely_answer * prices.output
    if cached:
        amount += cached * (prices.input if prices.cache_read is None else prices.cache_read)
    return amount / _MILLION


def worst_price(entry: ModelEntry, needs: Needs) -> Decimal | None:
    """USD of the longest answer that the request allows, nothing cached: what has to be reserved. None where no list says."""
    prices = entry.prices
    if prices is None or prices.input is None or prices.output is None:
        return None
    dearest_input = max(prices.input, prices.cache_write or prices.input)
    return (needs.input_tokens * dearest_input + needs.worst_answer(entry.max_output) * prices.output) / _MILLION


def dollars(amount: Decimal | float) -> str:
    """An amount for people: two significant digits where it is small."""
    value = float(amount)
    if value == 0:
        return "$0"
    return f"${value:,.2f}" if value >= 1 else f"${value:.2g}" if value >= 0.0001 else f"${value:.1e}"
