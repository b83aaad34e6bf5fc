"""How much of a conversation a vendor's prompt cache holds after an answer."""

from contracts.usage import Usage
from domain.catalog.entry import Prices

LEAST_CACHED = 1_024
"""Tokens below which no vendor caches (OpenAI "Prompt caching"; Anthropic's and Gemini's least are as high or higher)."""


def cached_after(usage: Usage, prices: Prices | None) -> int:
    """Prompt tokens that the next call may find in the cache.

    What the vendor said it read or wrote is there. Where it said nothing, a vendor that caches by itself (it lists a price for
    reading and none for writing) has the whole prompt, if that is long enough.
    """
    told = usage.cache_read + usage.cache_write
    if prices is None or prices.cache_read is None:
        return told
    by_itself = prices.cache_write is None and usage.input >= LEAST_CACHED
    return max(told, usage.input) if by_itself else told
