"""The bucket never gives more than flows into it, whoever asks in whatever order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.limiting import Bucket, RateLimit
from domain.limiting.bucket import Want, depth, full, refilled, take

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

limits = st.builds(
    RateLimit,
    st.one_of(st.none(), st.floats(1, 100_000)),
    st.one_of(st.none(), st.floats(10, 1_000_000)),
)
asks = st.lists(
    st.tuples(
        st.floats(-2, 20),
        st.builds(Want, st.integers(1, 3), st.integers(0, 5000), st.floats(0, 50), st.floats(0, 5000)),
    ),
    max_size=40,
)


@given(limits, asks)
def test_it_never_gives_more_than_its_depth_and_what_flows_in(
    limit: RateLimit, given_asks: list[tuple[float, Want]]
) -> None:
    """Clocks of several workers disagree (steps below zero), and the bound holds against the fastest."""
    bucket: Bucket | None = None
    now = first = latest = NOW + timedelta(seconds=min(0.0, given_asks[0][0] if given_asks else 0.0))
    requests = tokens = biggest = 0.0
    for step, want in given_asks:
        now += timedelta(seconds=step)
        latest = max(latest, now)
        bucket, taken = take(bucket, want, limit, now)
        requests, tokens = requests + taken.requests, tokens + taken.tokens
        biggest = max(biggest, taken.tokens, taken.requests)
        assert taken.wait == 0 or (taken.requests, taken.tokens) == (0, 0)
    passed = (latest - first).total_seconds()
    slack = 1e-6 * (1 + requests + tokens)
    if limit.requests_per_minute is not None:
        # One ask beyond the depth leaves a debt: it counts once.
        assert requests <= depth(limit.requests_per_minute) + limit.requests_per_minute / 60 * passed + biggest + slack
    if limit.tokens_per_minute is not None:
        assert tokens <= depth(limit.tokens_per_minute) + limit.tokens_per_minute / 60 * passed + biggest + slack


@given(limits, st.integers(1, 5), st.integers(0, 5000))
def test_after_the_wait_it_is_granted(limit: RateLimit, requests: int, tokens: int) -> None:
    want, now = Want(requests, tokens), NOW
    bucket: Bucket | None = None
    for _ in range(5):
        bucket, taken = take(bucket, want, limit, now)
        if taken.wait:
            now += timedelta(seconds=taken.wait + 1e-5)
            bucket, taken = take(bucket, want, limit, now)
            assert taken.wait == 0


def test_a_clock_that_is_behind_refills_nothing() -> None:
    limit = RateLimit(60)
    bucket, _ = take(None, Want(1), limit, NOW)
    behind = refilled(bucket, limit, NOW - timedelta(seconds=30))
    assert (behind.requests, behind.at) == (0, NOW)


def test_an_ask_beyond_the_depth_is_granted_once_and_paid_by_time() -> None:
    limit = RateLimit(None, 6000)
    bucket, taken = take(None, Want(1, 1000), limit, NOW)
    assert (taken.tokens, bucket.tokens) == (1000, -900)
    _, denied = take(bucket, Want(1, 50), limit, NOW)
    assert denied.wait == pytest.approx(9.5)


def test_what_was_owed_is_paid_and_what_was_left_comes_back() -> None:
    limit = RateLimit(600, 6000)
    bucket, _ = take(None, Want(5, 80), limit, NOW)
    bucket, _ = take(bucket, Want(owed=-30, returned=2), limit, NOW)
    assert (bucket.requests, bucket.tokens) == (7, 50)
    bucket, _ = take(bucket, Want(owed=-1000, returned=1000), limit, NOW)
    assert bucket == full(limit, NOW)


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="requests_per_minute"):
        RateLimit(0)
