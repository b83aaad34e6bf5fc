"""Windows: the stretch of time that a limit is for. Its start is part of the account's key, so nothing is ever reset."""

from datetime import UTC, datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from contracts.budgets import BudgetTerms, Period, Window

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""The start of windows that have none: a total, and a rolling window, which is one account that forgets."""
SLOTS = 60
"""A rolling window forgets in steps of a sixtieth of its length, always late and never early."""

_LENGTHS = {
    Period.HOUR: timedelta(hours=1),
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(days=7),
    Period.MONTH: timedelta(days=30),
}
"""Rolling lengths; a rolling month has 30 days."""


def window_of(terms: BudgetTerms, now: datetime) -> Window:
    """The window that `now` is in. Calendar days and longer begin at midnight in the budget's time zone, weeks on Monday."""
    if terms.period is Period.TOTAL:
        return Window(ALWAYS)
    if terms.rolling:
        return Window(ALWAYS, slot_seconds=int(_LENGTHS[terms.period].total_seconds()) // SLOTS, slots=SLOTS)
    zone = ZoneInfo(terms.time_zone)
    local = now.astimezone(zone)
    midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
    match terms.period:
        case Period.HOUR:
            # In absolute time, so that the hour that a clock repeats in autumn is an hour of its own.
            start = now - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
            return Window(start.astimezone(UTC), (start + timedelta(hours=1)).astimezone(UTC))
        case Period.DAY:
            return _between(midnight, midnight + timedelta(days=1))
        case Period.WEEK:
            monday = midnight - timedelta(days=local.weekday())
            return _between(monday, monday + timedelta(days=7))
        case Period.MONTH:
            first = midnight.replace(day=1)
            return _between(first, (first + timedelta(days=32)).replace(day=1))
        case _:
            assert_never(terms.period)


def slot_end(seconds: int, now: datetime) -> datetime:
    """The end of the slot, of so many seconds, that something spent now is kept in."""
    return datetime.fromtimestamp((int(now.timestamp()) // seconds + 1) * seconds, tz=UTC)


def forgotten_before(window: Window, now: datetime) -> datetime:
    """Slots that ended by then are out of the rolling window."""
    return now - timedelta(seconds=(window.slot_seconds or 0) * window.slots)


def alert_window(terms: BudgetTerms, now: datetime) -> datetime:
    """The start of the stretch in which a threshold is told of once. A rolling window is told of once in its length."""
    if not terms.rolling or terms.period is Period.TOTAL:
        return window_of(terms, now).start
    length = int(_LENGTHS[terms.period].total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // length * length, tz=UTC)


def _between(start: datetime, end: datetime) -> Window:
    """Both are wall-clock times: a day on which clocks change is not 24 hours long."""
    return Window(start.astimezone(UTC), end.astimezone(UTC))
