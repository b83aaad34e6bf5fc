"""Asking for models: each condition alone, all together, and how long it takes."""

import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from contracts.routing import Capability
from domain.catalog import Catalog, ModelEntry, ModelQuery, offer
from tests.unit.domain.catalog.catalogs import DAY, whole

ALL = whole()


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        (
            ModelQuery(capabilities=frozenset({Capability.AUDIO, Capability.TOOLS})),
            lambda one: Capability.AUDIO in one.capabilities,
        ),
        (ModelQuery(providers=frozenset({"groq", "mistral"})), lambda one: one.ref.provider in ("groq", "mistral")),
        (ModelQuery(tags=frozenset({"code"})), lambda one: "code" in one.tags),
        (ModelQuery(regions=frozenset({"eu", "cn"})), lambda one: one.regions & {"eu", "cn"}),
        (ModelQuery(privacy=frozenset({"no_training"})), lambda one: "no_training" in one.privacy),
        (ModelQuery(min_window=1_000_000), lambda one: one.window is not None and one.window >= 1_000_000),
        (
            ModelQuery(max_price=Decimal("0.2")),
            lambda one: one.prices is not None and one.prices.blended <= Decimal("0.2"),
        ),
        (ModelQuery(text="claude 4.5"), lambda one: "claude" in one.ref.model),
        (ModelQuery(chats=True), lambda one: one.chats),
        (ModelQuery(chats=False), lambda one: not one.chats),
    ],
    ids=["capability", "provider", "tag", "region", "privacy", "window", "price", "text", "chats", "other work"],
)
def test_each_condition_finds_what_holds_and_nothing_else(
    query: ModelQuery, holds: Callable[[ModelEntry], object]
) -> None:
    found = set(ALL.query(query))
    assert found
    assert all(holds(one) for one in found)
    if not query.text:
        rest = [one for one in ALL.entries if one not in found and not one.deprecated]
        wholly = len(query.capabilities) < 2
        assert not wholly or not any(holds(one) for one in rest if one.prices is None or one.prices.blended is not None)


def test_all_conditions_must_hold() -> None:
    query = ModelQuery(
        capabilities=frozenset({Capability.TOOLS, Capability.IMAGES}),
        providers=frozenset({"google"}),
        min_window=500_000,
        max_price=Decimal(1),
        text="flash",
        chats=True,
    )
    names = [one.ref.model for one in ALL.query(query)]
    assert "gemini-2.5-flash" in names
    assert all(name.startswith("gemini") and "flash" in name for name in names)


def test_words_may_come_in_any_order_and_any_case() -> None:
    assert ALL.query(ModelQuery(text="MINI gpt-4o")) == ALL.query(ModelQuery(text="gpt-4o mini")) != ()
    assert ALL.query(ModelQuery(text="no such words")) == ()


def test_aliases_and_tags_are_searched() -> None:
    assert "anthropic:claude-sonnet-4-5" in [str(one.ref) for one in ALL.query(ModelQuery(text="claude-4.5-sonnet"))]
    assert ALL.query(ModelQuery(text="flagship openai:"))


def test_those_on_their_way_out_are_found_only_where_they_are_asked_for() -> None:
    now, ever = ALL.query(ModelQuery()), ALL.query(ModelQuery(deprecated=True))
    assert not any(one.deprecated for one in now)
    assert set(ever) == set(ALL.entries)
    assert set(ever) - set(now) == {one for one in ALL.entries if one.deprecated} != set()


def test_an_unknown_window_or_price_does_not_count_as_large_or_cheap() -> None:
    unknown = replace(ALL.entries[0], window=None, prices=None)
    alone = Catalog(ALL.offers.values(), entries=[unknown])
    assert alone.query(ModelQuery(min_window=1)) == ()
    assert alone.query(ModelQuery(max_price=Decimal(1_000))) == ()
    assert alone.query(ModelQuery()) == (unknown,)


def test_the_order_is_the_catalogs() -> None:
    places = {one.ref: place for place, one in enumerate(ALL.entries)}
    found = [places[one.ref] for one in ALL.query(ModelQuery(text="mini"))]
    assert found == sorted(found)


def test_a_query_over_all_models_of_the_price_list_is_fast() -> None:
    from genai_prices.data_snapshot import get_snapshot

    lists = [one.id for one in get_snapshot().providers]
    every = Catalog([offer(name, own_server=False, simulated=False) for name in lists], on=DAY)
    # All 2,330 of the list but the fine-tunes and what Google resells.
    assert len(every.entries) > 2_290
    query = ModelQuery(
        capabilities=frozenset({Capability.TOOLS}), min_window=100_000, max_price=Decimal(3), text="mini"
    )
    assert every.query(query)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        every.query(query)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.005
