"""What providers list themselves, merged into what was known; and the catalogs of a process, which follow it."""

from datetime import date
from decimal import Decimal

from contracts.catalog import DiscoveredModel
from contracts.models import ModelRef
from contracts.policies import ModelPolicy, Policy, Switches
from contracts.routing import Capability
from domain.catalog import Catalog, Catalogs, ModelEntry, Offer, offer
from domain.catalog.discovered import Found, merged
from tests.unit.domain.catalog.catalogs import DAY

OLLAMA = offer("ollama", own_server=True, simulated=False, address="http://127.0.0.1:11434/v1", price_list="")
OPENAI = offer("openai", own_server=False, simulated=False)


def entries(one: Offer, *models: DiscoveredModel) -> dict[str, ModelEntry]:
    return {entry.ref.model: entry for entry in merged([one], {one.provider: models}, DAY)}


def test_a_model_that_no_list_has_is_added() -> None:
    found = entries(OLLAMA, DiscoveredModel(name="qwen3:8b", window=40_960, can=frozenset({Capability.TOOLS})))
    assert list(found) == ["qwen3:8b"]
    entry = found["qwen3:8b"]
    assert (entry.source, entry.window, entry.tokenizer, entry.regions) == ("discovered", 40_960, "qwen", {"local"})
    assert Capability.TOOLS in entry.capabilities


def test_what_the_provider_says_counts_before_what_we_knew() -> None:
    said = DiscoveredModel(name="gpt-4o", window=64_000, max_output=1_000, cannot=frozenset({Capability.IMAGES}))
    entry = entries(OPENAI, said)["gpt-4o"]
    assert (entry.window, entry.max_output, entry.source) == (64_000, 1_000, "listed")
    assert Capability.IMAGES not in entry.capabilities
    assert Capability.TOOLS in entry.capabilities
    assert entry.prices is not None
    assert entry.prices.input == Decimal("2.5")


def test_what_the_provider_leaves_out_stays_as_it_was() -> None:
    known = Catalog([OPENAI], on=DAY).entry(ModelRef.parse("openai:gpt-4o"))
    assert entries(OPENAI, DiscoveredModel(name="gpt-4o"))["gpt-4o"] == known


def test_a_guess_is_one_no_more_where_the_provider_says_what_the_model_can() -> None:
    silent = entries(OLLAMA, DiscoveredModel(name="brand-new"))["brand-new"]
    told = entries(OLLAMA, DiscoveredModel(name="brand-new", can=frozenset({Capability.TOOLS})))["brand-new"]
    assert (silent.guessed, told.guessed) == (True, False)


def test_a_vendors_model_that_is_not_listed_any_more_is_on_its_way_out() -> None:
    found = entries(OPENAI, DiscoveredModel(name="gpt-4o-2024-08-06"), DiscoveredModel(name="gpt-99"))
    # The dated version keeps what it is a version of.
    assert not found["gpt-4o"].deprecated
    assert not found["gpt-99"].deprecated
    assert found["gpt-4o-mini"].deprecated
    catalog = Catalog([OPENAI], on=DAY, entries=found.values())
    assert catalog.resolve("openai:gpt-4o-mini") not in catalog.models


def test_a_server_of_ones_own_may_leave_models_out() -> None:
    proxy = offer("openai", own_server=True, simulated=False, address="https://proxy.example.com/v1")
    assert not entries(proxy, DiscoveredModel(name="gpt-4o"))["gpt-4o-mini"].deprecated


def test_an_empty_list_says_nothing() -> None:
    assert not any(entry.deprecated for entry in merged([OLLAMA], {"ollama": ()}, DAY))
    assert len(entries(OPENAI)) == len(Catalog([OPENAI], on=DAY).entries)


def test_a_simulated_provider_has_what_is_known() -> None:
    sim = offer("sim", own_server=True, simulated=True)
    assert "made-up" not in entries(sim, DiscoveredModel(name="made-up"))


def test_latest_may_be_left_off_and_listed_aliases_are_taken() -> None:
    latest = DiscoveredModel(name="llama3.2:latest")
    mistral = offer("mistral", own_server=False, simulated=False)
    aliased = DiscoveredModel(name="mistral-large-2512", aliases=("mistral-huge",))
    found: Found = {"ollama": [latest], "mistral": [aliased]}
    catalog = Catalog([OLLAMA, mistral], on=DAY, entries=merged([OLLAMA, mistral], found, DAY))
    assert str(catalog.resolve("llama3.2")) == "ollama:llama3.2:latest"
    assert str(catalog.resolve("ollama:llama3.2")) == "ollama:llama3.2:latest"
    assert str(catalog.resolve("mistral:mistral-huge")) == "mistral:mistral-large-2512"


def test_a_discovered_embedding_model_does_not_chat() -> None:
    found = entries(OLLAMA, DiscoveredModel(name="strange-name", tags=frozenset({"embedding"})))
    assert not found["strange-name"].chats


def test_catalogs_follow_what_is_found_and_whoever_has_one_keeps_it() -> None:
    catalogs = Catalogs([OLLAMA], on=DAY)
    before = catalogs.plain
    catalogs.update(found={"ollama": (DiscoveredModel(name="qwen3:8b"),)})
    assert before.models == ()
    assert [str(ref) for ref in catalogs.plain.models] == ["ollama:qwen3:8b"]
    assert str(catalogs.plain.resolve("qwen3:8b")) == "ollama:qwen3:8b"
    now = catalogs.plain
    catalogs.update(found={"ollama": (DiscoveredModel(name="qwen3:8b"),)}, on=DAY)
    assert catalogs.plain is now
    catalogs.update(found={})
    assert catalogs.plain.models == ()


def test_catalogs_follow_the_day() -> None:
    google = offer("google", own_server=False, simulated=False)
    catalogs = Catalogs([google], on=date(2026, 12, 31))
    flash = ModelRef.parse("google:gemini-3.8-flash")
    before = catalogs.plain.entry(flash).prices
    catalogs.update(on=date(2027, 1, 1))
    after = catalogs.plain.entry(flash).prices
    assert before is not None
    assert after is not None
    assert (before.input, after.input) == (Decimal("0.75"), Decimal("1.5"))


def test_a_policys_catalog_is_made_once_and_again_when_something_changes() -> None:
    catalogs = Catalogs([OPENAI, OLLAMA], on=DAY)
    policy = Policy(models={"ollama:qwen3:8b": ModelPolicy(quality=0.77)})
    first = catalogs.under(policy, "1")
    assert catalogs.under(policy, "1") is first
    assert catalogs.under(Policy(), "2") is not first
    catalogs.update(found={"ollama": (DiscoveredModel(name="qwen3:8b", window=9_999),)})
    again = catalogs.under(policy, "1")
    found = again.entry(ModelRef.parse("ollama:qwen3:8b"))
    assert (found.quality, found.window, found.source) == (0.77, 9_999, "discovered")


def test_a_policy_may_do_without_discovery() -> None:
    catalogs = Catalogs([OPENAI, OLLAMA], on=DAY)
    catalogs.update(found={"ollama": (DiscoveredModel(name="qwen3:8b"),)})
    without = catalogs.under(Policy(switches=Switches(discovery=False)), "1")
    assert not any(ref.provider == "ollama" for ref in without.models)
    assert any(ref.provider == "openai" for ref in without.models)


def test_old_policies_are_forgotten() -> None:
    catalogs = Catalogs([OLLAMA], on=DAY)
    first = catalogs.under(Policy(), "0")
    for number in range(1, 80):
        catalogs.under(Policy(), str(number))
    assert catalogs.under(Policy(), "0") is not first
