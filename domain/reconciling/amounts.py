"""Numbers and moments as exports write them. Each function raises ValueError, whose text says what was expected."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, DecimalException

_MOST = Decimal(10**15)
_PLACES = 60
_LAST_SECOND = 253_402_300_799
"""The last second of the year 9999."""


def amount(value: object) -> Decimal:
    """An amount of money, exact; credits are below 0."""
    found = _number(value)
    exponent = found.as_tuple().exponent
    if abs(found) > _MOST or not isinstance(exponent, int) or exponent < -_PLACES:
        raise ValueError("this is no amount of money that could be meant")
    return found


def count(value: object) -> int:
    """A count, which spreadsheets may have made 3.0."""
    found = _number(value)
    if found < 0 or found > _MOST or found != found.to_integral_value():
        raise ValueError("a whole number of 0 or more is expected")
    return int(found)


def second(value: object) -> datetime:
    """A moment as seconds since 1970."""
    found = count(value)
    if found > _LAST_SECOND:
        raise ValueError("seconds since 1970 are expected")
    return datetime.fromtimestamp(found, UTC)


def moment(value: object) -> datetime:
    """A moment as RFC 3339 writes it."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError("a time as 2026-03-01T00:00:00Z is expected")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("this time is out of range") from None


def day(value: object) -> date:
    """A day as 2026-03-01."""
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found == date.max:
        raise ValueError("a day as 2026-03-01 is expected")
    return found


def day_of(begins: datetime, ends: datetime) -> date:
    """The day (UTC) that a bucket of time is in."""
    if ends <= begins:
        raise ValueError("the bucket ends before it begins")
    if (ends - timedelta(microseconds=1)).date() != begins.date():
        raise ValueError("a bucket has to lie in one day in UTC: export days, hours or minutes")
    return begins.date()


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("a number is expected")
    try:
        found = Decimal(value.strip() if isinstance(value, str) else value)
    except DecimalException:
        raise ValueError("a number is expected") from None
    if not found.is_finite():
        raise ValueError("a number is expected")
    return found
