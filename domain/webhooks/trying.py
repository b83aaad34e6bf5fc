"""When a message that nobody took is sent again."""

from datetime import datetime, timedelta

TRIED_FOR = timedelta(hours=24)
"""How long a message is tried."""
_FIRST = timedelta(seconds=1)
_FACTOR = 2.5
_LONGEST = timedelta(minutes=30)


def next_try(tries: int, *, created_at: datetime, now: datetime) -> datetime | None:
    """When to try again after `tries` tries, each pause two and a half times the one before; None where it is given up."""
    # Beyond this many the pause is the longest, and the power would only overflow.
    pause = min(_LONGEST, _FIRST * _FACTOR ** min(tries - 1, 20))
    at = now + pause
    return None if at > created_at + TRIED_FOR else at
