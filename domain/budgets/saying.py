"""Budgets in words."""

from datetime import UTC
from decimal import Decimal

from contracts.budgets import Budget, Period, Scope, Shortfall, Unit


def amount(value: Decimal, unit: Unit) -> str:
    """An amount for people: `$0.05`, `1,200 tokens`."""
    if unit is not Unit.USD:
        return f"{value:,.0f} {unit.value}"
    shown = f"{value:,.2f}" if value == value.quantize(Decimal("0.01")) else f"{value:,.6f}".rstrip("0")
    return f"${shown}"


def described(budget: Budget, subject: str = "") -> str:
    """A budget for people: its name, whom it counts, its window."""
    terms = budget.terms
    who = subject or terms.value
    whom = "the workspace" if terms.scope is Scope.WORKSPACE else f"{terms.scope.value} {who}"
    window = "in total" if terms.period is Period.TOTAL else f"{'any' if terms.rolling else 'a'} {terms.period.value}"
    return f"{terms.name!r} ({whom}, {amount(terms.limit, terms.unit)} {window})"


def shortfall_message(short: Shortfall) -> str:
    """What is left, what was wanted, and when there is more."""
    want, unit = short.want, short.want.claim.budget.terms.unit
    left = amount(max(Decimal(0), short.left), unit)
    said = (
        f"Budget {described(want.claim.budget, want.claim.subject)} has {left} left, and this call may come to "
        f"{amount(want.amount, unit)}."
    )
    if want.window.end is not None:
        return f"{said} It renews at {want.window.end.astimezone(UTC).isoformat(timespec='seconds')}."
    if want.window.slot_seconds:
        return f"{said} It renews little by little."
    return f"{said} It does not renew; raise its limit."
