"""What holds for any catalog, policy, health and request."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts.activities import FailureDetail
from contracts.errors import ErrorKind, PerdureError
from contracts.health import Measured
from contracts.models import ModelRef
from contracts.policies import Policy
from contracts.routing import Capability, RoutingContext, Strategy
from contracts.turns import RoutePlan
from domain.catalog import ModelEntry, Prices, with_policy
from domain.routing import Asked, Needs, Routed, Situation, prepare, route
from domain.routing.latency import Paces, usual_pace
from domain.routing.learning import Observed, learned
from domain.routing.prices import likely_price, worst_price
from tests.unit.domain.routing.catalogs import (
    NOW,
    changed,
    entries,
    entry,
    measurements,
    policies,
    requests,
    situations,
)
from workflows.fallback import Ask, Exhausted, next_ask

patient = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no finding."""


def breaches(model: ModelEntry, policy: Policy, asked: Asked, situation: Situation) -> list[str]:
    """The filters that a model does not pass, each asked in the plainest way."""
    context, needs, ref = asked.context, asked.needs, str(model.ref)
    cached = situation.sticky.cached_tokens if situation.sticky and situation.sticky.model == model.ref else 0
    likely, worst = likely_price(model, needs, cached_tokens=cached), worst_price(model, needs)
    tier = policy.user_tiers.get(context.user_tier or "")
    found = {
        "enabled": ref in policy.models and not policy.models[ref].enabled,
        "provider": bool(context.providers and model.ref.provider not in context.providers)
        or bool(needs.tool_owners and model.ref.provider not in needs.tool_owners)
        or ref in context.exclude
        or model.ref.provider in context.exclude,
        "capability": not (needs.capabilities | context.require) <= model.capabilities,
        "window": not window_takes(model, needs, named=named_by_somebody(policy, asked)),
        "region": bool(context.regions) and not context.regions & model.regions,
        "privacy": not context.privacy <= model.privacy,
        "tags": not context.tags <= model.tags,
        "quality": context.quality_floor is not None and model.quality < context.quality_floor,
        "price": context.max_price is not None and (likely is None or likely > context.max_price),
        "budget": situation.budget_left is not None and (worst is None or worst > situation.budget_left),
    }
    if tier is not None:
        named = not tier.models or any(
            ref.startswith(one[:-1]) or model.ref.model.startswith(one[:-1])
            if one.endswith("*")
            else one in (ref, model.ref.model)
            for one in tier.models
        )
        tagged = not tier.tags or bool(set(tier.tags) & model.tags)
        dear = tier.max_price is not None and (likely is None or likely > tier.max_price)
        found["access"] = not named or not tagged or dear
    return [name for name, breached in found.items() if breached]


def named_by_somebody(policy: Policy, asked: Asked) -> bool:
    by_policy = policy.routing_rules.default_model != "auto" and asked.context.strategy in (None, "manual")
    return bool(asked.models) or by_policy


