"""What a budget's figures mean: how much is used, which thresholds are passed, where it is heading."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from contracts.budgets import Budget, Totals, Window

AlertLevel = Literal["none", "notice", "warning", "critical", "exceeded"]
DEFAULT_THRESHOLDS = (Decimal(50), Decimal(80), Decimal(95), Decimal(100))
_HUNDRED = Decimal(100)
_EARLY = Decimal("0.02")
"""The share of a window that has to have passed before anything is projected from it."""


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """Where a budget stands. Amounts are in its unit.

    `remaining` is the limit less what is spent, `available` that less what is reserved as well; neither is below 0. `percentage`
    is of the limit, spent. `projected` is what will be spent at the window's end at the rate so far, `overage` by how much that
    is above the limit; None where nothing can be said.
    """

    limit: Decimal
    spent: Decimal
    reserved: Decimal
    available: Decimal
    remaining: Decimal
    percentage: Decimal
    alert_level: AlertLevel
    crossed: tuple[Decimal, ...]
    projected: Decimal | None
    overage: Decimal | None
    renews_at: datetime | None


def status_of(budget: Budget, totals: Totals, window: Window, now: datetime) -> BudgetStatus:
    """The status of one account of the budget."""
    zero = Decimal(0)
    percentage = totals.spent * _HUNDRED / totals.limit if totals.limit else _HUNDRED
    passed = crossed(budget.terms.thresholds, totals)
    projection = projected(totals.spent, window, now)
    return BudgetStatus(
        limit=totals.limit,
        spent=totals.spent,
        reserved=totals.reserved,
        available=max(zero, totals.limit - totals.spent - totals.reserved),
        remaining=max(zero, totals.limit - totals.spent),
        percentage=percentage.quantize(Decimal("0.01")),
        alert_level=_level(passed),
        crossed=passed,
        projected=projection,
        overage=None if projection is None else max(zero, projection - totals.limit),
        renews_at=window.end,
    )


def crossed(thresholds: Iterable[Decimal], totals: Totals) -> tuple[Decimal, ...]:
    """The thresholds (percentages) that what is spent has reached, ascending."""
    return tuple(sorted(one for one in thresholds if totals.spent * _HUNDRED >= one * totals.limit))


def projected(spent: Decimal, window: Window, now: datetime) -> Decimal | None:
    """What will be spent when the window ends, at the rate so far. None for windows without an end, and too early in one."""
    if window.end is None:
        return None
    share = Decimal((now - window.start).total_seconds()) / Decimal((window.end - window.start).total_seconds())
    return None if share < _EARLY else (spent / min(share, Decimal(1))).quantize(Decimal("0.000001"))


def _level(passed: tuple[Decimal, ...]) -> AlertLevel:
    highest = max(passed, default=None)
    if highest is None:
        return "none"
    if highest >= _HUNDRED:
        return "exceeded"
    if highest >= 95:
        return "critical"
    return "warning" if highest >= 80 else "notice"
