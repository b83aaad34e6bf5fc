"""Documented usage shapes of each tier, cache kind, medium and surcharge: to the last digit."""

from decimal import Decimal
from typing import Any

import pytest

from contracts.models import ModelRef
from contracts.usage import Usage
from domain.pricing import price
from providers.openai.usage import read_usage
from tests.conformance.costs.shapes import NOON, SHAPES, Shape


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_documented_usage_costs_what_the_vendor_says(shape: Shape) -> None:
    usage = shape.usage
    cost = price(usage, ModelRef.parse(shape.model), at=shape.at, tier=shape.tier)
    assert cost.priced
    assert cost.total == shape.cost
    assert sum(cost.parts.values(), Decimal(0)) == cost.total
    assert usage.total == shape.total


def stated(model: str, body: dict[str, Any], *, expected: str) -> Usage:
    """The usage, after the provider's own charge and ours were seen to be the same."""
    usage = read_usage(body)
    cost = price(usage, ModelRef.parse(model), at=NOON)
    assert cost.total == Decimal(expected)
    assert cost.stated == Decimal(expected)
    assert cost.difference == 0
    return usage


def test_xai_states_ticks_with_its_tools_and_leaves_thought_out_of_the_completion() -> None:
    # 800 x 1.25 + 200 x 0.20 + 400 x 2.50, two searches of the web and one of X at 5 a thousand
    body = {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "total_tokens": 1400,
        "prompt_tokens_details": {"cached_tokens": 200, "text_tokens": 1000, "audio_tokens": 0, "image_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 300},
        "server_side_tool_usage_details": {"web_search_calls": 2, "x_search_calls": 1, "code_interpreter_calls": 0},
        "cost_in_usd_ticks": 170_400_000,
    }
    assert stated("xai:grok-4.3", body, expected="0.01704").reasoning == 300


def test_perplexity_charges_each_request_by_the_depth_of_its_search() -> None:
    body = {
        "prompt_tokens": 14,
        "completion_tokens": 237,
        "total_tokens": 251,
        "search_context_size": "low",
        "cost": {
            "input_tokens_cost": 0.000014,
            "output_tokens_cost": 0.000237,
            "request_cost": 0.005,
            "total_cost": 0.005251,
        },
    }
    stated("perplexity:sonar", body, expected="0.005251")


def test_perplexitys_research_bills_thought_citations_and_queries_beside_the_completion() -> None:
    # 33 x 2 + 7163 x 8 + 20016 x 2 + 73997 x 3, and 18 queries at 5 a thousand
    body = {
        "prompt_tokens": 33,
        "completion_tokens": 7163,
        "total_tokens": 7196,
        "citation_tokens": 20016,
        "num_search_queries": 18,
        "reasoning_tokens": 73997,
        "cost": {"total_cost": 0.409393},
    }
    stated("perplexity:sonar-deep-research", body, expected="0.409393")


def test_openrouter_states_credits_and_its_fee_comes_on_top_of_a_key_of_ones_own() -> None:
    body = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, "cost": 0.0045, "is_byok": False}
    stated("openrouter:anthropic/claude-sonnet-4.5", body, expected="0.0045")
    own = {**body, "cost": 0.000225, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.0045}}
    assert read_usage(own).stated_cost == Decimal("0.004725")
    assert read_usage({**body, "cost_details": {"upstream_inference_cost": 0.0045}}).stated_cost == Decimal("0.0045")


@pytest.mark.parametrize("cost", [True, "0.1", None, -1, float("nan"), {"total_cost": None}])
def test_what_is_no_amount_is_not_taken_for_one(cost: object) -> None:
    assert read_usage({"prompt_tokens": 1, "completion_tokens": 1, "cost": cost}).stated_cost is None
