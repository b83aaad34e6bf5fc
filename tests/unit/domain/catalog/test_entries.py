"""What is known of models: the price list joined with our own facts."""

from datetime import date
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import get_snapshot

from contracts.models import ModelRef
from contracts.routing import Capability
from domain.catalog import SIMULATED_MODELS, Catalog, ModelEntry, Offer, Prices, offer
from domain.price_lists import list_of
from tests.unit.domain.catalog.catalogs import DAY, VENDORS, catalog_of, whole

ALL = whole()
ASKED = {Capability.TOOLS, Capability.PARALLEL_TOOLS, Capability.JSON_SCHEMA, Capability.IMAGES}


def entry(name: str) -> ModelEntry:
    return ALL.entry(ModelRef.parse(name))


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_model_that_the_price_list_has_is_there(vendor: str) -> None:
    listed = next(one for one in get_snapshot().providers if one.id == list_of(vendor))
    # What Google's cloud resells its own API does not serve; a pattern for fine-tunes is no model.
    resold = [one for one in listed.models if vendor == "google" and one.id.startswith("claude")]
    tuned = [one for one in listed.models if one.id.startswith("ft:")]
    found = [one for one in ALL.entries if one.ref.provider == vendor]
    assert len(found) == len(listed.models) - len(resold) - len(tuned)
    assert sum(one.deprecated for one in found) == sum(
        bool(one.deprecated) for one in listed.models if one not in resold
    )


def test_how_many_there_are() -> None:
    assert len(ALL.entries) > 1_300
    assert len({one.ref for one in ALL.entries}) == len(ALL.entries)
    assert {one.ref.model for one in ALL.entries if one.simulated} == set(SIMULATED_MODELS)


def test_prices_windows_and_facts_of_one_model_are_joined() -> None:
    claude = entry("anthropic:claude-sonnet-4-5")
    assert claude.prices == Prices(
        input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3"), cache_write=Decimal("3.75")
    )
    assert claude.prices.blended == Decimal(6)
    assert (claude.max_output, claude.tokenizer, claude.source) == (64_000, "claude", "listed")
    assert claude.capabilities >= {*ASKED, Capability.REASONING, Capability.PREFILL, Capability.DOCUMENTS}
    assert Capability.AUDIO not in claude.capabilities
    assert (claude.regions, claude.privacy) == ({"us"}, {"no_training"})
    assert "claude-sonnet-4.5" in claude.aliases
    assert claude.name == "Claude Sonnet 4.5"


@pytest.mark.parametrize(
    ("name", "has", "lacks"),
    [
        ("openai:gpt-4o", {*ASKED, Capability.DOCUMENTS}, {Capability.REASONING, Capability.PREFILL}),
        ("openai:o3-mini", {Capability.REASONING, Capability.TOOLS}, {Capability.IMAGES}),
        ("openai:gpt-3.5-turbo", {Capability.TOOLS}, {Capability.IMAGES, Capability.JSON_SCHEMA}),
        ("anthropic:claude-opus-4-6", {*ASKED, Capability.REASONING}, {Capability.PREFILL}),
        ("anthropic:claude-3-haiku", {Capability.TOOLS, Capability.PREFILL}, {Capability.JSON_SCHEMA}),
        ("google:gemini-2.5-pro", {*ASKED, Capability.AUDIO, Capability.REASONING}, {Capability.PREFILL}),
        ("deepseek:deepseek-reasoner", {Capability.REASONING, Capability.TOOLS}, {Capability.JSON_SCHEMA}),
        ("bedrock:us.anthropic.claude-opus-4-5-v1:0", {*ASKED, Capability.PREFILL}, {Capability.AUDIO}),
        ("openrouter:anthropic/claude-sonnet-4.5", {*ASKED, Capability.REASONING}, {Capability.AUDIO}),
        ("sim:sim-fast", set(Capability), set()),
    ],
)
def test_what_models_can(name: str, has: set[Capability], lacks: set[Capability]) -> None:
    found = entry(name)
    assert found.capabilities >= has
    assert not found.capabilities & lacks


@pytest.mark.parametrize(
    ("name", "work"),
    [
        ("openai:text-embedding-3-small", "embedding"),
        ("openai:gpt-4o-mini-transcribe", "transcription"),
        ("openai:omni-moderation-latest", "moderation"),
        ("google:gemini-2.5-flash-image", "image"),
        ("google:gemini-live-2.5-flash", "speech"),
        ("groq:whisper-large-v3", "transcription"),
        ("mistral:mistral-ocr-latest", "ocr"),
        ("openai:gpt-3.5-turbo-instruct", "completion"),
    ],
)
def test_what_does_not_chat_is_told_apart_and_can_nothing_that_a_turn_wants(name: str, work: str) -> None:
    found = entry(name)
    assert work in found.tags
    assert not found.chats
    assert found.capabilities == frozenset()


