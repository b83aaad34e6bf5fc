"""Every token and call is in exactly one share, and the parts of a cost sum to it, whatever a vendor counts."""

from datetime import UTC, datetime
from decimal import Decimal

import genai_prices
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import ModelRef
from contracts.usage import Usage
from domain.pricing import price
from domain.pricing.charging import charge
from domain.pricing.rates import Rates
from domain.pricing.shares import input_shares, output_shares

DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)
counts = st.integers(0, 10_000_000)
usages = st.builds(
    Usage,
    **{
        name: counts
        for name, field in Usage.model_fields.items()
        if field.annotation is int and name not in ("social_searches", "attachment_searches")
    },
)
prices = st.decimals(0, 10_000, places=9, allow_nan=False, allow_infinity=False)
names = st.sampled_from(
    ["input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "input_audio_mtok", "web_searches_kcount"]
)


@given(usage=usages)
def test_shares_sum_to_the_usage(usage: Usage) -> None:
    assert sum(share.count for share in input_shares(usage)) == usage.input
    assert sum(share.count for share in output_shares(usage)) == usage.output
    assert all(share.count > 0 for share in (*input_shares(usage), *output_shares(usage)))


@given(usage=usages, rates=st.dictionaries(names, prices))
def test_parts_sum_to_the_total_exactly(usage: Usage, rates: dict[str, Decimal]) -> None:
    cost = charge(usage, Rates(rates, "test"))
    assert sum(cost.parts.values(), Decimal(0)) == cost.total
    assert cost.priced == (not cost.unpriced)
    assert not cost.parts.keys() & set(cost.unpriced)


@given(uncached=counts, read=counts, write=counts, hour=counts, output=counts, searches=st.integers(0, 50))
def test_the_lists_own_arithmetic_agrees(
    uncached: int, read: int, write: int, hour: int, output: int, searches: int
) -> None:
    hour = min(hour, write)
    usage = Usage(
        input_uncached=uncached,
        cache_read=read,
        cache_write=write,
        cache_write_1h=hour,
        output=output,
        web_searches=searches,
    )
    theirs = genai_prices.calc_price(
        genai_prices.Usage(
            input_tokens=usage.input,
            cache_read_tokens=read,
            cache_write_tokens=write,
            cache_write_1h_tokens=hour,
            output_tokens=output,
            web_searches=searches,
        ),
        "claude-sonnet-4-5",
        provider_id="anthropic",
        genai_request_timestamp=DAY,
    )
    assert price(usage, ModelRef.parse("anthropic:claude-sonnet-4-5"), at=DAY).total == theirs.total_price
