"""Telling a workspace's webhooks what its budgets have to say, in the transaction in which they say it."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.budgets import Budget
from contracts.webhooks import Announcement, EventType
from storage import outbox


async def announce(
    connection: AsyncConnection,
    kind: EventType,
    budget: Budget,
    subject: str,
    *,
    event_id: UUID,
    detail: dict[str, Any],
    now: datetime,
) -> None:
    """Have an event of a budget told, once for its id."""
    terms = budget.terms
    data = {
        "budget": {
            "id": str(budget.id),
            "name": terms.name,
            "scope": terms.scope.value,
            "value": terms.value,
            "limit": f"{terms.limit:f}",
            "unit": terms.unit.value,
            "period": terms.period.value,
            "hard": terms.hard,
        },
        "subject": subject or None,
        **detail,
    }
    await outbox.add(connection, Announcement(budget.workspace_id, event_id, kind, data, now))


def waiting_id(turn_id: UUID, budget_id: UUID) -> UUID:
    """The id of the event that a turn waits for a budget, however often it finds that it does."""
    return uuid5(turn_id, str(budget_id))
