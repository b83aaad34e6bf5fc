"""How long a vendor asks us to wait: read from headers, and from the words of a message."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LENGTH = r"\d+(?:\.\d+)?\s*(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])"
_LENGTHS = rf"(?:{_LENGTH}[\s,]*)+"
_ONE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_DURATION = re.compile(rf"^(?:{_LENGTH.replace('(?![a-z])', '')})+$", re.IGNORECASE)
_WISH = re.compile(
    rf"\b(?:again|retry|retrying|wait|available|resets?)\b(?:\s+(?:in|after|for|at least|about)\b)*\s*({_LENGTHS})",
    re.IGNORECASE,
)
_EPOCH_SECONDS = 1_000_000_000.0
_EPOCH_MILLISECONDS = 1_000_000_000_000.0


def retry_after(headers: Mapping[str, str], *, now: datetime, message: str = "") -> float | None:
    """Seconds that the vendor asks us to wait, at least 0, or None where it says nothing that can be read.

    What was asked outright comes first: `retry-after-ms`, then `retry-after` (seconds or an HTTP date), then words such as "try
    again in 1.2s" in `message`. Then the last reset of those limits of which nothing remains (or does not say what remains).
    `now` is an aware datetime; dates and epochs are judged against it. Header names may be in any case.
    """
    found = {name.lower(): value.strip() for name, value in headers.items()}
    asked = _number(found.get("retry-after-ms"))
    if asked is not None:
        return asked / 1000
    for wish in (_wait(found.get("retry-after"), now), wait_in_words(message)):
        if wish is not None:
            return wish
    return _reset(found, now)


def wait_in_words(text: str) -> float | None:
    """Seconds in a sentence such as "Please try again in 6m0s", or None."""
    wish = _WISH.search(text)
    return None if wish is None else _seconds(wish[1])


def _reset(headers: Mapping[str, str], now: datetime) -> float | None:
    waits: list[float] = []
    for name, value in headers.items():
        # OpenAI: x-ratelimit-reset-tokens. Anthropic: anthropic-ratelimit-tokens-reset. OpenRouter: x-ratelimit-reset.
        if "ratelimit" not in name or "reset" not in name:
            continue
        wait = _wait(value, now)
        if wait is not None and not _number(headers.get(name.replace("reset", "remaining"))):
            waits.append(wait)
    return max(waits, default=None)


def _wait(value: str | None, now: datetime) -> float | None:
    """Seconds from a number, an epoch, a duration (`6m0s`), an HTTP date or an ISO date."""
    if not value:
        return None
    number = _number(value)
    if number is not None:
        if number >= _EPOCH_MILLISECONDS:
            return max(0.0, number / 1000 - now.timestamp())
        return max(0.0, number - now.timestamp()) if number >= _EPOCH_SECONDS else number
    if _DURATION.match(value):
        return _seconds(value)
    moment = _moment(value)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(value: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value)
        except ValueError:
            continue
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return None


def _seconds(lengths: str) -> float:
    return sum(float(number) * _UNITS[_unit(word.lower())] for number, word in _ONE.findall(lengths))


def _unit(word: str) -> str:
    return "ms" if word.startswith(("ms", "milli")) else word[0]


def _number(value: str | None) -> float | None:
    """A finite number of at least 0, or None."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
