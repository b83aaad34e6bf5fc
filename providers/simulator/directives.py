"""Model names that ask for a behaviour, so that a fault needs no scenario."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from providers.simulator.behaviour import PLAIN, Behaviour, Fault

FLAKY = "sim-flaky"
FLAKY_FAILURES = 2
MISSING = "sim-missing"
"""The one name that no list has and that every call says is not there."""

NAMED: Mapping[str, Behaviour] = MappingProxyType(
    {
        "sim-echo": Behaviour(echo=True),
        "sim-fast": PLAIN,
        "sim-slow": Behaviour(tokens_per_second=20),
        FLAKY: PLAIN,
        "sim-down": Behaviour(error=Fault(kind="overloaded")),
        "sim-limited": Behaviour(error=Fault(kind="rate_limited", retry_after=1, retry_after_format="seconds")),
        "sim-cut": Behaviour(cut_after=5),
        "sim-stall": Behaviour(stall_after=5),
        "sim-refuse": Behaviour(refuse=True),
        "sim-overflow": Behaviour(error=Fault(kind="context_overflow")),
        "sim-auth": Behaviour(error=Fault(kind="authentication")),
        MISSING: Behaviour(error=Fault(kind="not_found")),
        "sim-reasoning": Behaviour(reasoning_tokens=16),
        "sim-tools": Behaviour(call_tools=True),
        "sim-long": Behaviour(tokens=2_000),
    }
)

_SIZED = re.compile(r"sim-tokens-(\d{1,6})(?:-rate-(\d{1,6}(?:\.\d{1,3})?))?")
_WINDOW = re.compile(r"sim-window-(\d{1,6})")


@lru_cache(maxsize=512)
def behaviour_of(model: str) -> Behaviour:
    """What the name `model` asks for; plain for every name that asks for nothing.

    Besides the fixed names: `sim-tokens-N` (N tokens), `sim-tokens-N-rate-R` (at R tokens a second) and `sim-window-N`
    (refuses a prompt of more than N tokens as too long).
    """
    if not model.startswith("sim-"):
        return PLAIN
    if model in NAMED:
        return NAMED[model]
    if found := _SIZED.fullmatch(model):
        rate = float(found[2]) if found[2] else 0.0
        return Behaviour(tokens=int(found[1]), tokens_per_second=rate or None)
    if found := _WINDOW.fullmatch(model):
        return Behaviour(context_window=int(found[1]))
    return PLAIN
