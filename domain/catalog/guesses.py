"""What can be supposed of a model that no family of ours names: from its size, its price and its window."""

import math
import re
from decimal import Decimal

from contracts.routing import Capability
from domain.catalog.entry import NEUTRAL

_SIZE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)b(?![a-z])")
"""Parameters in thousand millions, as open weights carry them in their names."""
_MODERN_WINDOW = 100_000
"""Tokens. Models that take a prompt this long were made when tools and JSON schemas had become usual."""


def quality_and_speed(name: str, price: Decimal | None) -> tuple[float, float]:
    """Tiers from 0 to 1. `price` is of the output, in USD per million tokens.

    What costs or weighs ten times as much is supposed to be 0.17 better and 0.15 to 0.2 slower; never among the best.
    """
    found = _SIZE.search(name.lower())
    if found and float(found[1]) > 0:
        magnitude = math.log10(float(found[1]))
        return _tier(0.15 + 0.17 * magnitude, 0.05, 0.6), _tier(0.9 - 0.2 * magnitude, 0.2, 0.95)
    if price is not None and price > 0:
        magnitude = math.log10(float(price))
        return _tier(0.42 + 0.17 * magnitude, 0.15, 0.7), _tier(0.65 - 0.15 * magnitude, 0.3, 0.9)
    return 0.4, NEUTRAL


def capabilities(window: int | None) -> frozenset[Capability]:
    """What a model of this window most likely can. Too little rather than too much: a request is refused less often."""
    if window is not None and window >= _MODERN_WINDOW:
        return frozenset({Capability.STREAMING, Capability.TOOLS, Capability.JSON_SCHEMA})
    return frozenset({Capability.STREAMING})


def _tier(value: float, least: float, most: float) -> float:
    return round(min(max(value, least), most), 2)
