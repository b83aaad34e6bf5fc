"""Each filter: whom it removes, and what is said where it leaves nobody."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.errors import ErrorKind
from contracts.health import Measured
from contracts.models import ModelRef
from contracts.policies import Policy
from contracts.routing import Capability
from domain.routing import Asked, Needs, Situation, prepare, route
from domain.routing.screening import Filter
from tests.unit.domain.routing.asking_for import everybody, names, reason, refused, routed
from tests.unit.domain.routing.catalogs import NOW, SHELF, entry

ALL = {str(one.ref) for one in SHELF}
LOOSE = {"routing_rules": {"max_price_multiple": None, "max_candidates": 20}}
TIERS = {"free": {"models": ["*:nothing", "one:*"]}, "coders": {"tags": ["code"]}, "thrifty": {"max_price": "0.0004"}}
SHORT = Needs(1_000, answer_room=1_000)
OFF = {"one:large": {"enabled": False}, "two:small": {"enabled": False}}


@pytest.mark.parametrize(
    ("name", "asked", "left"),
    [
        ("enabled", {"policy": LOOSE | {"models": OFF}}, ALL - {"one:large", "two:small"}),
        ("access", {"policy": LOOSE | {"user_tiers": TIERS}, "user_tier": "free"}, {"one:small", "one:large"}),
        ("access", {"policy": LOOSE | {"user_tiers": TIERS}, "user_tier": "coders"}, {"three:middle"}),
        ("access", {"policy": LOOSE | {"user_tiers": TIERS}, "user_tier": "thrifty"}, {"one:small", "two:small"}),
        ("provider", {"providers": ["two", "three"]}, {"two:small", "two:large", "three:middle"}),
        ("provider", {"exclude": ["two", "one:large"]}, {"one:small", "three:middle"}),
        ("provider", {"needs": Needs(10, tool_owners=frozenset({"one"}))}, {"one:small", "one:large"}),
        ("capability", {"needs": Needs(10, capabilities=frozenset({Capability.IMAGES}))}, {"two:large"}),
        ("capability", {"require": ["images"]}, {"two:large"}),
        ("window", {"needs": Needs(100_000)}, {"one:large", "two:large", "three:middle"}),
        ("window", {"needs": Needs(10_000, answer_room=7_000)}, ALL - {"one:small", "two:small"}),
        ("region", {"regions": ["eu", "mars"]}, {"one:large"}),
        ("privacy", {"shelf": (*SHELF, entry("home:own", privacy=frozenset({"local"}))), "privacy": ["local"]}, {"home:own"}),
        ("tags", {"tags": ["code"]}, {"three:middle"}),
        ("quality", {"quality_floor": 0.85}, {"one:large", "two:large"}),
        ("price", {"max_price": "0.0004"}, {"one:small", "two:small"}),
        ("budget", {"needs": SHORT, "situation": Situation(NOW, budget_left=Decimal("0.0005"))}, {"one:small", "two:small"}),
    ],
)  # fmt: skip
def test_a_filter_removes_whom_it_should(name: Filter, asked: dict[str, Any], left: set[str]) -> None:
    made = routed(**({"policy": LOOSE} | asked))
    assert everybody(made) == left
    shelf = {str(one.ref) for one in asked.get("shelf", SHELF)}
    assert {str(ref) for ref in made.screening.removed(name)} == shelf - left
    assert [step.filter for step in made.screening.steps] == [name]


def test_a_limit_that_is_met_exactly_is_met() -> None:
    exactly = entry("one:exact", price="1", quality=0.5, window=8_000, max_output=500)
    made = routed(
        shelf=[exactly],
        needs=Needs(7_500, answer_room=500),
        quality_floor=0.5,
        max_price="0.008",
        situation=Situation(NOW, budget_left=Decimal("0.008")),
    )
    assert names(made) == ["one:exact"]
    assert made.plan.candidates[0].price == Decimal("0.008")


def test_what_is_not_known_of_a_model() -> None:
    vague = entry("one:vague", price=None)
    assert names(routed(shelf=[vague], needs=Needs(20_000, answer_room=9_000))) == ["one:vague"]
    assert refused(shelf=[vague], max_price="1").detail["filter"] == "price"
    assert refused(shelf=[vague], situation=Situation(NOW, budget_left=Decimal(1))).kind is ErrorKind.BUDGET_EXCEEDED
    assert "No window is known of any" in refused(shelf=[vague], needs=Needs(30_000)).message
    assert names(routed(shelf=[vague], models=["one:vague"], needs=Needs(500_000))) == ["one:vague"]


def test_a_conversation_that_no_window_takes_may_be_cut() -> None:
    long = Needs(3_000_000, least_input_tokens=150_000)
    made = routed(needs=long, policy=LOOSE)
    assert everybody(made) == {"one:large", "two:large"}
    assert "a window of 150,000 tokens" in made.screening.steps[0].wanted
    assert names(routed(needs=long, models=["one:large"])) == ["one:large"]
    whole = routed(needs=replace(long, input_tokens=500_000), policy=LOOSE)
    assert everybody(whole) == {"two:large"}, "whoever takes it whole goes first"


def test_a_model_that_cannot_be_reached_stands_behind() -> None:
    away = Situation(
        NOW,
        measured={
            ModelRef.parse("one:small"): Measured(breaker="open"),
            ModelRef.parse("two:small"): Measured(breaker="half_open"),
            ModelRef.parse("three:middle"): Measured(limited_until=NOW.replace(hour=13)),
            ModelRef.parse("two:large"): Measured(limited_until=NOW.replace(hour=11)),
        },
    )
    assert names(routed(strategy="cost", situation=away, policy=LOOSE)) == ["two:large", "one:large"]
    named = routed(models=["one:small", "two:large"], situation=away)
    assert names(named) == ["two:large", "one:small"]
    assert reason(named, 1).endswith("it cannot be reached now")
    assert names(routed(strategy="cost", providers=["three"], situation=away)) == ["three:middle"]


@pytest.mark.parametrize(
    ("asked", "kind", "field", "said"),
    [
        (
            {"policy": {"models": {name: {"enabled": False} for name in ALL}}},
            ErrorKind.NOT_FOUND,
            "model",
            "The policy switches off one:large, one:small, three:middle, two:large, two:small.",
        ),
        (
            {"policy": {"user_tiers": {"free": {"models": ["four:*"], "tags": ["cheap"]}}}, "user_tier": "free"},
            ErrorKind.ACCESS_DENIED,
            "routing.user_tier",
            "The tier allows four:* with one of the tags cheap.",
        ),
        (
            {"policy": {"user_tiers": {"free": {"max_price": "0.0000001"}}}, "user_tier": "free"},
            ErrorKind.ACCESS_DENIED,
            "routing.user_tier",
            "The tier allows at most $0.0000001. The lowest likely price is $0.0003, at one:small.",
        ),
        ({"providers": ["four"]}, ErrorKind.INVALID_REQUEST, "routing.providers", "The providers left are one, three, two."),
        (
            {"require": ["images", "audio"]},
            ErrorKind.INVALID_REQUEST,
            "routing.require",
            "Nearest is two:large, which lacks audio.",
        ),
        (
            {"needs": Needs(2_000_000)},
            ErrorKind.CONTEXT_OVERFLOW,
            "messages",
            "The largest window is 1,000,000 tokens, at two:large.",
        ),
        ({"regions": ["mars"]}, ErrorKind.INVALID_REQUEST, "routing.regions", "The regions left are eu."),
        ({"privacy": ["local"]}, ErrorKind.INVALID_REQUEST, "routing.privacy", "Nearest is one:small, which lacks local."),
        ({"tags": ["code", "new"]}, ErrorKind.INVALID_REQUEST, "routing.tags", "Nearest is three:middle, which lacks new."),
        (
            {"quality_floor": 0.95},
            ErrorKind.INVALID_REQUEST,
            "routing.quality_floor",
            "The highest quality is 0.9, at one:large.",
        ),
        (
            {"max_price": "0.00001"},
            ErrorKind.INVALID_REQUEST,
            "routing.max_price",
            "The lowest likely price is $0.0003, at one:small.",
        ),
        (
            {"needs": Needs(1_000, answer_room=1_000), "situation": Situation(NOW, budget_left=Decimal("0.0001"))},
            ErrorKind.BUDGET_EXCEEDED,
            None,
            "The lowest worst price is $0.0004, at one:small.",
        ),
    ],
    ids=["enabled", "tier", "tier price", "provider", "capability", "window", "region", "privacy", "tags", "quality", "price",
         "budget"],
)  # fmt: skip
def test_who_left_nobody_and_what_would_be_nearest(
    asked: dict[str, Any], kind: ErrorKind, field: str | None, said: str
) -> None:
    error = refused(**asked)
    assert error.kind is kind
    assert error.field == field
    assert error.detail["nearest"] == said
    assert error.message.startswith(
        f"No model can answer: the filter {error.detail['filter']!r} left none of the 5 models"
    )
    assert error.message.endswith(said)


def test_tools_of_a_wire_run_wherever_it_is_spoken() -> None:
    asked = Asked(Needs(10, tool_owners=frozenset({"openai"})), models=tuple(one.ref for one in SHELF))
    made = route(prepare(SHELF, Policy(), wires={"one": "openai", "two": "anthropic"}), asked, Situation(NOW))
    assert names(made) == ["one:small", "one:large"]
    assert "which are asked for" in reason(made)


def test_the_last_of_contradictory_filters_is_named_with_who_came_to_it() -> None:
    error = refused(tags=["code"], quality_floor=0.9)
    assert error.message == (
        "No model can answer: the filter 'quality' left none of the one model that it was asked about. "
        "Wanted: a quality of 0.9. The highest quality is 0.65, at three:middle."
    )


def test_an_answer_that_nobody_can_give_is_told_beside_the_window() -> None:
    short = [replace(one, max_output=4_000) for one in SHELF]
    assert (
        "The longest answer is 4,000 tokens, at one:small."
        in refused(shelf=short, needs=Needs(1, answer_room=5_000)).message
    )


def test_an_unknown_tier_and_an_empty_house_are_refused_by_name() -> None:
    unknown = refused(policy={"user_tiers": {"free": {}, "pro": {}}}, user_tier="gold")
    assert (unknown.kind, unknown.field) == (ErrorKind.INVALID_REQUEST, "routing.user_tier")
    assert unknown.message == "The policy knows no user tier 'gold'; it knows free, pro."
    nobody = refused(shelf=[])
    assert (nobody.kind, nobody.field) == (ErrorKind.NOT_FOUND, "model")
    assert "configure a provider" in nobody.message


@pytest.mark.parametrize(
    "facts", [{"deprecated": True}, {"tags": frozenset({"embedding"})}, {"tags": frozenset({"fault"})}]
)
def test_routing_chooses_none_by_itself_that_is_not_for_it(facts: dict[str, Any]) -> None:
    cheap = replace(entry("cheap:one", price="0.01", window=200_000), **facts)
    assert "cheap:one" not in everybody(routed(shelf=(*SHELF, cheap), strategy="cost", policy=LOOSE))
    assert names(routed(shelf=(*SHELF, cheap), models=["cheap:one"])) == ["cheap:one"]
    chained = {"routing_rules": {"fallback_chain": ["cheap:one"]}}
    assert "cheap:one" in names(routed(shelf=(*SHELF, cheap), strategy="quality", policy=chained))


def test_simulated_models_answer_by_themselves_only_among_themselves() -> None:
    simulated = entry("sim:fast", price="0.01", simulated=True, window=200_000)
    assert "sim:fast" not in everybody(routed(shelf=(*SHELF, simulated), strategy="cost", policy=LOOSE))
    assert names(routed(shelf=[simulated])) == ["sim:fast"]