@pytest.mark.parametrize(
    "name", ["openai:gpt-4o", "mistral:codestral-latest", "google:gemini-2.5-flash", "groq:llama-3.3-70b-versatile"]
)
def test_what_chats_is_not_taken_for_other_work(name: str) -> None:
    assert entry(name).chats


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("openai:gpt-5", "openai:gpt-4o"),
        ("openai:gpt-4o", "openai:gpt-4o-mini"),
        ("anthropic:claude-opus-4-5", "anthropic:claude-3-haiku"),
        ("google:gemini-2.5-pro", "google:gemini-2.5-flash"),
        ("openai:gpt-5", "openai:gpt-5-nano"),
    ],
)
def test_tiers_order_the_families(better: str, worse: str) -> None:
    assert entry(better).quality > entry(worse).quality
    assert entry(better).speed < entry(worse).speed


def test_a_dated_version_counts_as_what_it_is_a_version_of() -> None:
    version, known = entry("openai:gpt-4o-2024-08-06"), entry("openai:gpt-4o")
    assert version.prices == known.prices
    assert (version.window, version.quality) == (known.window, known.quality)
    assert version.name == "gpt-4o-2024-08-06"
    assert version.aliases == ()


def test_prices_are_those_of_the_day() -> None:
    def output(on: date) -> Decimal | None:
        found = catalog_of("google", on=on).entry(ModelRef.parse("google:gemini-3.8-flash")).prices
        return found.output if found is not None else None

    assert (output(date(2026, 12, 31)), output(date(2027, 1, 1))) == (Decimal("3.75"), Decimal("7.5"))


def test_a_free_model_costs_nothing_and_an_unpriced_one_is_not_free() -> None:
    free = entry("openrouter:openai/gpt-oss-120b:free")
    assert free.prices is not None
    assert (free.prices.blended, "free" in free.tags) == (0, True)
    unpriced = entry("google:gemma-4-31b-it")
    assert unpriced.prices is None
    assert "free" not in unpriced.tags


def test_simulated_models_cost_what_the_simulator_charges() -> None:
    found = entry("sim:sim-fast")
    assert found.simulated
    assert found.prices is not None
    assert (found.prices.input, found.prices.output) == (Decimal("0.50"), Decimal("2.00"))


def test_a_server_on_this_machine_keeps_what_it_is_sent() -> None:
    local = offer("ollama", own_server=True, simulated=False, address="http://127.0.0.1:11434/v1", price_list="")
    found = Catalog([local]).entry(ModelRef.parse("ollama:llama3.2:3b"))
    assert (found.regions, found.privacy) == ({"local"}, {"local", "no_training"})
    assert found.prices is None
    assert found.tokenizer == "llama"


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://10.1.2.3/v1", True),
        ("http://vllm:8000/v1", True),
        ("http://models.internal", True),
        ("https://api.example.com", False),
        ("http://8.8.8.8", False),
        (None, False),
    ],
)
def test_which_addresses_are_ones_own_network(address: str | None, local: bool) -> None:
    assert offer("x", own_server=True, simulated=False, address=address).local is local


def test_a_clouds_place_is_the_models_region() -> None:
    cloud = offer("eu-bedrock", own_server=False, simulated=False, price_list="aws", place="eu")
    found = Catalog([cloud], on=DAY)
    assert all(one.regions == {"eu"} for one in found.entries)
    assert ModelRef(provider="eu-bedrock", model="eu.anthropic.claude-opus-4-6-v1:0") in found.models


def test_a_renamed_provider_has_the_models_and_prices_of_its_list() -> None:
    renamed = Catalog([offer("fast-lane", own_server=False, simulated=False, price_list="groq")], on=DAY)
    assert len(renamed.models) == len(catalog_of("groq").models)
    here, there = renamed.resolve("fast-lane:openai/gpt-oss-120b"), ModelRef.parse("groq:openai/gpt-oss-120b")
    assert renamed.entry(here).prices == entry(str(there)).prices is not None


def test_an_unlisted_provider_takes_any_name_and_has_neutral_facts() -> None:
    catalog = Catalog([Offer("mine", (), open=True, simulated=False)])
    found = catalog.entry(catalog.resolve("mine:something-new"))
    assert (found.window, found.prices, found.tokenizer, found.guessed) == (None, None, "unknown", True)
    assert 0 < found.quality <= 0.5
