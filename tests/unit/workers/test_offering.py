"""Every preset's models and prices, whatever its stanza is called."""

from datetime import date
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import get_snapshot

from contracts.models import ModelRef
from domain.catalog import Catalog, Offer
from domain.price_lists import FREE, ROUTER, models_in
from providers.presets import PRESETS
from providers.protocol import ProviderConfig
from providers.stanzas import Stanza, configure
from workers.offering import offer_of, place_of, price_lists

DAY = date(2026, 11, 21)
LISTS = {one.id for one in get_snapshot().providers} | {ROUTER}


def configured(vendor: str, name: str = "ours", location: str = "") -> ProviderConfig:
    """A stanza of a preset under another name, as an environment without keys completes it."""
    preset = PRESETS[vendor]
    own = "" if preset.base_url or preset.wire in ("google", "bedrock") else "https://models.example.com"
    return configure(
        Stanza(name, vendor=vendor, api_key="k", base_url=own, location=location or "us-east-1"), lambda _: ""
    )


def catalog(one: Offer) -> Catalog:
    return Catalog([one], on=DAY)


@pytest.mark.parametrize("vendor", sorted(PRESETS))
def test_a_renamed_stanza_has_all_models_of_its_services_list(vendor: str) -> None:
    preset = PRESETS[vendor]
    assert preset.price_list in LISTS | {""}
    one = offer_of(configured(vendor))
    known = models_in(preset.price_list, one.place)
    found = {entry.ref.model: entry for entry in catalog(one).entries}
    assert set(found) == {model.name for model in known}
    assert bool(found) == bool(preset.price_list)
    chatting = [entry for entry in found.values() if entry.chats]
    # The list leaves a few out; what does not chat is often paid by the hour or the page.
    assert sum(entry.prices is not None for entry in chatting) >= 0.85 * len(chatting)
    assert one.open, "a service may have models that no list knows yet"


def test_a_free_provider_is_free_in_the_catalog_and_in_the_book() -> None:
    config = configure(Stanza("own", base_url="http://127.0.0.1:8000/v1", free=True), lambda _: "")
    assert price_lists([config]) == {"own": FREE}
    entry = catalog(offer_of(config)).entry(ModelRef.parse("own:anything"))
    assert entry.prices is not None
    assert (entry.prices.input, entry.prices.output) == (0, 0)
    assert "free" in entry.tags


@pytest.mark.parametrize(
    ("vendor", "model", "input_price"),
    [
        ("xai", "grok-3", "3"),
        ("vertex", "gemini-2.5-flash", "0.3"),
        ("google-openai", "gemini-2.5-flash", "0.3"),
        ("google-openai", "models/gemini-2.5-flash", "0.3"),
        ("bedrock", "us.anthropic.claude-3-haiku-20240307-v1:0", "0.25"),
        ("bedrock-mantle", "openai.gpt-oss-120b", "0.15"),
        ("azure", "gpt-4o", "2.5"),
        ("fireworks", "accounts/fireworks/models/gpt-oss-120b", "0.15"),
        ("huggingface", "openai/gpt-oss-120b:cerebras", "0.35"),
        ("groq", "openai/gpt-oss-120b", "0.15"),
        ("cohere", "command-a-03-2025", "2.5"),
    ],
)
def test_a_renamed_stanzas_model_has_its_price(vendor: str, model: str, input_price: str) -> None:
    found = catalog(offer_of(configured(vendor))).entry(ModelRef(provider="ours", model=model)).prices
    assert found is not None
    assert found.input == Decimal(input_price)


def test_each_provider_has_its_list_by_its_own_name() -> None:
    configs = [configured("xai", "ours"), configured("vertex", "vertex"), configured("ollama", "ollama")]
    plain = ProviderConfig("openai", "openai", "k")
    own = ProviderConfig("house", "openai-chat", "k", "http://vllm:8000/v1")
    assert price_lists([*configs, plain, own]) == {
        "ours": "x-ai",
        "vertex": "google",
        "ollama": "",
        "openai": "openai",
        "house": "house",
    }


def test_only_a_vendors_own_address_with_a_whole_list_tells_what_is_gone() -> None:
    assert offer_of(configured("groq")).vendor
    assert offer_of(ProviderConfig("openai", "openai", "k")).vendor
    assert not offer_of(ProviderConfig("openai", "openai", "k", "https://proxy.example.com/v1")).vendor
    proxied = configure(Stanza("groq", api_key="k", base_url="https://proxy.example.com/v1"), lambda _: "")
    assert not offer_of(proxied).vendor
    for vendor in ("azure", "bedrock", "fireworks", "huggingface", "ollama", "vertex"):
        assert not offer_of(configured(vendor)).vendor, vendor


def test_a_server_of_ones_own_is_local_and_a_simulated_one_is_not() -> None:
    assert offer_of(configured("ollama", "ollama")).local
    assert not offer_of(configured("groq")).local
    sim = offer_of(ProviderConfig("sim", "openai-chat", "k", "http://127.0.0.1:1/openai/v1", simulated=True))
    assert (sim.local, sim.simulated, sim.open) == (False, True, False)
    stands_in = offer_of(ProviderConfig("openai", "openai", "k", "http://127.0.0.1:1/openai/v1", simulated=True))
    assert (stands_in.simulated, stands_in.open, "gpt-4o" in stands_in.models) == (True, False, True)


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("us-east-1", "us"),
        ("us-gov-west-1", "us-gov"),
        ("us-central1", "us"),
        ("eu-central-1", "eu"),
        ("europe-west4", "eu"),
        ("ap-northeast-1", "apac"),
        ("asia-southeast1", "apac"),
        ("global", ""),
        ("", ""),
    ],
)
def test_a_regions_geography(location: str, place: str) -> None:
    assert place_of(location) == place


def test_bedrock_in_europe_lists_europes_profiles() -> None:
    names = [entry.ref.model for entry in catalog(offer_of(configured("bedrock", location="eu-west-1"))).entries]
    assert "eu.anthropic.claude-opus-4-6-v1:0" in names
    assert "us.anthropic.claude-opus-4-6-v1:0" not in names
