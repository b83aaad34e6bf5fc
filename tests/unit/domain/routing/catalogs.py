"""Catalogs, requests and situations to plan over, by hand and by hypothesis."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from contracts.health import Measured
from contracts.models import ModelRef
from contracts.policies import Affinity, Learning, LimitPolicy, ModelPolicy, Policy, RoutingRules, TierAccess, Weights
from contracts.routing import Capability, RoutingContext, TaskType
from domain.catalog.entry import ModelEntry, Prices
from domain.routing import Asked, Needs, Situation, Sticky

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING_KNOWN = Situation(NOW)


def entry(name: str, *, price: str | None = "1", quality: float = 0.5, **facts: Any) -> ModelEntry:
    """A model `provider:model` that takes `price` USD per million tokens, in and out."""
    ref = ModelRef.parse(name)
    prices = None if price is None else Prices(input=Decimal(price), output=Decimal(price))
    return ModelEntry(ref=ref, name=ref.model, quality=quality, **({"prices": prices} | facts))


SHELF = (
    entry("one:small", price="0.2", quality=0.4, speed=0.9, window=8_000),
    entry("one:large", price="8", quality=0.9, speed=0.3, window=200_000, regions=frozenset({"eu"})),
    entry("two:small", price="0.25", quality=0.42, speed=0.8, window=16_000),
    entry(
        "two:large", price="6", quality=0.85, speed=0.4, window=1_000_000, capabilities=frozenset({Capability.IMAGES})
    ),
    entry("three:middle", price="1", quality=0.65, speed=0.6, window=128_000, tags=frozenset({"code"})),
)

_names = st.sampled_from([f"{p}:{m}" for p in ("one", "two", "three") for m in ("a", "b", "c", "d")])
_some = lambda words: st.frozensets(st.sampled_from(words), max_size=2)  # noqa: E731
_capabilities = st.frozensets(st.sampled_from([Capability.IMAGES, Capability.TOOLS, Capability.AUDIO]), max_size=2)
_unit = st.floats(0, 1)
_usd = st.decimals("0", "50", places=3)
REGIONS, PRIVACY, TAGS = ("eu", "us"), ("local", "no_training"), ("code", "vision", "embedding")

prices = st.none() | st.builds(
    Prices, input=st.none() | _usd, output=st.none() | _usd, cache_read=st.none() | _usd, cache_write=st.none() | _usd
)


@st.composite
def entries(draw: st.DrawFn) -> tuple[ModelEntry, ...]:
    """Up to a dozen models of three providers."""
    made = []
    for name in draw(st.lists(_names, unique=True, max_size=12)):
        made.append(
            ModelEntry(
                ref=ModelRef.parse(name),
                name=name,
                window=draw(st.none() | st.integers(1, 200_000)),
                max_output=draw(st.none() | st.integers(1, 64_000)),
                capabilities=draw(_capabilities),
                quality=draw(_unit),
                speed=draw(_unit),
                tags=draw(_some(TAGS)),
                regions=draw(_some(REGIONS)),
                privacy=draw(_some(PRIVACY)),
                prices=draw(prices),
                simulated=draw(st.booleans()),
                deprecated=draw(st.integers(0, 5)) == 0,
            )
        )
    return tuple(made)


_chain = st.lists(_names | st.just("nobody-knows-this"), max_size=4).map(tuple)

policies = st.builds(
    Policy,
    models=st.dictionaries(_names, st.builds(ModelPolicy, enabled=st.booleans()), max_size=4),
    routing_rules=st.builds(
        RoutingRules,
        default_model=st.just("auto") | _names,
        strategy=st.sampled_from(["auto", "balanced", "cost", "performance", "quality", "round_robin", "least_busy"]),
        weights=st.builds(Weights, cost=st.floats(0.1, 9), quality=st.floats(0, 9), performance=st.floats(0, 9)),
        fallback_chain=_chain,
        fallback_chains=st.dictionaries(_names, _chain, max_size=3),
        task_preferences=st.dictionaries(st.sampled_from(TaskType), _chain, max_size=2),
        max_price_multiple=st.none() | st.floats(1, 10),
        max_candidates=st.integers(1, 6),
        affinity=st.builds(Affinity, minutes=st.sampled_from([0.0, 5.0, 60.0])),
        learning=st.builds(Learning, bound=_unit, exploration=st.sampled_from([0.0, 0.3, 1.0])),
    ),
    limits=st.builds(LimitPolicy, attempts=st.none() | st.integers(1, 9)),
    user_tiers=st.dictionaries(
        st.sampled_from(["free", "pro"]),
        st.builds(
            TierAccess,
            models=st.lists(_names | st.sampled_from(["one:*", "t*"]), max_size=2).map(tuple),
            tags=st.lists(st.sampled_from(TAGS), max_size=1).map(tuple),
            max_price=st.none() | st.decimals("0", "0.5", places=4),
        ),
        max_size=2,
    ),
)

contexts = st.builds(
    RoutingContext,
    strategy=st.none()
    | st.sampled_from(["auto", "balanced", "cost", "performance", "quality", "round_robin", "least_busy", "manual"]),
    task=st.none() | st.sampled_from(TaskType),
    difficulty=st.none() | _unit,
    cost_sensitivity=st.sampled_from([None, "low", "medium", "high"]),
    latency=st.sampled_from([None, "fast", "balanced", "quality"]),
    quality_floor=st.none() | st.floats(0, 0.8),
    user_tier=st.none() | st.sampled_from(["free", "pro"]),
    max_price=st.none() | st.decimals("0", "1", places=4),
    require=st.just(frozenset()) | _capabilities,
    tags=st.just(frozenset()) | _some(TAGS),
    regions=st.just(frozenset()) | _some(REGIONS),
    privacy=st.just(frozenset()) | _some(PRIVACY),
    providers=st.just(frozenset()) | _some(("one", "two", "elsewhere")),
    exclude=st.just(frozenset()) | _some(("one", "two:a", "three:b", "nobody")),
)

_refs = _names.map(ModelRef.parse)

measurements = st.builds(
    Measured,
    first_token_p50=st.none() | st.floats(0, 30),
    first_token_p95=st.none() | st.floats(0, 60),
    tokens_per_second=st.none() | st.floats(0.5, 500),
    error_rate=_unit,
    calls=st.floats(0, 1000),
    in_flight=st.integers(0, 50),
    breaker=st.sampled_from(["closed", "closed", "open", "half_open"]),
    limited_until=st.sampled_from([None, NOW - timedelta(seconds=5), NOW + timedelta(seconds=5)]),
)

situations = st.builds(
    Situation,
    now=st.just(NOW),
    measured=st.dictionaries(_refs, measurements, max_size=6),
    feedback=st.dictionaries(_refs, st.floats(-1, 1), max_size=3),
    preference=st.dictionaries(_refs, st.floats(-1, 1), max_size=3),
    sticky=st.none()
    | st.builds(Sticky, model=_refs, cached_tokens=st.integers(0, 100_000), seconds_ago=st.floats(0, 7200)),
    budget_left=st.none() | st.decimals("0", "5", places=4),
    rotation=st.integers(0, 1000),
    seed=st.text(max_size=4),
)

requests = st.builds(
    Asked,
    needs=st.builds(
        Needs,
        input_tokens=st.integers(0, 100_000),
        answer_room=st.none() | st.integers(1, 16_000),
        capabilities=st.just(frozenset()) | _capabilities,
        tool_owners=st.just(frozenset()) | st.just(frozenset({"one"})),
    ),
    context=contexts,
    models=st.just(()) | st.lists(_refs | st.just(ModelRef(provider="open", model="unlisted")), max_size=5).map(tuple),
)


def changed(catalog: tuple[ModelEntry, ...], at: int, **facts: Any) -> tuple[ModelEntry, ...]:
    """The catalog with other facts of one model."""
    return (*catalog[:at], replace(catalog[at], **facts), *catalog[at + 1 :])
