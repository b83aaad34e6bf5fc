"""What routing decided, as the doors show it."""

from decimal import Decimal
from typing import Any

from contracts.turns import Candidate
from domain.routing import Routed


def shown_route(routed: Routed) -> dict[str, Any]:
    """The plan: who would be asked, who else fits, and whom each filter removed. Prices are in USD, as strings."""
    plan = routed.plan
    return {
        "strategy": plan.strategy,
        "task": plan.task,
        "difficulty": plan.difficulty,
        "confidence": plan.confidence,
        "policy_version": plan.policy_version,
        "recommended": [_candidate(one) for one in plan.candidates],
        "alternatives": [_candidate(one) for one in plan.alternatives],
        "filters": [
            {"filter": step.filter, "wanted": step.wanted, "removed": step.removed.bit_count()}
            for step in routed.screening.steps
        ],
    }


def usd(amount: Decimal | None) -> str | None:
    """An amount without trailing zeros and without an exponent."""
    return None if amount is None else f"{amount.normalize():f}"


def _candidate(one: Candidate) -> dict[str, Any]:
    return {
        "model": str(one.model),
        "reason": one.reason,
        "score": one.score,
        "likely_cost_usd": usd(one.price),
        "window": one.window,
    }
