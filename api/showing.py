"""How turns, messages and conversations look to a client."""

from typing import Any

from storage.conversations import Conversation
from storage.ledger import LedgerRow
from storage.messages import StoredMessage
from storage.turns import TurnRow


def conversation(row: Conversation) -> dict[str, Any]:
    """A conversation."""
    return {
        "id": str(row.id),
        "title": row.title,
        "models": [str(model) for model in row.models],
        "metadata": row.metadata,
        "model_history": row.model_history,
        "cost": row.cost_tracking,
        "busy_with": str(row.busy_with) if row.busy_with else None,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
    }


def message(row: StoredMessage) -> dict[str, Any]:
    """A message."""
    return {
        "id": str(row.id),
        "turn_id": str(row.turn_id),
        **row.message.model_dump(mode="json", exclude_none=True),
        "model": row.model,
        "finish_reason": row.finish_reason,
        "created_at": row.created_at.isoformat(),
    }


def turn(row: TurnRow, said: list[StoredMessage], attempts: list[LedgerRow] | None = None) -> dict[str, Any]:
    """A turn: its state, its result, its answer, and what each attempt cost."""
    answer = next((one for one in reversed(said) if one.step is not None), None)
    shown: dict[str, Any] = {
        "id": str(row.id),
        "conversation_id": str(row.conversation_id) if row.conversation_id else None,
        "state": row.state.value,
        "cancel_requested": row.cancel_requested,
        "plan": row.plan.model_dump(mode="json", exclude_none=True) if row.plan else None,
        "result": row.result.model_dump(mode="json", exclude_none=True) if row.result else None,
        "message": message(answer) if answer else None,
        "created_at": row.created_at.isoformat(),
        "started_at": row.started_at.isoformat() if row.started_at else None,
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }
    if attempts is not None:
        shown["attempts"] = [attempt(one) for one in attempts]
    return shown


def attempt(row: LedgerRow) -> dict[str, Any]:
    """A row of the ledger."""
    return {
        "attempt": row.attempt,
        "step": row.step,
        "model": row.model,
        "served_model": row.served_model,
        "state": row.state,
        "error_kind": row.error_kind,
        "error_message": row.error_message,
        "usage": row.usage.model_dump(),
        "cost_usd": str(row.cost.normalize() if row.cost else 0),
        "priced": row.priced,
        "price_source": row.price_source,
        "simulated": row.simulated,
        "first_token_ms": row.first_token_ms,
        "started_at": row.started_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }
