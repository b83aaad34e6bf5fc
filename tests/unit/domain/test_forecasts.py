"""What a call will cost: never less than `low`, never more than `worst`."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import ModelRef
from contracts.usage import Usage
from domain.estimates import Forecast, forecast, margin_of
from domain.pricing import STANDARD

DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)
MODELS = (
    "openai:gpt-5.4",
    "openai:gpt-5.6-sol",
    "anthropic:claude-sonnet-4-5",
    "google:gemini-2.5-pro",
    "sim:sim-fast",
)
tokens = st.integers(0, 400_000)


def forecast_of(model: str, **facts: Any) -> Forecast:
    return forecast(STANDARD, ModelRef.parse(model), at=DAY, **facts)


def test_the_three_figures_to_the_last_digit() -> None:
    found = forecast_of("openai:gpt-4o-mini", prompt=1000, cached=400, asked=2000, limit=16_384, usual=300)
    # 0.15 input, 0.075 cached, 0.60 output; at worst 1051 tokens uncached and 2000 written.
    assert found.low.total == Decimal("0.0001206")
    assert found.likely.total == Decimal("0.0003")
    assert found.worst.total == Decimal("0.00135765")


def test_writing_a_cache_is_the_worst_where_it_costs_more() -> None:
    found = forecast_of("anthropic:claude-opus-4-6", prompt=1000, asked=100)
    # 1401 tokens written for five minutes at 6.25, 100 of output at 25
    assert found.worst.total == Decimal("0.01125625")


@pytest.mark.parametrize("model", MODELS)
@given(prompt=tokens, cached=tokens, asked=st.integers(1, 100_000), data=st.data())
def test_what_a_call_costs_lies_between(model: str, prompt: int, cached: int, asked: int, data: st.DataObject) -> None:
    found = forecast_of(model, prompt=prompt, cached=cached, asked=asked)
    assert found.low.total <= found.likely.total <= found.worst.total
    counted = data.draw(st.integers(0, prompt * margin_of(model.partition(":")[2]) // 100))
    read = data.draw(st.integers(0, counted))
    written = data.draw(st.integers(0, counted - read))
    used = Usage(
        input_uncached=counted - read - written,
        cache_read=read,
        cache_write=written,
        output=data.draw(st.integers(0, asked)),
    )
    assert STANDARD.price(used, ModelRef.parse(model), at=DAY).total <= found.worst.total


def test_an_unknown_price_is_not_taken_for_nothing() -> None:
    assert not forecast_of("vllm:our-own", prompt=10).worst.priced
