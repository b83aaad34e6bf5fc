"""Whether a budget's terms make sense, each fault named by its field."""

from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from contracts.budgets import EACH, BudgetTerms, Period, Scope, Unit
from contracts.errors import ErrorKind, PerdureError

MOST = Decimal(10**11)
"""The largest limit, in any unit: what is kept has twelve digits before the point."""
PLACES = 12
"""Decimal places that are kept."""
MOST_THRESHOLDS = 20
HIGHEST_THRESHOLD = Decimal(1000)
_LONGEST = 200


def check_terms(terms: BudgetTerms) -> None:
    """Raises `invalid_request`, naming the field, for terms that cannot be meant."""
    check_text(terms.name, "name")
    check_limit(terms.limit, terms.unit)
    check_thresholds(terms.thresholds)
    _check_value(terms)
    if terms.rolling and terms.period is Period.TOTAL:
        raise _wrong("rolling", "A total never ends, so that it cannot roll. Say another period, or rolling false.")
    if terms.time_zone not in available_timezones():
        raise _wrong("time_zone", f"There is no time zone {terms.time_zone[:100]!r}. Say one as Europe/Berlin, or UTC.")
    ZoneInfo(terms.time_zone)


def check_limit(limit: Decimal, unit: Unit) -> None:
    """Refuse a limit that is no positive amount, or more than can be kept."""
    if not limit.is_finite() or limit <= 0:
        raise _wrong("limit", "A limit is more than 0.")
    if limit > MOST:
        raise _wrong("limit", f"A limit is at most {MOST:,}.")
    if unit is not Unit.USD and limit != limit.to_integral_value():
        raise _wrong("limit", f"A limit in {unit.value} is a whole number.")
    exponent = limit.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES:
        raise _wrong("limit", f"A limit has at most {PLACES} decimal places.")


def check_thresholds(thresholds: tuple[Decimal, ...]) -> None:
    """Refuse percentages that nobody could reach, or twice the same."""
    if len(thresholds) > MOST_THRESHOLDS:
        raise _wrong("thresholds", f"There are at most {MOST_THRESHOLDS} thresholds.")
    if len(set(thresholds)) < len(thresholds):
        raise _wrong("thresholds", "A threshold is there twice.")
    for at, one in enumerate(thresholds):
        if not one.is_finite() or not 0 < one <= HIGHEST_THRESHOLD:
            raise _wrong(f"thresholds.{at}", f"A threshold is more than 0 and at most {HIGHEST_THRESHOLD} per cent.")


def check_text(text: str, field: str) -> None:
    """Refuse a name that is too long, or that cannot be stored."""
    if len(text) > _LONGEST:
        raise _wrong(field, f"{field} has at most {_LONGEST} characters.")
    if "\0" in text:
        raise _wrong(field, f"{field}: a NUL character cannot be stored. Remove it.")


def _check_value(terms: BudgetTerms) -> None:
    scope, value = terms.scope, terms.value
    check_text(value, "value")
    if scope is Scope.WORKSPACE:
        if value:
            raise _wrong("value", "A workspace's budget counts all of it; leave value out.")
        return
    if not value:
        raise _wrong("value", f"Say which {scope.value} the budget is for, or {EACH} for each one by itself.")
    if scope is Scope.TAG:
        name, equals, said = value.partition("=")
        if not (name and equals and said):
            raise _wrong("value", f"A tag is said as name=value, or name={EACH} for each value by itself.")
    if scope is Scope.KEY and value != EACH:
        try:
            UUID(value)
        except ValueError:
            raise _wrong("value", "A key is named by its id; `perdure keys list` shows it.") from None
    if scope is Scope.MODEL and value != EACH and not all(value.partition(":")):
        raise _wrong("value", "A model is said as provider:model, provider:* for all of a provider, or * for each.")


def _wrong(field: str, message: str) -> PerdureError:
    return PerdureError(ErrorKind.INVALID_REQUEST, message, field=field)
