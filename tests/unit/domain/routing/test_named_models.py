"""Models that somebody named: the caller, or the policy as its default."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.errors import ErrorKind
from contracts.models import ModelRef
from contracts.policies import LimitPolicy, Policy
from contracts.routing import Capability
from contracts.turns import Limits
from domain.catalog import with_policy
from domain.routing import Asked, Needs, prepare, route
from domain.routing.limits import limits_at, limits_in_force
from tests.unit.domain.routing.asking_for import names, reason, refused, routed
from tests.unit.domain.routing.catalogs import NOTHING_KNOWN, SHELF, entry


def test_the_callers_order_is_kept_whatever_it_costs() -> None:
    made = routed(models=["one:small", "two:large", "one:small", "one:large"])
    assert names(made) == ["one:small", "two:large", "one:large"]
    assert [reason(made, at).partition(":")[0] for at in range(3)] == [
        "asked for",
        "fallback 1, in the order asked for",
        "fallback 2, in the order asked for",
    ]
    assert (made.plan.strategy, made.plan.confidence) == ("manual", 1)


def test_what_cannot_serve_is_dropped_and_said() -> None:
    made = routed(models=["one:small", "one:large", "two:large"], needs=Needs(50_000), exclude=["two"])
    assert names(made) == ["one:large"]
    assert reason(made).endswith(
        "; one:small was left out (window: a window of 50,000 tokens and the answer's room)"
        "; two:large was left out (provider: none of the excluded two)"
    )


def test_named_models_are_ranked_where_a_strategy_is_asked_for() -> None:
    made = routed(models=["one:large", "three:middle", "one:small"], strategy="cost")
    assert names(made) == ["one:small", "three:middle", "one:large"]
    assert reason(made).startswith("cheapest of 3 that fit: ")
    assert reason(made, 1).startswith("fallback 1, asked for: ")


def test_the_policys_chain_follows_a_single_name() -> None:
    chained = {"routing_rules": {"fallback_chain": ["two:small", "two:large"]}}
    made = routed(models=["one:small"], policy=chained)
    assert names(made) == ["one:small", "two:small"]
    assert reason(made, 1).startswith("fallback 1, by the policy's chain: ")
    assert made.plan.alternatives[0].reason.startswith("fits, but is no fallback: $0.009 is above 3 times")
    assert names(routed(models=["one:small", "one:large"], policy=chained)) == ["one:small", "one:large"]


def test_too_many_names_are_cut_and_said() -> None:
    made = routed(models=["one:small", "two:small"], policy={"routing_rules": {"max_candidates": 1}})
    assert names(made) == ["one:small"]
    assert made.plan.alternatives[0].reason == "fits, but the policy's plans hold at most 1 candidates"


def test_the_policys_default_model() -> None:
    default: dict[str, Any] = {"routing_rules": {"default_model": "three:middle", "fallback_chain": ["two:large"]}}
    made = routed(policy=default)
    assert names(made) == ["three:middle"]
    assert reason(made).startswith("the policy's default model: ")
    assert names(routed(policy=default, strategy="quality"))[0] == "one:large"
    unknown = refused(policy={"routing_rules": {"default_model": "nobody"}})
    assert unknown.kind is ErrorKind.NOT_FOUND
    assert "default model 'nobody' is not known" in unknown.message


def test_a_model_that_is_switched_off_answers_nobody() -> None:
    policy = Policy.model_validate({"models": {"one:small": {"enabled": False}}})
    for known in (SHELF, with_policy(SHELF, policy)):
        with pytest.raises(Exception, match="The policy switches off one:small"):
            route(prepare(known, policy), Asked(models=(ModelRef.parse("one:small"),)), NOTHING_KNOWN)


def test_what_is_only_guessed_of_a_model_does_not_remove_it_unless_policy_says_so() -> None:
    guessed = replace(entry("open:mystery"), guessed=True)
    seeing = Needs(100, capabilities=frozenset({Capability.IMAGES}))
    assert names(routed(shelf=[guessed], models=["open:mystery"], needs=seeing)) == ["open:mystery"]
    denied = {"models": {"open:mystery": {"capabilities": {"images": False}}}}
    error = refused(shelf=[guessed], models=["open:mystery"], needs=seeing, policy=denied)
    assert error.detail["filter"] == "capability"
    known = replace(guessed, guessed=False)
    assert refused(shelf=[known], models=["open:mystery"], needs=seeing).message == (
        "No model can answer: the filter 'capability' left none of the one model that it was asked about. "
        "Wanted: all of images. Nearest is open:mystery, which lacks images."
    )


def test_the_policys_limits_stand_where_the_request_says_none() -> None:
    policy = LimitPolicy(idle=7, step=100, attempts=9)
    asked = Limits(step=50)
    found = limits_in_force(asked, policy)
    assert (found.idle, found.step, found.first_token) == (7, 50, Limits().first_token)
    made = routed(policy={"limits": {"idle": 7, "attempts": 9}, "switches": {"fallback_on_refusal": True}}).plan
    assert (made.limits.idle, made.attempts, made.fallback_on_refusal) == (7, 9, True)


def test_a_provider_says_how_long_its_models_are_silent_where_nobody_else_does() -> None:
    assert limits_at(None, Limits()) == Limits()
    assert limits_at(120, Limits()) == Limits(first_token=120)
    assert limits_at(120, Limits(first_token=3)) == Limits(first_token=3)
