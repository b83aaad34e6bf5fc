"""Decaying sums: merging knows no order, and decay is what it says."""

import math
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ErrorKind
from contracts.health import Observed, Sums
from contracts.models import ModelRef
from domain.health import histogram
from domain.health.measuring import measured
from domain.health.windows import all_merged, decayed, merged, of_call

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODEL = ModelRef(provider="sim", model="sim-fast")
HALF_LIFE = 1800.0

seconds = st.floats(0, 400, allow_nan=False)
calls = st.builds(
    lambda kind, taken, first, tokens, age: of_call(
        Observed(MODEL, NOW, taken, kind=kind, first_token=first, output_tokens=tokens), NOW - timedelta(seconds=age)
    ),
    st.one_of(st.none(), st.sampled_from(list(ErrorKind))),
    seconds,
    st.one_of(st.none(), seconds),
    st.integers(0, 5000),
    st.floats(0, 20_000),
)


def figures(sums: Sums) -> list[float]:
    numbers = [sums.calls, sums.answered, sums.seconds, sums.tokens, sums.speaking]
    return [*numbers, *sums.first_token, *(sums.errors.get(kind.value, 0.0) for kind in ErrorKind)]


def same(one: Sums, other: Sums) -> bool:
    pairs = zip(figures(one), figures(other), strict=True)
    return one.at == other.at and all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-5) for a, b in pairs)


@given(st.lists(calls, min_size=1, max_size=12), st.randoms())
def test_merging_in_any_order_gives_the_same(entries: list[Sums], random: object) -> None:
    forwards = all_merged(entries, half_life=HALF_LIFE)
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert forwards is not None
    assert same(forwards, reduce(lambda one, other: merged(one, other, half_life=HALF_LIFE), shuffled))


@given(st.lists(calls, min_size=2, max_size=12), st.integers(1, 11))
def test_merging_in_any_grouping_gives_the_same(entries: list[Sums], cut: int) -> None:
    """Two processes that each merge their own and are merged later know the same as one."""
    parts = [part for part in (entries[:cut], entries[cut:]) if part]
    grouped = all_merged((all_merged(part, half_life=HALF_LIFE) or part[0] for part in parts), half_life=HALF_LIFE)
    alone = all_merged(entries, half_life=HALF_LIFE)
    assert grouped is not None
    assert alone is not None
    assert same(grouped, alone)


@given(calls, st.floats(0, 10_000), st.floats(0, 10_000))
def test_decaying_in_steps_is_decaying_at_once(sums: Sums, first: float, second: float) -> None:
    halfway, end = sums.at + timedelta(seconds=first), sums.at + timedelta(seconds=first + second)
    stepwise = decayed(decayed(sums, halfway, half_life=HALF_LIFE), end, half_life=HALF_LIFE)
    at_once = decayed(sums, end, half_life=HALF_LIFE)
    pairs = zip(figures(stepwise), figures(at_once), strict=True)
    assert all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-5) for a, b in pairs)


def test_an_observation_counts_half_after_a_half_life() -> None:
    sums = of_call(Observed(MODEL, NOW, 2.0, first_token=0.5, output_tokens=90), NOW)
    later = decayed(sums, NOW + timedelta(seconds=HALF_LIFE), half_life=HALF_LIFE)
    assert (later.calls, later.seconds, later.tokens) == (0.5, 1.0, 45.0)
    shown = measured(later, (), in_flight=0, now=later.at, half_life=HALF_LIFE)
    assert (shown.total, shown.tokens_per_second, shown.error_rate) == (2.0, 60.0, 0.0)


def test_shares_are_by_kind_and_the_callers_mistakes_count_for_nothing() -> None:
    kinds = [None] * 6 + [ErrorKind.OVERLOADED, ErrorKind.RATE_LIMITED] + [ErrorKind.INVALID_REQUEST] * 9
    sums = all_merged((of_call(Observed(MODEL, NOW, 1.0, kind=kind), NOW) for kind in kinds), half_life=HALF_LIFE)
    shown = measured(sums, (), in_flight=3, now=NOW, half_life=HALF_LIFE)
    assert shown.calls == 8
    assert shown.error_rate == pytest.approx(2 / 8)
    assert shown.availability == pytest.approx(7 / 8)
    assert shown.errors["overloaded"] == pytest.approx(1 / 8)
    assert shown.in_flight == 3


@given(st.lists(st.floats(0.011, 300), min_size=1, max_size=60), st.sampled_from([0.5, 0.95]))
def test_quantiles_err_by_a_bucket_at_most(samples: list[float], share: float) -> None:
    counts = reduce(histogram.added, (histogram.single(sample) for sample in samples))
    found = histogram.quantile(counts, share)
    exact = sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]
    assert found is not None
    assert exact / 1.26 <= found <= exact * 1.26
