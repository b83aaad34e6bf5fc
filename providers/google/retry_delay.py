"""How long Google asks us to wait."""

import re
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

_SECONDS = re.compile(r"^(\d+(?:\.\d+)?)s$")


def retry_delay(details: Iterable[dict[str, Any]], headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds to wait, or None where nothing was said. `now` is in seconds since the epoch.

    The header wins where there is one; Google itself says it in the body, as google.rpc.RetryInfo (`"retryDelay": "34.07s"`).
    """
    asked = _header(headers, now)
    if asked is not None:
        return asked
    for detail in details:
        found = _SECONDS.match(str(detail.get("retryDelay", "")))
        if found:
            return float(found[1])
    return None


def _header(headers: Mapping[str, str], now: float) -> float | None:
    """`retry-after-ms`, or `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3)."""
    milliseconds, asked = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        if asked is not None and asked.strip()[:1].isdigit():
            return float(asked)
        if asked is not None:
            return max(0.0, parsedate_to_datetime(asked).timestamp() - now)
    except ValueError:
        pass
    return None
