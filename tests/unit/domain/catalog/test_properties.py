"""What holds of every catalog, policy and question."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.catalog import DiscoveredModel
from contracts.errors import ErrorKind, PerdureError
from contracts.policies import ModelPolicy, Policy, PriceOverride
from contracts.routing import Capability
from domain.catalog import Catalog, ModelQuery, offer, with_policy
from domain.catalog.discovered import merged
from tests.unit.domain.catalog.catalogs import DAY, catalog_of

BASE = catalog_of("openai", "anthropic", "mistral")
OFFERS = tuple(BASE.offers.values())
NAMES = [str(entry.ref) for entry in BASE.entries]

ratios = st.none() | st.floats(0, 1)
prices = st.none() | st.decimals(0, 1_000, places=4)
abilities = st.frozensets(st.sampled_from(list(Capability)))
said = st.builds(
    ModelPolicy,
    enabled=st.booleans(),
    aliases=st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), max_size=2).map(tuple),
    tags=st.lists(st.sampled_from(["house", "cheap"]), max_size=2).map(tuple),
    quality=ratios,
    speed=ratios,
    window=st.none() | st.integers(1, 2_000_000),
    capabilities=st.dictionaries(st.sampled_from(list(Capability)), st.booleans(), max_size=4),
    price=st.none() | st.builds(PriceOverride, input=prices, output=prices),
)
policies = st.dictionaries(st.sampled_from([*NAMES, "nobody:x", "gpt-nothing"]), said, max_size=5).map(
    lambda models: Policy(models=models)
)
queries = st.builds(
    ModelQuery,
    capabilities=abilities,
    providers=st.frozensets(st.sampled_from(["openai", "anthropic", "mistral"])),
    tags=st.frozensets(st.sampled_from(["small", "flagship", "code"]), max_size=1),
    min_window=st.none() | st.integers(1, 2_000_000),
    max_price=prices,
    text=st.sampled_from(["", "gpt", "claude sonnet", "latest"]),
    chats=st.none() | st.booleans(),
    deprecated=st.booleans(),
)
listings = st.lists(
    st.builds(
        DiscoveredModel,
        name=st.sampled_from(["gpt-4o", "gpt-99", "o3", "tiny:latest"]),
        window=st.none() | st.integers(1, 10_000_000),
        can=abilities,
        tags=st.frozensets(st.sampled_from(["embedding"])),
        deprecated=st.booleans(),
    ),
    max_size=6,
)


@given(policy=policies)
def test_under_any_policy_every_model_can_be_asked_for_and_none_that_is_off(policy: Policy) -> None:
    changed = with_policy(BASE.entries, policy, offers=OFFERS, on=DAY)
    refs = [entry.ref for entry in changed.entries]
    assert len(refs) == len(set(refs))
    off = {BASE.resolve(name) for name, one in policy.models.items() if not one.enabled and BASE.knows(name)}
    assert off.isdisjoint(refs)
    for ref in list(off)[:3]:
        with pytest.raises(PerdureError):
            changed.resolve(str(ref))
    for entry in changed.entries[::20]:
        assert changed.entry(entry.ref) == entry
        assert 0 <= entry.quality <= 1
        assert 0 <= entry.speed <= 1
    assert set(changed.unmatched) <= {"nobody:x", "gpt-nothing"}


@given(policy=policies)
def test_a_policy_laid_over_itself_changes_nothing_more(policy: Policy) -> None:
    once = with_policy(BASE.entries, policy, offers=OFFERS, on=DAY)
    kept = {name: one for name, one in policy.models.items() if one.enabled}
    twice = with_policy(once.entries, Policy(models=kept), offers=OFFERS, on=DAY)
    assert twice.entries == once.entries


@given(query=queries)
def test_a_query_finds_exactly_the_models_that_it_admits(query: ModelQuery) -> None:
    found = set(BASE.query(query))
    for entry in BASE.entries:
        words = query.text.split()
        named = " ".join((str(entry.ref), entry.name, *entry.aliases, *entry.tags)).lower()
        assert (entry in found) == (query.admits(entry) and all(word in named for word in words))


@given(query=queries, least=st.integers(1, 2_000_000), most=st.decimals(0, 100, places=2))
def test_asking_for_more_never_finds_more(query: ModelQuery, least: int, most: Decimal) -> None:
    found = set(BASE.query(query))
    tighter = replace(
        query,
        min_window=max(least, query.min_window or 0),
        max_price=most if query.max_price is None else min(most, query.max_price),
        capabilities=query.capabilities | {Capability.TOOLS},
    )
    assert set(BASE.query(tighter)) <= found


@given(found=listings)
def test_whatever_a_provider_lists_can_be_asked_for_and_nothing_is_lost(found: list[DiscoveredModel]) -> None:
    one = offer("openai", own_server=False, simulated=False)
    entries = merged([one], {"openai": found}, DAY)
    refs = [entry.ref for entry in entries]
    assert len(refs) == len(set(refs))
    assert {entry.ref for entry in catalog_of("openai").entries} <= set(refs)
    catalog = Catalog([one], on=DAY, entries=entries)
    for model in found:
        assert catalog.resolve(f"openai:{model.name}").model == model.name
    # Asking again and being told the same changes nothing.
    assert merged([one], {"openai": found}, DAY) == entries


@given(name=st.text(max_size=400))
def test_any_name_means_a_model_or_is_refused_in_few_words(name: str) -> None:
    meant = BASE.meaning(name)
    if meant is None:
        with pytest.raises(PerdureError) as raised:
            BASE.resolve(name)
        assert raised.value.kind is ErrorKind.NOT_FOUND
        assert len(raised.value.message) < 2_000
    else:
        assert BASE.resolve(name) == meant == BASE.resolve(str(meant))
        assert BASE.entry(meant).ref == meant


@given(place=st.integers(0, len(NAMES) - 1), at=st.integers(0, 40), data=st.data())
def test_one_wrong_letter_is_forgiven_with_the_right_name(place: int, at: int, data: st.DataObject) -> None:
    right = NAMES[place]
    if BASE.entries[place].deprecated:
        return
    cut = right.index(":") + 1 + at % (len(right) - right.index(":") - 1)
    letter = data.draw(st.sampled_from("qzj~"))
    wrong = right[:cut] + letter + right[cut + 1 :]
    meant = BASE.meaning(wrong)
    if meant is not None:
        assert meant.provider == right.partition(":")[0]
        return
    with pytest.raises(PerdureError, match="Did you mean") as raised:
        BASE.resolve(wrong)
    assert right.partition(":")[0] in raised.value.message
