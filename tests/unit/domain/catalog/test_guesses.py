"""What is supposed of models that nobody knows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.routing import Capability
from domain.catalog import guesses
from domain.catalog.facts import bare_name, facts, family_of, other_work


def test_larger_weights_are_supposed_better_and_slower() -> None:
    tiers = [guesses.quality_and_speed(f"new-{size}b-instruct", None) for size in ("0.5", "3", "8", "70", "405")]
    assert [quality for quality, _ in tiers] == sorted(quality for quality, _ in tiers)
    assert [speed for _, speed in tiers] == sorted((speed for _, speed in tiers), reverse=True)
    assert len(set(tiers)) == len(tiers)


def test_a_dearer_model_is_supposed_better() -> None:
    cheap, dear = (guesses.quality_and_speed("new", Decimal(price)) for price in ("0.1", "30"))
    assert cheap[0] < dear[0]
    assert cheap[1] > dear[1]


def test_the_size_counts_before_the_price_and_version_numbers_are_no_sizes() -> None:
    assert guesses.quality_and_speed("new-8b", Decimal(100)) == guesses.quality_and_speed("new-8b", None)
    assert guesses.quality_and_speed("new-v3beta", None) == guesses.quality_and_speed("new", None)
    assert guesses.quality_and_speed("new-0b", None) == guesses.quality_and_speed("new", None)


@given(name=st.text(max_size=60), price=st.none() | st.decimals(0, 100_000, places=6))
def test_guesses_are_tiers_and_never_among_the_best(name: str, price: Decimal | None) -> None:
    quality, speed = guesses.quality_and_speed(name, price)
    assert 0 < quality <= 0.7
    assert 0 < speed <= 0.95


def test_a_modern_window_supposes_tools() -> None:
    assert Capability.TOOLS in guesses.capabilities(128_000)
    assert guesses.capabilities(8_192) == guesses.capabilities(None) == {Capability.STREAMING}


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("eu.anthropic.claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4.5"),
        ("accounts/fireworks/models/kimi-k3", "kimi-k3"),
        ("Qwen/Qwen3-32B", "qwen3-32b"),
        ("meta.llama3-3-70b-instruct-v1:0", "llama3-3-70b-instruct-v1:0"),
        ("gpt-4o", "gpt-4o"),
    ],
)
def test_a_routers_and_a_clouds_prefix_is_no_part_of_the_name(name: str, bare: str) -> None:
    assert bare_name(name) == bare


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("claude-sonnet-4-5-20250929", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("gpt-oss-120b", "openai/gpt-oss-120b"),
        ("llama3.3:70b", "meta.llama3-3-70b-instruct-v1:0"),
        ("deepseek-v3.2", "deepseek-ai/DeepSeek-V3.2"),
    ],
)
def test_a_model_is_of_one_family_wherever_it_is_served(one: str, other: str) -> None:
    assert family_of(one) is family_of(other) is not None


def test_nobody_knows_a_new_family() -> None:
    assert family_of("brand-new-thing") is None
    assert other_work("brand-new-thing") == frozenset()


def test_the_facts_are_consistent() -> None:
    for pattern, family in facts().families:
        assert 0 <= family.quality <= 1, pattern.pattern
        assert 0 <= family.speed <= 1, pattern.pattern
        assert family.can, pattern.pattern
        assert Capability.PARALLEL_TOOLS not in family.can or Capability.TOOLS in family.can, pattern.pattern
        assert family.max_output is None or family.window is None or family.max_output <= family.window, pattern.pattern
    aliases = [alias for names in facts().aliases.values() for alias in names]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & set(facts().aliases)


@given(st.text(max_size=80))
def test_any_name_is_read(name: str) -> None:
    family_of(name)
    assert all(isinstance(tag, str) for tag in other_work(name))
