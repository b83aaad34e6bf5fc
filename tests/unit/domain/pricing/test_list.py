"""Prices against figures worked out by hand from the vendors' public lists."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts.models import ModelRef
from contracts.usage import Usage
from domain.pricing import SIMULATED_PRICES, price

DAY = datetime(2026, 1, 15, tzinfo=UTC)


def test_cached_input_is_charged_at_its_own_rate() -> None:
    # gpt-4o-mini: 0.15 input, 0.075 cached input, 0.60 output, USD per million tokens.
    cost = price(Usage(input_uncached=800, cache_read=200, output=100), ModelRef.parse("openai:gpt-4o-mini"), at=DAY)
    assert cost.total == Decimal("0.000195")
    assert cost.unit_prices["input_mtok"] == Decimal("0.15")


def test_cache_writes_of_five_minutes_and_an_hour_differ() -> None:
    # claude-sonnet-4-5: 3 input, 3.75 write for 5 minutes, 6 write for 1 hour, 0.30 read, 15 output.
    usage = Usage(input_uncached=1000, cache_write=1000, cache_write_1h=400, cache_read=1000, output=100)
    cost = price(usage, ModelRef.parse("anthropic:claude-sonnet-4-5"), at=DAY)
    expected = 1000 * 3 + 600 * Decimal("3.75") + 400 * 6 + 1000 * Decimal("0.30") + 100 * 15
    assert cost.total == Decimal(expected) / 1_000_000


def test_the_model_that_served_sets_the_price() -> None:
    usage = Usage(input_uncached=1_000_000)
    asked = ModelRef.parse("openai:gpt-4o")
    assert price(usage, asked, at=DAY, served_model="gpt-4o-mini").total == Decimal("0.15")


def test_an_unknown_model_is_unpriced_and_says_so() -> None:
    cost = price(Usage(output=10), ModelRef.parse("openai:no-such-model-at-all"), at=DAY)
    assert not cost.priced
    assert cost.total == 0
    assert "no price for openai:no-such-model-at-all" in cost.price_source


counts = st.integers(0, 10_000_000)


@given(uncached=counts, read=counts, write=counts, output=counts)
def test_simulated_money_is_exact(uncached: int, read: int, write: int, output: int) -> None:
    usage = Usage(input_uncached=uncached, cache_read=read, cache_write=write, output=output)
    rates = SIMULATED_PRICES
    expected = (
        (uncached + write) * rates["input_mtok"] + read * rates["cache_read_mtok"] + output * rates["output_mtok"]
    )
    assert price(usage, ModelRef.parse("sim:sim-fast"), at=DAY).total * 1_000_000 == expected
