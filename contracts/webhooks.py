"""What is told to webhooks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class EventType(StrEnum):
    """What a webhook can ask to be told.

    `budget.threshold`: what is spent reached a threshold. `budget.exhausted`: a call was refused, the first time in its window.
    `budget.waiting`: a turn waits for room. `webhook.ping`: somebody wants to see that telling works.
    """

    BUDGET_THRESHOLD = "budget.threshold"
    BUDGET_EXHAUSTED = "budget.exhausted"
    BUDGET_WAITING = "budget.waiting"
    PING = "webhook.ping"


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something that happened in a workspace. `event_id` is the same however often it is told; `data` is JSON."""

    workspace_id: UUID
    event_id: UUID
    type: EventType
    data: dict[str, Any]
    at: datetime
