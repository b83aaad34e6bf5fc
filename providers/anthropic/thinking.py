"""The reasoning knobs and Claude's thinking."""

from dataclasses import dataclass
from typing import Any, Literal

from contracts.requests import Knobs, ReasoningEffort
from providers.anthropic.families import Family

LEAST_BUDGET = 1_024
_BUDGETS: dict[str, int] = {
    "minimal": LEAST_BUDGET,
    "low": 2_048,
    "medium": 8_192,
    "high": 16_384,
    "xhigh": 32_000,
    "max": 48_000,
}
_ROOM_TO_ANSWER = 4_096


@dataclass(frozen=True, slots=True)
class Thinking:
    """What goes out: `config` is the wire's `thinking`, `effort` its `output_config.effort`.

    `max_tokens` bounds thought and answer together. `ignored` names the knobs that could not be honoured.
    """

    config: dict[str, Any] | None
    effort: str | None
    max_tokens: int
    ignored: tuple[str, ...] = ()

    @property
    def mode(self) -> Literal["off", "budget", "adaptive"]:
        """Whether the model thinks, and what bounds it."""
        kind = (self.config or {}).get("type")
        return "budget" if kind == "enabled" else "adaptive" if kind == "adaptive" else "off"


def plan_thinking(family: Family, knobs: Knobs, *, forbidden: bool) -> Thinking:
    """Translate `reasoning_effort` and `reasoning_tokens`; tokens win where both are given and the model takes them.

    `forbidden`: the rest of the request rules out thinking by a budget; models that decide by themselves do not mind. 0 tokens,
    or the effort `none`, switch it off; -1 tokens leave the length to the model.
    """
    asked = tuple(name for name in ("reasoning_effort", "reasoning_tokens") if getattr(knobs, name) is not None)
    limit = knobs.max_output_tokens or family.default_output
    effort, tokens = knobs.reasoning_effort, knobs.reasoning_tokens
    if not asked:
        return Thinking(None, None, limit)
    if tokens == 0 or (tokens is None and effort == "none"):
        return _off(family, limit, asked)
    if not family.thinks:
        return Thinking(None, None, limit, asked)
    if family.adapts and (tokens is None or tokens < 0 or not family.takes_budget):
        ignored = ("reasoning_tokens",) if tokens is not None and tokens > 0 else ()
        shown = {"display": "summarized"} if family.hides_thought else {}
        return Thinking({"type": "adaptive", **shown}, _level(family, effort), limit, ignored)
    return Thinking(None, None, limit, asked) if forbidden else _bounded(family, knobs, limit, asked)


def _bounded(family: Family, knobs: Knobs, limit: int, asked: tuple[str, ...]) -> Thinking:
    """A budget in tokens, which is part of `max_tokens` and below it."""
    effort, tokens = knobs.reasoning_effort, knobs.reasoning_tokens
    exact = tokens is not None and tokens > 0
    budget = max(tokens or 0, LEAST_BUDGET) if exact else _BUDGETS[effort if effort not in (None, "none") else "medium"]
    if knobs.max_output_tokens is None:
        limit = min(max(limit, budget + _ROOM_TO_ANSWER), max(family.output_limit, budget + 1))
    if not exact:
        budget = min(budget, limit - min(_ROOM_TO_ANSWER, limit // 2))
    if budget < LEAST_BUDGET:
        return Thinking(None, None, limit, asked)
    ignored = tuple(name for name in asked if exact and name == "reasoning_effort")
    return Thinking({"type": "enabled", "budget_tokens": budget}, None, limit, ignored)


def _off(family: Family, limit: int, asked: tuple[str, ...]) -> Thinking:
    if family.thinks_always:
        return Thinking(None, "low", limit, asked)
    # Newer models think unless told not to; their elders do not know the word.
    return Thinking({"type": "disabled"} if family.adapts else None, None, limit)


def _level(family: Family, effort: ReasoningEffort | None) -> str | None:
    if effort is None or effort == "none":
        return None
    if effort == "minimal":
        return "low"
    return "high" if effort == "xhigh" and not family.has_xhigh else effort
