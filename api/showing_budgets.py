"""How budgets look to a client. Amounts are strings, in the budget's unit."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from contracts.budgets import Budget
from domain.budgets.status import BudgetStatus
from storage.budget_events import BudgetEvent, WaitingTurn


def amount(value: Decimal) -> str:
    """A decimal without an exponent or closing zeros."""
    return f"{value.normalize():f}" if value else "0"


def budget(one: Budget) -> dict[str, Any]:
    """A budget."""
    terms = one.terms
    return {
        "id": str(one.id),
        "name": terms.name,
        "scope": terms.scope.value,
        "value": terms.value,
        "unit": terms.unit.value,
        "currency": "USD",
        "limit": amount(terms.limit),
        "hard": terms.hard,
        "period": terms.period.value,
        "rolling": terms.rolling,
        "time_zone": terms.time_zone,
        "thresholds": [amount(threshold) for threshold in terms.thresholds],
        "created_at": one.created_at.isoformat(),
        "updated_at": one.updated_at.isoformat(),
    }


def status(one: BudgetStatus, *, subject: str, window_start: datetime | None) -> dict[str, Any]:
    """Where one account of a budget stands."""
    return {
        "subject": subject or None,
        "window_start": window_start.isoformat() if window_start else None,
        "renews_at": one.renews_at.isoformat() if one.renews_at else None,
        "limit": amount(one.limit),
        "spent": amount(one.spent),
        "reserved": amount(one.reserved),
        "available": amount(one.available),
        "remaining": amount(one.remaining),
        "percentage_used": float(one.percentage),
        "alert_level": one.alert_level,
        "crossed": [amount(threshold) for threshold in one.crossed],
        "projected": None if one.projected is None else amount(one.projected),
        "projected_overage": None if one.overage is None else amount(one.overage),
    }


def event(one: BudgetEvent) -> dict[str, Any]:
    """Something that a budget had to say."""
    return {
        "id": str(one.id),
        "budget_id": str(one.budget_id),
        "subject": one.subject or None,
        "window_start": one.window_start.isoformat(),
        "kind": one.kind,
        "threshold": amount(one.threshold) if one.kind == "threshold" else None,
        "detail": one.detail,
        "at": one.at.isoformat(),
    }


def waiting(one: WaitingTurn) -> dict[str, Any]:
    """A turn that waits for room."""
    return {
        "turn_id": str(one.turn_id),
        "subject": one.subject or None,
        "wanted": amount(one.wanted),
        "since": one.since.isoformat(),
    }
