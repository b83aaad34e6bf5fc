"""Who follows the first choice, and who does not."""

from typing import Any

import pytest

from tests.unit.domain.routing.asking_for import names, reason, routed
from tests.unit.domain.routing.catalogs import SHELF, entry


def _rules(**rules: Any) -> dict[str, Any]:
    return {"routing_rules": {"strategy": "quality", "max_price_multiple": None} | rules}


def test_without_a_chain_another_provider_follows_first() -> None:
    made = routed(policy=_rules())
    assert names(made) == ["one:large", "two:large", "three:middle", "two:small"]
    assert reason(made, 1) == "fallback 1, the next best: about $0.009; quality 0.85"
    assert [str(one.model) for one in made.plan.alternatives] == ["one:small"]
    assert made.plan.alternatives[0].reason.startswith("fits as well: ")
    assert made.plan.alternatives[0].index == 4


def test_the_models_own_chain_comes_before_the_common_one() -> None:
    common = _rules(fallback_chain=["two:small", "three:middle"])
    assert names(routed(policy=common)) == ["one:large", "two:small", "three:middle"]
    own = _rules(fallback_chain=["two:small"], fallback_chains={"one:large": ["three:middle", "one:large", "nobody"]})
    made = routed(policy=own)
    assert names(made) == ["one:large", "three:middle"]
    assert reason(made, 1).startswith("fallback 1, by the policy's chain: ")
    assert names(routed(policy=own, exclude=["one:large"])) == ["two:large", "two:small"]


def test_a_chain_names_models_by_alias_and_keeps_to_the_filters() -> None:
    shelf = (*SHELF, entry("four:vision-2", quality=0.3, window=200_000, aliases=("eyes",)))
    assert names(routed(shelf=shelf, policy=_rules(fallback_chain=["eyes"]))) == ["one:large", "four:vision-2"]
    assert names(routed(shelf=shelf, policy=_rules(fallback_chain=["eyes"]), quality_floor=0.4)) == ["one:large"]


def test_a_chain_may_name_what_no_list_has() -> None:
    made = routed(policy=_rules(fallback_chain=["two:house-model"]))
    assert names(made) == ["one:large", "two:house-model"]
    assert "price unknown" in reason(made, 1)


def test_a_chain_that_loops_ends() -> None:
    loop = _rules(fallback_chains={"one:large": ["two:large"], "two:large": ["one:large"]})
    assert names(routed(policy=loop)) == ["one:large", "two:large"]


def test_a_dearer_fallback_needs_the_policys_consent() -> None:
    strict = _rules(strategy="cost", max_price_multiple=3)
    made = routed(policy=strict)
    assert names(made) == ["one:small", "two:small"]
    assert made.plan.alternatives[0].reason == (
        "fits, but is no fallback (the next best): $0.0015 is above 3 times the first choice's $0.0003"
    )
    assert names(routed(policy=strict | {"routing_rules": strict["routing_rules"] | {"max_price_multiple": 5}})) == [
        "one:small",
        "two:small",
        "three:middle",
    ]
    chained = strict["routing_rules"] | {"fallback_chain": ["two:large", "three:middle", "two:small"]}
    assert names(routed(policy={"routing_rules": chained})) == ["one:small", "two:small"]


def test_an_unknown_price_follows_only_by_name() -> None:
    shelf = (entry("one:known"), entry("two:unknown", price=None))
    strict = _rules(strategy="cost", max_price_multiple=3)
    made = routed(shelf=shelf, policy=strict)
    assert names(made) == ["one:known"]
    assert made.plan.alternatives[0].reason == "fits, but is no fallback (the next best): its price is unknown"
    named = {"routing_rules": strict["routing_rules"] | {"fallback_chain": ["two:unknown"]}}
    assert names(routed(shelf=shelf, policy=named)) == ["one:known", "two:unknown"]


@pytest.mark.parametrize("most", [1, 2, 4])
def test_a_plan_holds_so_many(most: int) -> None:
    assert len(names(routed(policy=_rules(max_candidates=most)))) == most


def test_preferences_for_a_task_come_first() -> None:
    rules = _rules(strategy="cost", task_preferences={"code": ["three:middle", "nobody", "one:large"]})
    made = routed(policy=rules, task="code")
    assert names(made) == ["three:middle", "one:large", "one:small", "two:small"]
    assert reason(made).startswith("preferred for code work by policy: ")
    assert reason(made, 1).startswith("fallback 1, preferred for the task by policy: ")
    assert names(routed(policy=rules, task="creative"))[0] == "one:small"
    assert names(routed(policy=rules, task="code", exclude=["three"]))[0] == "one:large"
