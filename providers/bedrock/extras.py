"""Knobs that Converse has no word for, in each model's own fields (`additionalModelRequestFields`)."""

from dataclasses import dataclass
from typing import Any

from contracts.requests import Knobs
from providers.anthropic.thinking import plan_thinking
from providers.bedrock.carried import Carried
from providers.bedrock.families import Family

_NOVA_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}


@dataclass(frozen=True, slots=True)
class Extras:
    """`fields` go to `additionalModelRequestFields`. `thinks` says that the model was told to think, which rules out other
    settings; `max_tokens` is what bounds thought and answer together where that has to be said.
    """

    fields: dict[str, Any]
    thinks: bool = False
    max_tokens: int | None = None


def plan_extras(family: Family, knobs: Knobs, carried: Carried, *, forced: bool, begun: bool) -> Extras:
    """Reasoning and `top_k` for a model's family. Ignores, and reports, what the family has no field for.

    `forced`: the model must call a tool; `begun`: a turn is under way that began without a thought. Both rule out Claude's
    thinking by a budget.
    """
    if family.claude is not None:
        return _claude(family, knobs, carried, forbidden=forced or begun)
    fields: dict[str, Any] = {}
    effort = knobs.reasoning_effort
    asked = effort is not None or knobs.reasoning_tokens is not None
    wanted = effort not in (None, "none") or bool(knobs.reasoning_tokens)
    word = _EFFORTS.get(effort or "", "medium")
    thinks = wanted
    if not asked:
        thinks = False
    elif "gpt-oss" in family.name:
        # It cannot leave off thinking.
        carried.ignore("reasoning_effort", effort == "none" or None)
        fields["reasoning_effort"] = word if wanted else "low"
        carried.ignore("reasoning_tokens", knobs.reasoning_tokens)
    elif "qwen3" in family.name and wanted:
        fields["reasoning_config"] = word
        carried.ignore("reasoning_tokens", knobs.reasoning_tokens)
    elif "nova-2" in family.name:
        config = {"type": "enabled", "maxReasoningEffort": _NOVA_EFFORTS.get(effort or "", "medium")}
        fields["reasoningConfig"] = config if wanted else {"type": "disabled"}
        carried.ignore("reasoning_tokens", knobs.reasoning_tokens)
    elif wanted:
        # DeepSeek, Kimi and others think as they will.
        carried.ignore("reasoning_effort", effort)
        carried.ignore("reasoning_tokens", knobs.reasoning_tokens)
    if knobs.top_k is not None:
        fields |= _top_k(family, knobs.top_k, carried)
    return Extras(fields, thinks)


def _claude(family: Family, knobs: Knobs, carried: Carried, *, forbidden: bool) -> Extras:
    claude = family.claude
    assert claude is not None
    plan = plan_thinking(claude, knobs, forbidden=forbidden)
    for name in plan.ignored:
        carried.ignore(name, True)
    fields: dict[str, Any] = {}
    if plan.config is not None:
        fields["thinking"] = plan.config
    if plan.effort is not None:
        fields["output_config"] = {"effort": plan.effort}
    thinks = plan.mode != "off"
    if knobs.top_k is not None:
        if thinks or not claude.takes_sampling:
            carried.ignore("top_k", True)
        else:
            fields["top_k"] = knobs.top_k
    # Without a limit of the caller's the model's own holds, unless the budget needs room that is not there by default.
    budget = (plan.config or {}).get("budget_tokens", 0)
    needs_room = knobs.max_output_tokens is not None or budget >= claude.default_output
    return Extras(fields, thinks, plan.max_tokens if needs_room else None)


def _top_k(family: Family, top_k: int, carried: Carried) -> dict[str, Any]:
    if family.is_nova:
        return {"inferenceConfig": {"topK": top_k}}
    match family.maker:
        case "mistral" | "qwen" | "deepseek":
            return {"top_k": top_k}
        case "cohere":
            return {"k": top_k}
        case _:
            carried.ignore("top_k", True)
            return {}
