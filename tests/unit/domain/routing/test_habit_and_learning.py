"""What was there before: the conversation's model, what was measured, what people said, and a share of trying others."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.health import Measured
from contracts.models import ModelRef
from domain.catalog import Prices
from domain.routing import Situation, Sticky
from tests.unit.domain.routing.asking_for import names, reason, routed
from tests.unit.domain.routing.catalogs import NOW, SHELF, entry

A, B = ModelRef.parse("one:a"), ModelRef.parse("two:b")
CACHED = Prices(Decimal(1), Decimal(1), cache_read=Decimal("0.1"))


def _held(model: ModelRef = A, tokens: int = 0, seconds: float = 60) -> Situation:
    return Situation(NOW, sticky=Sticky(model, tokens, seconds))


def test_a_conversation_stays_with_its_model_while_the_difference_is_small() -> None:
    shelf = (entry("one:a", price="1.1", window=99_000), entry("two:b", price="1", window=99_000))
    assert names(routed(shelf=shelf))[0] == "two:b"
    stays = routed(shelf=shelf, situation=_held())
    assert names(stays)[0] == "one:a"
    assert reason(stays).startswith("the conversation stays with it: ")
    assert names(routed(shelf=(replace(shelf[0], quality=0.2), shelf[1]), situation=_held()))[0] == "two:b"


def test_a_cache_holds_a_conversation_further_and_its_tokens_count_at_its_price() -> None:
    shelf = (
        entry("one:a", prices=CACHED, quality=0.5, window=99_000),
        entry("two:b", price="0.4", quality=0.6, window=99_000),
    )
    assert names(routed(shelf=shelf, situation=_held(tokens=0)))[0] == "two:b"
    made = routed(shelf=shelf, situation=_held(tokens=1_000))
    assert names(made)[0] == "one:a"
    assert made.plan.candidates[0].price == Decimal("0.0006")
    assert "1,000 tokens of its prompt are cached" in reason(made)


def test_a_habit_ends_with_its_time_and_with_the_models_health() -> None:
    shelf = (entry("one:a", price="1.1"), entry("two:b", price="1"))
    assert names(routed(shelf=shelf, situation=_held(seconds=3_599)))[0] == "one:a"
    assert names(routed(shelf=shelf, situation=_held(seconds=3_600)))[0] == "two:b"
    never = {"routing_rules": {"affinity": {"minutes": 0}}}
    assert names(routed(shelf=shelf, policy=never, situation=_held(seconds=0)))[0] == "two:b"
    ill = replace(_held(), measured={A: Measured(breaker="open")})
    assert names(routed(shelf=shelf, situation=ill)) == ["two:b"]
    assert names(routed(shelf=shelf, situation=_held(ModelRef.parse("gone:x"))))[0] == "two:b"


def test_a_habit_never_costs_many_times_as_much() -> None:
    # The dear one's quality makes up for its price in the score, but not for the policy's multiple.
    shelf = (entry("one:a", price="4", quality=0.75), entry("two:b", price="1", quality=0.5))
    weights: dict[str, Any] = {"weights": {"cost": 0.5, "quality": 0.5}}
    assert names(routed(shelf=shelf, policy={"routing_rules": weights}, situation=_held()))[0] == "two:b"
    free = weights | {"max_price_multiple": None}
    assert names(routed(shelf=shelf, policy={"routing_rules": free}, situation=_held()))[0] == "one:a"


@pytest.mark.parametrize(
    ("learnt", "said"),
    [
        ({"measured": {B: Measured(error_rate=0.5, calls=50)}}, "-0.20"),
        ({"feedback": {B: -1.0}}, "-0.09"),
        ({"preference": {B: -1.0}}, "-0.15"),
        ({"preference": {A: 1.0}}, "+0.15"),
        ({"feedback": {A: 1.0}}, "+0.09"),
    ],
    ids=["errors", "feedback", "preference", "preferred", "praised"],
)
def test_what_was_learned_moves_the_order_within_its_bound(learnt: dict[str, Any], said: str) -> None:
    shelf = (entry("one:a", price="1.1"), entry("two:b", price="1"))
    situation = Situation(NOW, **learnt)
    moved = routed(shelf=shelf, situation=situation)
    assert names(moved)[0] == "one:a"
    told = [one.reason for one in moved.plan.candidates if "by what was learned" in one.reason]
    assert len(told) == 1
    assert said in told[0]
    unmoved = routed(shelf=shelf, situation=situation, policy={"routing_rules": {"learning": {"bound": 0}}})
    assert names(unmoved)[0] == "two:b"


def test_learning_never_outweighs_a_difference_beyond_twice_its_bound() -> None:
    shelf = (entry("one:a", price="1", quality=0.9), entry("two:b", price="1", quality=0.4))
    situation = Situation(NOW, preference={A: -1.0, B: 1.0}, feedback={A: -1.0, B: 1.0})
    assert names(routed(shelf=shelf, strategy="quality", situation=situation))[0] == "one:a"


def test_a_measured_pace_counts_as_it_is_trusted() -> None:
    shelf = (entry("one:a", speed=0.6), entry("two:b", speed=0.5))

    def first(calls: float) -> str:
        quick = Measured(first_token_p50=0.1, first_token_p95=0.2, tokens_per_second=400, calls=calls)
        return names(routed(shelf=shelf, strategy="performance", situation=Situation(NOW, measured={B: quick})))[0]

    assert (first(0.1), first(30)) == ("one:a", "two:b")


def test_a_seeded_share_tries_others() -> None:
    policy = {"routing_rules": {"strategy": "cost", "learning": {"exploration": 0.25}, "max_price_multiple": None}}

    def made(seed: int) -> Any:
        return routed(policy=policy, situation=Situation(NOW, seed=f"turn-{seed}"))

    tried = [seed for seed in range(400) if names(made(seed))[0] != "one:small"]
    assert 60 <= len(tried) <= 140
    assert reason(made(tried[0])).startswith("tried in order to learn: ")
    assert names(made(tried[0])) == names(made(tried[0]))
    assert len({names(made(seed))[0] for seed in tried}) > 1
    assert "one:small" in names(made(tried[0]))


def test_nobody_is_tried_by_default_nor_at_many_times_the_price() -> None:
    firsts = {names(routed(strategy="cost", situation=Situation(NOW, seed=str(seed))))[0] for seed in range(50)}
    assert firsts == {"one:small"}
    always = {"routing_rules": {"strategy": "cost", "learning": {"exploration": 1}, "max_price_multiple": 3}}
    tried = {names(routed(policy=always, situation=Situation(NOW, seed=str(seed))))[0] for seed in range(50)}
    assert tried == {"two:small"}
    assert SHELF[2].ref == ModelRef.parse("two:small")
