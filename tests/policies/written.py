"""Any policy at all, for property tests, and files that are written as editors write them."""

import os
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st

from contracts.policies import (
    Affinity,
    Breaker,
    Learning,
    LimitPolicy,
    ModelPolicy,
    Policy,
    PriceOverride,
    RoutingRules,
    Switches,
    TierAccess,
    Weights,
)
from contracts.routing import Capability, TaskType

ODD = [
    "no",
    "yes",
    "null",
    "1.5",
    "1e3",
    "~",
    "0x1f",
    "2024-01-01",
    "- a",
    "a: b",
    "#",
    " x ",
    "!",
    "&a",
    "*a",
    "12:30",
]
BREAKS = ["\x85", "a\nb", "\r", "\t", "\u2028", "\ufeff", "\uffff", "\x7f"]
WORDS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=20
) | st.sampled_from(ODD + BREAKS)
NAMES = WORDS.map(lambda word: f"p:{word}")
RATIOS = st.floats(0, 1)
AMOUNTS = st.decimals(0, 1_000_000, allow_nan=False, allow_infinity=False, places=9) | st.just(Decimal("0.1"))
MAYBE_AMOUNTS = st.none() | AMOUNTS
SECONDS = st.none() | st.floats(0.001, 3600)
TOKENS = st.none() | st.integers(1, 1_000_000_000)


def some(items: "st.SearchStrategy[str]") -> "st.SearchStrategy[tuple[str, ...]]":
    return st.lists(items, max_size=4, unique=True).map(tuple)


MODELS = st.builds(
    ModelPolicy,
    enabled=st.booleans(),
    tags=some(WORDS),
    regions=some(WORDS),
    privacy=some(WORDS),
    quality=st.none() | RATIOS,
    speed=st.none() | RATIOS,
    window=TOKENS,
    max_output=TOKENS,
    capabilities=st.dictionaries(st.sampled_from(Capability), st.booleans()),
    price=st.none()
    | st.builds(
        PriceOverride, input=MAYBE_AMOUNTS, output=MAYBE_AMOUNTS, cache_read=MAYBE_AMOUNTS, cache_write=MAYBE_AMOUNTS
    ),
)
RULES = st.builds(
    RoutingRules,
    default_model=WORDS,
    strategy=st.sampled_from(["auto", "balanced", "cost", "manual"]),
    weights=st.builds(Weights, cost=st.floats(0.5, 1000), quality=st.floats(0, 1000), performance=st.floats(0, 1000)),
    fallback_chain=some(NAMES),
    # Chains lead from q to p, so that none loops.
    fallback_chains=st.dictionaries(WORDS.map(lambda word: f"q:{word}"), some(NAMES), max_size=4),
    task_preferences=st.dictionaries(st.sampled_from(TaskType), some(NAMES), max_size=4),
    max_price_multiple=st.none() | st.floats(1, 1000),
    max_candidates=st.integers(1, 20),
    affinity=st.builds(Affinity, minutes=st.floats(0, 10080)),
    learning=st.builds(Learning, bound=RATIOS, half_life_minutes=st.floats(0.1, 43200), exploration=RATIOS),
)
POLICIES = st.builds(
    Policy,
    models=st.dictionaries(NAMES, MODELS, max_size=4),
    routing_rules=RULES,
    limits=st.builds(LimitPolicy, first_token=SECONDS, idle=SECONDS, attempts=st.none() | st.integers(1, 100)),
    user_tiers=st.dictionaries(
        WORDS, st.builds(TierAccess, models=some(NAMES), tags=some(WORDS), max_price=MAYBE_AMOUNTS), max_size=3
    ),
    breaker=st.builds(Breaker, failures=st.integers(1, 1000), failure_rate=RATIOS, window_seconds=st.floats(0.1, 3600)),
    switches=st.builds(Switches, fallback_on_refusal=st.booleans(), classify=st.booleans()),
)


def replace_file(path: Path, text: str) -> None:
    """Write a file beside and rename it, as careful editors do."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text)
    os.replace(beside, path)
