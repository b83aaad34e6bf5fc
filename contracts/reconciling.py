"""What a vendor says was used and charged, and what the ledger says, in the same figures."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

TOOLS = "tools"
"""The name under which the vendor's own tools (searches, code execution) are summed, which bills list apart from models."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums; None where nobody says. `input` is the whole input in tokens, cached or not; `cost` is in USD."""

    requests: int | None = None
    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    output: int | None = None
    searches: int | None = None
    cost: Decimal | None = None


NAMES: tuple[str, ...] = tuple(one.name for one in fields(Figures))


@dataclass(frozen=True, slots=True)
class LedgerSum:
    """What the ledger has of a model on a day (UTC), by the name that the vendor served it under.

    `tools` is the share of the cost, in USD, that is for the vendor's own tools. `estimated` calls were cut off and counted here,
    `unpriced` ones have shares without a known price.
    """

    day: date
    model: str
    figures: Figures
    tools: Decimal
    estimated: int
    unpriced: int
