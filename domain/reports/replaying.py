"""What past turns would have cost under another policy: planned again from what they asked, priced at what they used."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from contracts.models import ModelRef
from contracts.usage import Usage
from domain.pricing import PriceBook


@dataclass(frozen=True, slots=True)
class Replayed:
    """One past turn: who answered at what cost in USD, and who would have; None where the other policy lets nobody answer."""

    model: ModelRef
    usage: Usage
    cost: Decimal
    other: ModelRef | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """USD over all turns that can be compared. `moved` would have gone to another model, `refused` to none; `unpriced` would
    have gone to a model without a price, and are left out of both sums.
    """

    turns: int
    moved: int
    refused: int
    unpriced: int
    cost: Decimal
    other_cost: Decimal
    models: dict[str, int]


def compare(replayed: Iterable[Replayed], book: PriceBook) -> Comparison:
    """Sum up. Another model would not have had the first one's cache: there its prompt counts in full."""
    turns = moved = refused = unpriced = 0
    cost = other_cost = Decimal(0)
    models: dict[str, int] = {}
    for one in replayed:
        turns += 1
        if one.other is None:
            refused += 1
            continue
        moved += one.other != one.model
        models[str(one.other)] = models.get(str(one.other), 0) + 1
        there = book.price(one.usage if one.other == one.model else _uncached(one.usage), one.other, at=one.at)
        if not there.priced:
            unpriced += 1
            continue
        cost += one.cost
        other_cost += there.total
    return Comparison(turns, moved, refused, unpriced, cost, other_cost, dict(sorted(models.items())))


def _uncached(usage: Usage) -> Usage:
    return Usage(input_uncached=usage.input, output=usage.output, reasoning=usage.reasoning)
