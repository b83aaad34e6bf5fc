"""A policy's prices laid over the list: days, tiers, discounts, what is free, and what is unknown."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.policies import Policy, PriceOverride
from contracts.usage import Usage
from domain.price_lists import FREE
from domain.pricing import PriceBook, book_of, price_list_version

GPT = ModelRef.parse("openai:gpt-5")
OWN = ModelRef.parse("vllm:our-own-llama")
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
USAGE = Usage(input_uncached=1_000_000, output=1_000_000)


def book(**said: object) -> PriceBook:
    return book_of(Policy.model_validate(said))


def total(
    prices: PriceBook, at: datetime = JUNE, model: ModelRef = GPT, tier: str = "", month_tokens: int = 0
) -> Decimal:
    return prices.price(USAGE, model, at=at, tier=tier, month_tokens=month_tokens).total


def test_an_override_holds_from_its_first_day_to_the_day_before_its_last() -> None:
    prices = book(
        models={"openai:gpt-5": {"price": {"input": 1, "output": 2, "from": "2026-06-01", "until": "2026-07-01"}}}
    )
    assert total(prices, datetime(2026, 5, 31, 23, 59, tzinfo=UTC)) == Decimal("11.25")
    assert total(prices, datetime(2026, 6, 1, tzinfo=UTC)) == 3
    assert total(prices, datetime(2026, 6, 30, 23, 59, tzinfo=UTC)) == 3
    assert total(prices, datetime(2026, 7, 1, tzinfo=UTC)) == Decimal("11.25")


def test_a_later_override_goes_before_an_earlier_one() -> None:
    prices = book(
        models={
            "openai:gpt-5": {
                "price": {"input": 1, "output": 1},
                "prices": [
                    {"input": 2, "output": 2, "from": "2026-06-01"},
                    {"input": 3, "output": 3, "tier": "priority"},
                ],
            }
        }
    )
    assert total(prices, datetime(2026, 5, 1, tzinfo=UTC)) == 2
    assert total(prices) == 4
    assert total(prices, tier="priority") == 6


def test_an_override_leaves_the_lists_other_prices_and_says_so() -> None:
    cost = book(models={"openai:gpt-5": {"price": {"output": 4, "from": "2026-01-01"}}}).price(USAGE, GPT, at=JUNE)
    assert cost.total == Decimal("5.25")
    assert cost.price_source == f"policy from 2026-01-01 over {price_list_version()}"
    assert cost.unit_prices["output_mtok"] == 4
    assert cost.unit_prices["input_mtok"] == Decimal("1.25")


def test_a_discount_takes_its_share_off_the_lists_prices() -> None:
    cost = book(models={"openai:gpt-5": {"price": {"discount": "0.15"}}}).price(USAGE, GPT, at=JUNE)
    assert cost.total == Decimal("9.5625")
    assert "less 15 %" in cost.price_source


@pytest.mark.parametrize(("used", "expected"), [(0, "11.25"), (999, "11.25"), (1000, "10.125"), (5000, "5.625")])
def test_volume_discounts_grow_with_the_months_tokens(used: int, expected: str) -> None:
    steps = [{"above": 5000, "discount": "0.5"}, {"above": 1000, "discount": "0.1"}]
    assert total(book(pricing={"volume": {"openai:*": steps}}), month_tokens=used) == Decimal(expected)


def test_free_models_cost_nothing_and_are_priced() -> None:
    cost = book(pricing={"free": ["vllm:*"]}).price(USAGE, OWN, at=JUNE)
    assert (cost.total, cost.priced, cost.price_source) == (Decimal(0), True, "free by policy")


def test_models_of_a_free_provider_cost_nothing_and_are_priced() -> None:
    prices = book_of(Policy(), lists={OWN.provider: FREE})
    cost = prices.price(USAGE, OWN, at=JUNE)
    assert (cost.total, cost.priced, cost.price_source) == (Decimal(0), True, "free by configuration")
    rates = prices.rates(OWN, at=JUNE, input_tokens=10)
    assert rates is not None
    assert set(rates.prices.values()) == {0}


def test_free_input_is_free_from_the_cache_too() -> None:
    prices = book(models={"openai:gpt-5": {"price": {"input": 0}}})
    assert prices.price(Usage(input_uncached=10, cache_read=10, cache_write=10), GPT, at=JUNE).total == 0


def test_a_policy_alone_can_price_a_model_that_no_list_knows() -> None:
    prices = book(models={str(OWN): {"price": {"input": "0.1", "output": "0.2"}}})
    assert total(prices, model=OWN) == Decimal("0.3")


def test_a_bare_name_prices_the_model_wherever_it_runs() -> None:
    prices = book(models={"our-own-llama": {"price": {"input": 1, "output": 1}}})
    assert total(prices, model=OWN) == 2


def test_a_share_without_a_price_is_named_and_never_silently_free() -> None:
    cost = book(models={str(OWN): {"price": {"input": "0.1"}}}).price(USAGE, OWN, at=JUNE)
    assert (cost.total, cost.priced, cost.unpriced) == (Decimal("0.1"), False, ("output",))


def test_unknown_prices_are_zero_and_marked_or_an_error_as_the_policy_says() -> None:
    lenient, strict = book(), book(pricing={"unknown": "error"})
    assert not lenient.price(USAGE, OWN, at=JUNE).priced
    lenient.require(OWN, at=JUNE)
    strict.require(GPT, at=JUNE)
    with pytest.raises(PerdureError, match="vllm:our-own-llama has no known price") as raised:
        strict.require(OWN, at=JUNE)
    assert raised.value.kind is ErrorKind.ACCESS_DENIED
    book(pricing={"unknown": "error", "free": ["vllm:*"]}).require(OWN, at=JUNE)


def test_a_provider_of_another_name_is_priced_by_its_vendors_list() -> None:
    ours = ModelRef.parse("our-azure:gpt-5")
    assert not book().price(USAGE, ours, at=JUNE).priced
    assert total(PriceBook(lists={"our-azure": "azure"}), model=ours) == Decimal("11.25")


def test_a_stated_charge_stands_beside_ours_or_in_its_place() -> None:
    usage = USAGE.model_copy(update={"stated_cost": Decimal("12")})
    beside = book().price(usage, GPT, at=JUNE)
    assert (beside.total, beside.stated, beside.difference) == (Decimal("11.25"), Decimal(12), Decimal("0.75"))
    charged = book(pricing={"stated": "charged"}).price(usage, GPT, at=JUNE)
    assert (charged.total, charged.computed, charged.difference) == (Decimal(12), Decimal("11.25"), Decimal("0.75"))
    unknown = book().price(usage, OWN, at=JUNE)
    assert (unknown.total, unknown.priced, unknown.difference) == (Decimal(12), True, None)


def test_a_tier_that_the_list_has_no_price_of_is_said() -> None:
    model = ModelRef.parse("bedrock:global.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert "no price of flex" in book().price(USAGE, model, at=JUNE, tier="flex").price_source


@pytest.mark.parametrize(
    "said",
    [{"input": -1}, {"discount": "1.1"}, {"from": "2026-02-01", "until": "2026-02-01"}, {"inptu": 1}],
    ids=["negative", "over all", "no day", "misspelt"],
)
def test_absurd_overrides_are_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PriceOverride.model_validate(said)
