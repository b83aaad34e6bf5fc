"""An AI step in JSON, as doors show it and callbacks tell it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.ai_steps import AiStepRequest, AiStepResult
from contracts.turns import TurnState


def shown_step(
    step_id: UUID,
    asked: AiStepRequest,
    state: TurnState,
    result: AiStepResult | None,
    created_at: datetime,
    finished_at: datetime | None,
) -> dict[str, Any]:
    """The step. Everything of the result is there from the beginning, and null until it is known; amounts are texts, in USD."""
    error: dict[str, Any] | None = None
    if result is not None and result.error_kind is not None:
        error = {"kind": result.error_kind.value, "message": result.error_message, "field": result.error_field}
        if result.errors:
            error["errors"] = list(result.errors)
    cost = result.cost if result else None
    return {
        "id": str(step_id),
        "state": state.value,
        "content": result.content if result else None,
        "data": result.data if result else None,
        "confidence": result.confidence if result else None,
        "repaired": result.repaired if result else None,
        "model": str(result.model) if result and result.model else None,
        "served_model": result.served_model if result else None,
        "usage": _usage(result),
        "finish_reason": result.finish_reason.value if result and result.finish_reason else None,
        "error": error,
        "cost_usd": None if cost is None else f"{cost.total.normalize():f}" if cost.total else "0",
        "priced": None if cost is None else cost.priced,
        "attempts": result.attempts if result else 0,
        "samples": result.samples if result else 0,
        "simulated": result.simulated if result else None,
        "turn_ids": [str(one) for one in result.turn_ids] if result else [],
        "task_type": asked.task_type,
        "template": asked.template.model_dump() if asked.template else None,
        "metadata": asked.metadata,
        "created_at": created_at.isoformat(),
        "finished_at": finished_at.isoformat() if finished_at else None,
    }


def _usage(result: AiStepResult | None) -> dict[str, int] | None:
    """Tokens by the names that document most clients: `prompt_tokens` is the whole input."""
    if result is None or result.usage is None:
        return None
    used = result.usage
    return {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.total,
        "cached_tokens": used.cache_read,
        "reasoning_tokens": used.reasoning,
    }
