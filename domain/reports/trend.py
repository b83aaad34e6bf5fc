"""Where costs are going."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

WEEK = 7


@dataclass(frozen=True, slots=True)
class Trend:
    """USD. `a_day` is the mean of the last seven whole days, `change` their share above (or below) the seven before, None where
    those cost nothing. `month_to_date` counts from the month's first day, `month_projected` adds `a_day` for each day to come.
    """

    a_day: Decimal
    change: Decimal | None
    month_to_date: Decimal
    month_projected: Decimal


def trend(daily: Mapping[date, Decimal], *, today: date) -> Trend:
    """The trend of what each day cost; a day that is not there cost nothing. `today`, not yet over, counts in the month alone."""
    last = _sum(daily, today - timedelta(days=WEEK), WEEK)
    before = _sum(daily, today - timedelta(days=2 * WEEK), WEEK)
    a_day = last / WEEK
    spent = _sum(daily, today.replace(day=1), today.day)
    left = calendar.monthrange(today.year, today.month)[1] - today.day
    # What is left of today is not less than a whole day's mean less what today has cost already.
    rest_of_today = max(Decimal(0), a_day - daily.get(today, Decimal(0)))
    return Trend(a_day, (last - before) / before if before else None, spent, spent + rest_of_today + left * a_day)


def _sum(daily: Mapping[date, Decimal], first: date, days: int) -> Decimal:
    return sum((daily.get(first + timedelta(days=at), Decimal(0)) for at in range(days)), Decimal(0))
