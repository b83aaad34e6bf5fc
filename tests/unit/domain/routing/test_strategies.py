"""Each strategy: who is first, and why, in words."""

from decimal import Decimal
from typing import Any

import pytest

from contracts.health import Measured
from contracts.models import ModelRef
from contracts.routing import RoutingContext, TaskType
from domain.routing import Classification, Situation
from domain.routing.difficulty import quality_asked
from tests.unit.domain.routing.asking_for import names, reason, refused, routed
from tests.unit.domain.routing.catalogs import NOW, SHELF

LOOSE = {"routing_rules": {"max_price_multiple": None, "max_candidates": 20}}


class Found:
    """What a classifier found."""

    def __init__(self, task: TaskType, difficulty: float, confidence: float) -> None:
        self.task, self.difficulty, self.confidence = task, difficulty, confidence


@pytest.mark.parametrize(
    ("context", "first", "why"),
    [
        ({"strategy": "cost"}, "one:small", "cheapest of 5 that fit: about $0.0003; quality 0.4"),
        ({"strategy": "quality"}, "one:large", "best of 5 that fit by quality: about $0.012; quality 0.9"),
        ({"strategy": "performance"}, "one:small", "quickest of 5 that fit: about 3.2 s; about $0.0003; quality 0.4"),
        ({"strategy": "balanced"}, "one:small", "best balance among 5 that fit: score 0.7055; about $0.0003; quality 0.4"),
        (
            {"strategy": "auto", "difficulty": 0.12},
            "two:small",
            "cheapest of 5 that fit above quality 0.42, which a request of difficulty 0.12 asks for: "
            "about $0.00038; quality 0.42",
        ),
        (
            {"strategy": "auto", "difficulty": 0.6, "task": "code"},
            "three:middle",
            "cheapest of 5 that fit above quality 0.68, which a code request of difficulty 0.60 asks for (being tagged code, it "
            "counts 0.05 better): about $0.0015; quality 0.65",
        ),
        (
            {"strategy": "auto", "difficulty": 0.9},
            "two:large",
            "cheapest of 5 that fit above quality 0.84, which a request of difficulty 0.90 asks for: about $0.009; quality 0.85",
        ),
        (
            {"strategy": "auto", "difficulty": 1, "cost_sensitivity": "low"},
            "one:large",
            "nearest of 5 that fit to quality 1.00, which a request of difficulty 1.00 asks for and none has: "
            "about $0.012; quality 0.9",
        ),
        (
            {"strategy": "auto"},
            "three:middle",
            "cheapest of 5 that fit above quality 0.62, which a request of unknown difficulty asks for: "
            "about $0.0015; quality 0.65",
        ),
        ({"strategy": "round_robin"}, "one:large", "its turn among 5: about $0.012; quality 0.9"),
        ({"strategy": "least_busy"}, "one:small", "least busy of 5: 0 calls in flight; about $0.0003; quality 0.4"),
    ],
    ids=[
        "cost", "quality", "performance", "balanced", "auto easy", "auto tagged", "auto hard", "auto beyond", "auto unknown",
        "round robin", "least busy",
    ],
)  # fmt: skip
def test_who_is_first_and_why(context: dict[str, Any], first: str, why: str) -> None:
    made = routed(policy=LOOSE, situation=Situation(NOW, rotation=1), **context)
    assert (names(made)[0], reason(made)) == (first, why)
    assert made.plan.strategy == context["strategy"]
    assert made.plan.policy_version == "v7"


def test_the_only_one_that_fits_says_so() -> None:
    made = routed(tags=["code"])
    assert reason(made) == "the only one that fits: about $0.0015; quality 0.65"
    assert made.plan.confidence == 1


def test_balanced_is_60_to_40_and_weights_move_it() -> None:
    made = routed(policy=LOOSE)
    price_half = 1 / (1 + 0.2 / 2)
    assert made.plan.candidates[0].score == pytest.approx(0.6 * price_half + 0.4 * 0.4, abs=1e-4)
    heavy = {"routing_rules": LOOSE["routing_rules"] | {"weights": {"cost": 0.1, "quality": 0.9}}}
    assert names(routed(policy=heavy))[0] == "one:large"
    even = {"routing_rules": LOOSE["routing_rules"] | {"weights": {"cost": 0.5, "quality": 0.5}}}
    assert names(routed(policy=even))[0] == "three:middle"
    assert names(routed(policy=even, cost_sensitivity="high"))[0] == "one:small"
    assert names(routed(policy=even, latency="fast"))[0] == "one:small"
    assert names(routed(policy=even, latency="quality", cost_sensitivity="low"))[0] == "one:large"


