from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.retry_after import retry_after, wait_in_words

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"Retry-After": "3"}, "", 3.0),
        ({"retry-after": "0"}, "", 0.0),
        ({"retry-after-ms": "660", "retry-after": "1"}, "", 0.66),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:07 GMT"}, "", 7.0),
        ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, "", 0.0),
        ({"retry-after": "2"}, "try again in 9s", 2.0),
        ({}, "Limit 3. Please try again in 329.999999ms. Need more?", 0.329999999),
        ({}, "Please try again in 1h2m3.5s.", 3723.5),
        ({}, "Please retry after 20 seconds.", 20.0),
        ({}, "Please wait 2 minutes before the next request", 120.0),
        ({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "0"}, "", 360.0),
        ({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "9"}, "", None),
        ({"x-ratelimit-reset-requests": "120ms"}, "", 0.12),
        ({"anthropic-ratelimit-tokens-reset": "2026-11-21T12:00:09Z"}, "", 9.0),
        ({"x-ratelimit-reset": str(int(NOW.timestamp() + 10) * 1000)}, "", 10.0),
        ({"x-ratelimit-reset": str(int(NOW.timestamp() + 10))}, "", 10.0),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "-1"}, "", None),
        ({"retry-after": "soon"}, "please try again later", None),
        ({}, "", None),
    ],
)
def test_reads_what_a_vendor_asks(headers: dict[str, str], message: str, seconds: float | None) -> None:
    assert retry_after(headers, now=NOW, message=message) == pytest.approx(seconds)


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_a_date_is_the_same_wish_as_its_distance_in_seconds(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after({"retry-after": date}, now=NOW) == retry_after({"retry-after": str(seconds)}, now=NOW)


@settings(deadline=None)
@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_durations_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert wait_in_words(f"Please try again in {hours}h{minutes}m{seconds}s.") == hours * 3600 + minutes * 60 + seconds


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=20), st.text(max_size=30), max_size=4), st.text(max_size=60))
def test_anything_may_be_sent(headers: dict[str, str], message: str) -> None:
    names = {f"x-ratelimit-reset-{name}": value for name, value in headers.items()}
    for sent in (headers, names, {"retry-after": message}, {"retry-after-ms": message}):
        wait = retry_after(sent, now=NOW, message=message)
        assert wait is None or wait >= 0
