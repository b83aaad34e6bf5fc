"""Names that must never change: workflow ids, task queues, derived turn ids."""

from uuid import UUID, uuid5

TASK_QUEUE = "perdure-turns"
TURN_WORKFLOW = "Turn"
LANE_FREED_SIGNAL = "lane_freed"
BUDGET_RAISED_SIGNAL = "budget_raised"

_TURN_NAMESPACE = UUID("5d0c9f0e-6d3c-4f5e-9a53-2d1f3c7b8a10")
_CONVERSATION_NAMESPACE = UUID("0b4f0f1c-1f56-4f0a-8b0e-52d6a3e9c7f4")


def turn_workflow_id(turn_id: UUID) -> str:
    """The workflow id of a turn."""
    return f"turn/{turn_id}"


def keyed_turn_id(workspace_id: UUID, idempotency_key: str) -> UUID:
    """The turn that an idempotency key names in a workspace: the same key always names the same turn."""
    return uuid5(_TURN_NAMESPACE, f"{workspace_id}/{idempotency_key}")


def keyed_conversation_id(workspace_id: UUID, idempotency_key: str) -> UUID:
    """The conversation that begins with the turn of an idempotency key, where the request names none."""
    return uuid5(_CONVERSATION_NAMESPACE, f"{workspace_id}/{idempotency_key}")


def call_id(turn_id: UUID, step: int, attempt: int) -> str:
    """What names one provider call in the ledger and in the provider's own log."""
    return f"{turn_id}/{step}/{attempt}"
