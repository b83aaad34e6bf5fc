"""What a policy says of models, over the real price list."""

from decimal import Decimal

import pytest

from contracts.errors import PerdureError
from contracts.models import ModelRef
from contracts.policies import ModelPolicy, Policy, PriceOverride
from contracts.routing import Capability
from domain.catalog import Catalog, ModelEntry, ModelQuery, with_policy
from tests.unit.domain.catalog.catalogs import DAY, catalog_of

BASE = catalog_of("openai", "anthropic")
MINI = ModelRef.parse("openai:gpt-4o-mini")


def under(**models: ModelPolicy) -> Catalog:
    """The catalog under a policy; in the names `__` stands for the colon and `_` for a dash."""
    named = {name.replace("__", ":").replace("_", "-"): said for name, said in models.items()}
    return with_policy(BASE.entries, Policy(models=named), offers=BASE.offers.values(), on=DAY)


def mini(said: ModelPolicy) -> ModelEntry:
    return under(gpt_4o_mini=said).entry(MINI)


def test_an_empty_policy_changes_nothing() -> None:
    assert with_policy(BASE.entries, Policy(), offers=BASE.offers.values(), on=DAY).entries == BASE.entries


def test_what_a_policy_says_takes_the_place_of_what_was_known() -> None:
    said = ModelPolicy(
        quality=0.9, speed=0.1, window=10_000, max_output=500, regions=("eu",), privacy=("zero_retention",)
    )
    found = mini(said)
    assert (found.quality, found.speed, found.window, found.max_output) == (0.9, 0.1, 10_000, 500)
    assert (found.regions, found.privacy) == ({"eu"}, {"zero_retention"})
    known = BASE.entry(MINI)
    assert (found.prices, found.capabilities, found.tags) == (known.prices, known.capabilities, known.tags)


def test_a_tier_of_nought_is_said_and_not_left_out() -> None:
    assert (mini(ModelPolicy(quality=0)).quality, mini(ModelPolicy(speed=0)).speed) == (0, 0)


def test_prices_are_overridden_one_by_one_and_nought_is_a_price() -> None:
    known = BASE.entry(MINI).prices
    found = mini(ModelPolicy(price=PriceOverride(input=Decimal(0), output=Decimal("0.01")))).prices
    assert found is not None
    assert known is not None
    assert (found.input, found.output, found.cache_read) == (0, Decimal("0.01"), known.cache_read)


def test_prices_of_a_day_stay_where_the_policy_says_nothing_of_them() -> None:
    google = catalog_of("google", on=DAY.replace(year=2027))
    changed = with_policy(
        google.entries,
        Policy(models={"gemini-3.8-flash": ModelPolicy(price=PriceOverride(input=Decimal("1.1")))}),
        offers=google.offers.values(),
        on=google.on,
    )
    found = changed.entry(ModelRef.parse("google:gemini-3.8-flash")).prices
    assert found is not None
    assert (found.input, found.output) == (Decimal("1.1"), Decimal("7.5"))


def test_capabilities_are_given_and_taken() -> None:
    found = mini(ModelPolicy(capabilities={Capability.AUDIO: True, Capability.IMAGES: False}))
    assert found.capabilities == (BASE.entry(MINI).capabilities | {Capability.AUDIO}) - {Capability.IMAGES}


def test_tags_and_aliases_are_added_and_an_alias_of_the_policy_counts_first() -> None:
    changed = under(gpt_4o_mini=ModelPolicy(tags=("house",), aliases=("cheap", "claude-sonnet-4-5")))
    assert str(changed.resolve("cheap")) == "openai:gpt-4o-mini"
    assert str(changed.resolve("claude-sonnet-4-5")) == "openai:gpt-4o-mini"
    assert str(changed.resolve("anthropic:claude-sonnet-4-5")) == "anthropic:claude-sonnet-4-5"
    assert [one.ref for one in changed.query(ModelQuery(tags=frozenset({"house"})))] == [MINI]
    assert BASE.entry(MINI).tags < changed.entry(MINI).tags


def test_a_model_that_is_switched_off_is_gone_and_says_why() -> None:
    changed = under(openai__gpt_4o_mini=ModelPolicy(enabled=False))
    assert MINI not in changed.models
    for name in ("gpt-4o-mini", "openai:gpt-4o-mini", "openai:gpt-4o-mini-2024-07-18"):
        with pytest.raises(PerdureError, match=r"(switched .* off|There is no model)"):
            changed.resolve(name)
    with pytest.raises(PerdureError, match="policy has switched openai:gpt-4o-mini off"):
        changed.resolve("openai:gpt-4o-mini")
    assert str(changed.resolve("gpt-4o")) == "openai:gpt-4o"


def test_a_bare_name_an_alias_and_a_dated_version_name_the_model() -> None:
    by_alias = with_policy(
        BASE.entries, Policy(models={"gpt4o": ModelPolicy(quality=0.33)}), offers=BASE.offers.values(), on=DAY
    )
    assert by_alias.entry(ModelRef.parse("openai:gpt-4o")).quality == 0.33
    dated = with_policy(
        BASE.entries,
        Policy(models={"openai:gpt-4o-2024-08-06": ModelPolicy(quality=0.34)}),
        offers=BASE.offers.values(),
        on=DAY,
    )
    found = dated.entry(ModelRef.parse("openai:gpt-4o-2024-08-06"))
    assert (found.quality, found.source) == (0.34, "configured")
    assert found.prices == BASE.entry(ModelRef.parse("openai:gpt-4o")).prices


def test_a_model_that_only_the_policy_names_is_added() -> None:
    said = ModelPolicy(window=4_096, price=PriceOverride(input=Decimal(1), output=Decimal(2)), quality=0.4)
    changed = with_policy(BASE.entries, Policy(models={"openai:in-house-1": said}), offers=BASE.offers.values(), on=DAY)
    found = changed.entry(changed.resolve("openai:in-house-1"))
    assert (found.source, found.window, found.quality) == ("configured", 4_096, 0.4)
    assert found.prices is not None
    assert found.prices.blended == Decimal("1.25")
    assert changed.unmatched == ()


def test_names_that_mean_nothing_are_told() -> None:
    policy = Policy(models={"nobody:x": ModelPolicy(), "no-such-model": ModelPolicy(quality=0.1)})
    changed = with_policy(BASE.entries, policy, offers=BASE.offers.values(), on=DAY)
    assert changed.unmatched == ("nobody:x", "no-such-model")
    assert changed.entries == BASE.entries


def test_without_offers_the_providers_are_those_of_the_entries() -> None:
    changed = with_policy(BASE.entries, Policy())
    assert list(changed.offers) == ["openai", "anthropic"]
    with pytest.raises(PerdureError):
        changed.resolve("openai:gpt-99")


def test_the_entries_that_came_in_are_as_they_were() -> None:
    before = BASE.entry(MINI)
    under(gpt_4o_mini=ModelPolicy(quality=0.01, enabled=True))
    assert BASE.entry(MINI) == before
