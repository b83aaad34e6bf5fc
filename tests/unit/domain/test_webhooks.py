"""Where a webhook may lead, and when a message that nobody took is sent again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import PerdureError
from domain.webhooks.addresses import check_url
from domain.webhooks.trying import TRIED_FOR, next_try

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_pauses_grow_to_half_an_hour_and_end_after_a_day() -> None:
    at, pauses = NOW, list[timedelta]()
    while (following := next_try(len(pauses) + 1, created_at=NOW, now=at)) is not None:
        pauses.append(following - at)
        at = following
    assert pauses[:3] == [timedelta(seconds=1), timedelta(seconds=2.5), timedelta(seconds=6.25)]
    assert pauses[-1] == timedelta(minutes=30)
    assert pauses == sorted(pauses)
    assert timedelta(hours=23) < at - NOW <= TRIED_FOR
    assert len(pauses) < 60


@given(st.integers(1, 10**9), st.timedeltas(timedelta(0), timedelta(days=2)))
def test_any_try_has_a_next_one_within_a_day_or_none(tries: int, late: timedelta) -> None:
    following = next_try(tries, created_at=NOW, now=NOW + late)
    assert following is None or NOW + late < following <= NOW + TRIED_FOR


@pytest.mark.parametrize("url", ["https://hooks.example.com/a?b=c", "http://127.0.0.1:8080", "https://[2001:db8::1]/x"])
def test_addresses_of_web_servers(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks.example.com", "ftp://a/b", "file:///etc/passwd", "https://u:p@a/", "https:///x", "http://a:0x/"),
        *("http://a b/", "http://[::1/", "https://exämple.com/", "https://a/\n", f"https://a/{'x' * 2000}"),
    ],
)
def test_what_is_none_or_holds_a_password_is_refused(url: str) -> None:
    with pytest.raises(PerdureError):
        check_url(url)
