"""What a server on these wires says that a call costs."""

from decimal import Decimal
from typing import Any

TICKS_PER_USD = 10_000_000_000
"""xAI's unit of money (docs.x.ai/developers/cost-tracking)."""


def stated_cost(body: dict[str, Any]) -> Decimal | None:
    """The provider's own charge in USD, from a usage body; None where it states none.

    xAI counts ticks, OpenRouter says `cost` in credits of one USD, Perplexity gives `cost` as an object with its `total_cost`.
    Where OpenRouter used a key of the caller's own at the maker, `cost` is its fee alone and the maker charges the rest
    (openrouter.ai/docs, "Usage accounting").
    """
    ticks = _number(body.get("cost_in_usd_ticks"))
    if ticks is not None:
        return ticks / TICKS_PER_USD
    said = body.get("cost")
    cost = _number(said.get("total_cost") if isinstance(said, dict) else said)
    details = body.get("cost_details")
    if cost is None or body.get("is_byok") is not True or not isinstance(details, dict):
        return cost
    return cost + (_number(details.get("upstream_inference_cost")) or 0)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # The shortest text that means this float is what the server wrote.
    number = Decimal(repr(value))
    return number if number.is_finite() and number >= 0 else None
