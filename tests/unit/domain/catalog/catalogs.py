"""Catalogs over the real price list, at one day."""

from datetime import date
from functools import lru_cache

from domain.catalog import Catalog, offer

DAY = date(2026, 11, 21)
VENDORS = ("openai", "anthropic", "google", "mistral", "groq", "openrouter", "cohere", "deepseek", "xai", "bedrock")


@lru_cache
def catalog_of(*providers: str, on: date = DAY) -> Catalog:
    """The vendors' own APIs, as the price list has them."""
    return Catalog([offer(name, own_server=False, simulated=False) for name in providers], on=on)


def whole() -> Catalog:
    """Ten vendors and the simulator."""
    offers = [offer(name, own_server=False, simulated=False) for name in VENDORS]
    return Catalog([*offers, offer("sim", own_server=True, simulated=True)], on=DAY)
