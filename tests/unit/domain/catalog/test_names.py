"""Models by name, over the real price list."""

import time

import pytest

from contracts.errors import ErrorKind, PerdureError
from domain.catalog import Catalog, Offer, listed_models, offer


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    vendors = [offer(name, own_server=False, simulated=False) for name in ("openai", "anthropic", "google")]
    return Catalog([*vendors, offer("sim", own_server=True, simulated=True)])


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("openai:gpt-4o-mini", "openai:gpt-4o-mini"),
        ("gpt-4o-mini", "openai:gpt-4o-mini"),
        ("gpt-4o-2024-08-06", "openai:gpt-4o-2024-08-06"),
        ("claude-sonnet-4-5", "anthropic:claude-sonnet-4-5"),
        ("anthropic:claude-sonnet-4-5-20250929", "anthropic:claude-sonnet-4-5-20250929"),
        ("claude-3-opus", "anthropic:claude-3-opus"),
        ("gemini-2.5-flash", "google:gemini-2.5-flash"),
        ("sim:sim-fast", "sim:sim-fast"),
        ("sim-tokens-60-rate-30", "sim:sim-tokens-60-rate-30"),
    ],
)
def test_names_and_aliases(catalog: Catalog, name: str, meant: str) -> None:
    assert str(catalog.resolve(name)) == meant


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("gpt-4o-mni", "openai:gpt-4o-mini"),
        ("openai:gpt-4o-mni", "openai:gpt-4o-mini"),
        ("claud-sonnet-4-5", "anthropic:claude-sonnet-4-5"),
        ("sim:sim-fats", "sim:sim-fast"),
    ],
)
def test_an_unknown_name_is_told_the_near_ones(name: str, near: str) -> None:
    offers = [offer(vendor, own_server=False, simulated=False) for vendor in ("openai", "anthropic")]
    strict = Catalog([*offers, Offer("sim", ("sim-fast",), open=False, simulated=False)])
    with pytest.raises(PerdureError) as raised:
        strict.resolve(name, field="models.1")
    assert raised.value.kind is ErrorKind.NOT_FOUND
    assert raised.value.field == "models.1"
    assert near in raised.value.message


@pytest.mark.parametrize("name", ["", ":", "openai:", "openai: ", ":gpt-4o", "nobody:gpt-4o", "x" * 100_000])
def test_what_is_no_name_is_refused(catalog: Catalog, name: str) -> None:
    with pytest.raises(PerdureError) as raised:
        catalog.resolve(name)
    assert raised.value.kind is ErrorKind.NOT_FOUND
    assert len(raised.value.message) < 1_000


def test_a_server_of_ones_own_takes_any_name() -> None:
    catalog = Catalog(
        [offer("openai", own_server=True, simulated=False), offer("local", own_server=True, simulated=False)]
    )
    assert str(catalog.resolve("openai:my-finetune")) == "openai:my-finetune"
    assert str(catalog.resolve("local:org/model:q4")) == "local:org/model:q4"
    with pytest.raises(PerdureError):
        catalog.resolve("my-finetune")


def test_unlisted_models_where_they_are_allowed() -> None:
    offers = [offer("openai", own_server=False, simulated=False)]
    assert str(Catalog(offers, allow_unlisted=True).resolve("openai:gpt-99")) == "openai:gpt-99"
    with pytest.raises(PerdureError):
        Catalog(offers).resolve("openai:gpt-99")


def test_a_vendor_lists_its_own_models_only() -> None:
    assert not any("claude" in model for model in listed_models("google"))
    assert any("claude" in model for model in listed_models("anthropic"))
    assert listed_models("nobody") == ()


def test_without_providers_the_message_says_so() -> None:
    with pytest.raises(PerdureError, match="No provider is configured"):
        Catalog([]).resolve("gpt-4o")


def test_resolving_again_is_fast(catalog: Catalog) -> None:
    catalog.resolve("gpt-4o-2024-08-06")
    began = time.perf_counter()
    for _ in range(1_000):
        catalog.resolve("gpt-4o-2024-08-06")
    assert (time.perf_counter() - began) / 1_000 < 0.001


def test_simulated_providers_are_told_apart(catalog: Catalog) -> None:
    assert catalog.simulated("sim")
    assert not catalog.simulated("openai")
    assert not catalog.simulated("nobody")
