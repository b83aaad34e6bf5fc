"""The time that a list of days covers."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta


def span(days: Iterable[date]) -> tuple[datetime | None, datetime | None]:
    """From the first day's beginning to the last day's end, in UTC; None where there are no days."""
    given = sorted(days)
    if not given:
        return None, None
    midnight = time(tzinfo=UTC)
    return datetime.combine(given[0], midnight), datetime.combine(given[-1] + timedelta(days=1), midnight)