def test_turns_are_taken() -> None:
    firsts = [
        names(routed(strategy="round_robin", policy=LOOSE, situation=Situation(NOW, rotation=n)))[0] for n in range(10)
    ]
    shelf = [str(one.ref) for one in SHELF]
    assert firsts == shelf + shelf
    pool = {"routing_rules": {"fallback_chain": ["one:small", "two:small"], "max_price_multiple": None}}
    firsts = [
        names(routed(strategy="round_robin", policy=pool, situation=Situation(NOW, rotation=n)))[0] for n in range(4)
    ]
    assert firsts == ["one:small", "two:small"] * 2


def test_the_least_busy_first() -> None:
    busy = Situation(
        NOW, measured={one.ref: Measured(in_flight=n) for one, n in zip(SHELF, (4, 0, 3, 2, 1), strict=True)}
    )
    made = routed(strategy="least_busy", policy=LOOSE, situation=busy)
    # one:large is idle; the best of each further provider follows before a second one of a provider that was asked.
    assert names(made) == ["one:large", "three:middle", "two:large", "two:small", "one:small"]


def test_what_is_asked_of_quality_rises_with_the_difficulty() -> None:
    plain = RoutingContext()
    asked = [quality_asked(step / 10, plain) for step in range(11)]
    assert asked == sorted(asked)
    assert (asked[0], asked[-1]) == (pytest.approx(0.35), pytest.approx(0.9))
    assert quality_asked(0.5, RoutingContext(cost_sensitivity="high")) == pytest.approx(0.525)
    assert quality_asked(0.5, RoutingContext(latency="quality")) == pytest.approx(0.725)


def test_the_requests_own_words_come_before_the_classifiers() -> None:
    found: Classification = Found(TaskType.CODE, 0.9, 0.8)
    believed = routed(strategy="auto", situation=Situation(NOW, classified=found)).plan
    assert (believed.task, believed.difficulty) == (TaskType.CODE, pytest.approx(0.8 * 0.9 + 0.2 * 0.5))
    said = routed(strategy="auto", task="simple", difficulty=0.1, situation=Situation(NOW, classified=found)).plan
    assert (said.task, said.difficulty) == (TaskType.SIMPLE, 0.1)
    by_task = routed(strategy="auto", task="translation").plan
    assert (by_task.task, by_task.difficulty) == (TaskType.TRANSLATION, 0.35)
    assert routed(strategy="auto").plan.difficulty is None


def test_confidence_grows_with_the_margin_and_falls_with_the_classifiers_doubt() -> None:
    clear, close = routed(strategy="quality", models=["one:small", "one:large"]), routed(strategy="quality")
    assert clear.plan.confidence == pytest.approx(0.5 / 0.55, abs=1e-4)
    assert close.plan.confidence == pytest.approx(0.05 / 0.10, abs=1e-4)
    sure, unsure = (
        routed(strategy="auto", situation=Situation(NOW, classified=Found(TaskType.CODE, 0.5, one))).plan.confidence
        for one in (1.0, 0.5)
    )
    assert sure is not None
    assert unsure == pytest.approx(sure / 2, abs=1e-3)


@pytest.mark.parametrize("suffix", ["cost", "quality"])
def test_the_policys_default_names_a_strategy(suffix: str) -> None:
    made = routed(policy={"routing_rules": {"default_model": f"auto:{suffix}"}})
    assert made.plan.strategy == suffix
    assert (
        routed(policy={"routing_rules": {"default_model": f"auto:{suffix}"}}, strategy="balanced").plan.strategy
        == "balanced"
    )


def test_manual_needs_names() -> None:
    error = refused(strategy="manual")
    assert (error.field, "none is" in error.message) == ("routing.strategy", True)


def test_prices_are_exact() -> None:
    assert routed(strategy="cost").plan.candidates[0].price == Decimal("0.0003")
    assert routed(strategy="cost").plan.candidates[0].model == ModelRef.parse("one:small")