def window_takes(model: ModelEntry, needs: Needs, *, named: bool) -> bool:
    if needs.answer_room is not None and model.max_output is not None and model.max_output < needs.answer_room:
        return False
    if model.window is None and named:
        return True
    window = model.window or 32_768
    return needs.input_tokens + (needs.answer_room or min(4096, window // 4)) <= window


def reached(situation: Situation, ref: ModelRef) -> bool:
    measured = situation.measured.get(ref, Measured())
    return measured.breaker == "closed" and not (measured.limited_until and measured.limited_until > NOW)


def known_entries(catalog: tuple[ModelEntry, ...], asked: Asked) -> Mapping[ModelRef, ModelEntry]:
    """The catalog with the models that the caller named beside it."""
    plain = with_policy(catalog, Policy(), allow_unlisted=True)
    unlisted = {ref: replace(plain.entry(ref), capabilities=frozenset(Capability)) for ref in asked.models}
    return unlisted | {one.ref: one for one in catalog}


@patient
@given(catalog=entries(), policy=policies, asked=requests, situation=situations)
def test_a_plan_never_violates_a_filter(
    catalog: tuple[ModelEntry, ...], policy: Policy, asked: Asked, situation: Situation
) -> None:
    known = known_entries(catalog, asked)
    try:
        made = route(prepare(catalog, policy), asked, situation).plan
    except PerdureError as error:
        refused_rightly(error, known, policy, asked, situation)
        return
    assert made.candidates
    for one in (*made.candidates, *made.alternatives):
        if one.model in known:
            assert breaches(known[one.model], policy, asked, situation) == []
    refs = [one.model for one in made.candidates]
    assert len(set(refs)) == len(refs)
    assert len(refs) <= policy.routing_rules.max_candidates
    assert [one.index for one in made.candidates] == list(range(len(refs)))
    assert not {one.model for one in made.alternatives} & set(refs)
    away = [not reached(situation, ref) for ref in refs]
    assert away == sorted(away), "who cannot be reached stands behind all who can"
    if not named_by_somebody(policy, asked):
        assert len(set(away)) == 1, "and is not asked at all while another fits"


def refused_rightly(
    error: PerdureError, known: Mapping[ModelRef, ModelEntry], policy: Policy, asked: Asked, situation: Situation
) -> None:
    """Nobody that could be named passes every filter, and the message says which filter left none."""
    tier = asked.context.user_tier
    if tier is not None and policy.user_tiers and tier not in policy.user_tiers:
        assert error.kind is ErrorKind.INVALID_REQUEST
        assert error.field == "routing.user_tier"
        return
    if error.field in ("routing.strategy", "model") and "filter" not in error.detail:
        return
    name = error.detail["filter"]
    assert repr(name) in error.message
    assert error.detail["nearest"] in error.message
    asked_of = [known[ref] for ref in asked.models] or [
        one for one in known.values() if not one.deprecated and "embedding" not in one.tags and not one.simulated
    ]
    if not asked.models and named_by_somebody(policy, asked):
        return
    assert all(breaches(one, policy, asked, situation) for one in asked_of)


@patient
@given(catalog=entries(), policy=policies, asked=requests, situation=situations)
def test_the_same_arguments_give_the_same_plan(
    catalog: tuple[ModelEntry, ...], policy: Policy, asked: Asked, situation: Situation
) -> None:
    def attempt() -> RoutePlan | str:
        try:
            return route(prepare(catalog, policy), asked, situation).plan
        except PerdureError as error:
            return error.message

    assert attempt() == attempt()


@patient
@given(catalog=entries(), policy=policies, asked=requests, situation=situations)
def test_scores_stay_within_0_and_1_and_learning_within_its_bound(
    catalog: tuple[ModelEntry, ...], policy: Policy, asked: Asked, situation: Situation
) -> None:
    bound = policy.routing_rules.learning.bound
    refs = list(situation.measured)
    usual = usual_pace(0.5)
    shifts = learned(
        Observed.of({i: situation.measured[ref] for i, ref in enumerate(refs)}, len(refs)),
        usual=Paces(np.full(len(refs), usual.first_token), np.full(len(refs), usual.per_token)),
        answer_tokens=500,
        speed_weight=1.0,
        feedback=np.array([situation.feedback.get(ref, 0.0) for ref in refs]),
        preference=np.array([situation.preference.get(ref, 0.0) for ref in refs]),
        bound=bound,
    )
    assert all(-bound <= shift <= bound for shift in shifts.tolist())
    try:
        made = route(prepare(catalog, policy), asked, situation).plan
    except PerdureError:
        return
    for one in (*made.candidates, *made.alternatives):
        assert one.score is not None
        assert 0 <= one.score <= 1
    assert made.confidence is not None
    assert 0 <= made.confidence <= 1


STRATEGIES: tuple[Strategy, ...] = ("auto", "balanced", "cost", "performance", "quality", "least_busy")


def score_of(made: Routed, ref: ModelRef) -> float:
    (score,) = (one.score for one in (*made.plan.candidates, *made.plan.alternatives) if one.model == ref)
    assert score is not None
    return score


def place_of(made: Routed, ref: ModelRef) -> int:
    return [one.model for one in made.plan.candidates].index(ref)


RIVALS = tuple(
    entry(f"p{i}:m", price=str(price), quality=0.2 * i, speed=0.2 * i, window=1_000_000)
    for i, price in enumerate((1, 3, 9, 27))
)
LOOSE = Policy.model_validate({"routing_rules": {"max_price_multiple": None, "max_candidates": 20}})


@patient
@given(
    strategy=st.sampled_from(STRATEGIES),
    at=st.integers(0, 3),
    price=st.decimals("0", "100", places=4),
    dearer=st.decimals("0", "100", places=4),
    tokens=st.integers(0, 50_000),
    measured=measurements,
)
def test_a_higher_price_never_raises_a_score(
    strategy: Strategy, at: int, price: Decimal, dearer: Decimal, tokens: int, measured: Measured
) -> None:
    asked = Asked(Needs(input_tokens=tokens), RoutingContext(strategy=strategy))
    ref = RIVALS[at].ref
    situation = Situation(NOW, measured={ref: replace(measured, breaker="closed", limited_until=None)})

    def priced(usd: Decimal) -> Routed:
        return route(prepare(changed(RIVALS, at, prices=Prices(input=usd, output=usd)), LOOSE), asked, situation)

    before, after = priced(price), priced(price + dearer)
    assert score_of(after, ref) <= score_of(before, ref)
    if strategy in ("cost", "balanced", "auto"):
        # By capability the second of a provider comes later; here everybody is a provider of their own.
        assert place_of(after, ref) >= place_of(before, ref)


@patient
@given(
    strategy=st.sampled_from(STRATEGIES),
    latency=st.sampled_from(["fast", "balanced"]),
    at=st.integers(0, 3),
    first=st.floats(0, 30),
    later=st.floats(0, 30),
    rate=st.floats(1, 300),
    calls=st.floats(0, 500),
    error_rate=st.floats(0, 1),
)
def test_a_longer_wait_never_raises_a_score(
    strategy: Strategy,
    latency: str,
    at: int,
    first: float,
    later: float,
    rate: float,
    calls: float,
    error_rate: float,
) -> None:
    context = RoutingContext.model_validate({"strategy": strategy, "latency": latency})
    ref, prepared = RIVALS[at].ref, prepare(RIVALS, LOOSE)

    def waited(seconds: float, speed: float) -> Routed:
        measured = Measured(
            first_token_p50=seconds,
            first_token_p95=seconds + 1,
            tokens_per_second=speed,
            error_rate=error_rate,
            calls=calls,
        )
        return route(prepared, Asked(context=context), Situation(NOW, measured={ref: measured}))

    before = waited(first, rate)
    assert score_of(waited(first + later, rate), ref) <= score_of(before, ref)
    assert score_of(waited(first, rate / 2), ref) <= score_of(before, ref)


@patient
@given(
    strategy=st.sampled_from(["performance", "balanced"]),
    at=st.integers(0, 3),
    speed=st.floats(0, 1),
    slower=st.floats(0, 1),
)
def test_a_slower_tier_never_raises_a_score(strategy: Strategy, at: int, speed: float, slower: float) -> None:
    asked, ref = Asked(context=RoutingContext(strategy=strategy, latency="fast")), RIVALS[at].ref

    def tiered(one: float) -> Routed:
        return route(prepare(changed(RIVALS, at, speed=one), LOOSE), asked, Situation(NOW))

    assert score_of(tiered(max(0.0, speed - slower)), ref) <= score_of(tiered(speed), ref)


@patient
@given(catalog=entries(), policy=policies, asked=requests, situation=situations)
def test_no_fallback_is_silently_dearer(
    catalog: tuple[ModelEntry, ...], policy: Policy, asked: Asked, situation: Situation
) -> None:
    multiple = policy.routing_rules.max_price_multiple
    assume(multiple is not None)
    assert multiple is not None
    try:
        made = route(prepare(catalog, policy), asked, situation).plan
    except PerdureError:
        return
    first = made.candidates[0].price
    for one in made.candidates[1:]:
        if one.model not in asked.models and first is not None and one.price is not None:
            assert one.price <= first * Decimal(str(multiple))


@patient
@given(
    catalog=entries(),
    policy=policies,
    asked=requests,
    situation=situations,
    failures=st.lists(
        st.builds(
            FailureDetail,
            kind=st.sampled_from(ErrorKind),
            prefill_refused=st.booleans(),
            final=st.booleans(),
            squeezable=st.booleans(),
        ),
        min_size=20,
        max_size=20,
    ),
)
def test_the_fallback_walk_terminates(
    catalog: tuple[ModelEntry, ...],
    policy: Policy,
    asked: Asked,
    situation: Situation,
    failures: list[FailureDetail],
) -> None:
    """Each candidate is asked at most three times: continuing, from the start, and with less of the conversation."""
    try:
        made = route(prepare(catalog, policy), asked, situation).plan
    except PerdureError:
        return
    ask, walked = Ask(0), [Ask(0)]
    for failure in failures:
        following = next_ask(made, ask, failure)
        if isinstance(following, Exhausted):
            return
        ask = following
        walked.append(ask)
        assert ask.index < len(made.candidates)
        assert len(set(walked)) == len(walked), "no ask is ever repeated"
    raise AssertionError("the walk did not end")
