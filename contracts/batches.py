"""A batch: many turns and runs, accepted at once, answered when it is cheap."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

from contracts.base import Contract


class BatchState(StrEnum):
    """Where a batch stands. One whose turns failed has completed all the same: each line says how it ended."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Nothing more will happen to it."""
        return self in (BatchState.COMPLETED, BatchState.CANCELLED)


BatchMode = Literal["auto", "live"]
"""`auto` uses the vendors' batch APIs wherever there is one, `live` asks each turn for itself, after all other work."""

PartState = Literal["planned", "submitted", "collected", "live"]
"""A vendor's batch: gathered, handed over, its answers stored; or given up, its turns being asked one by one."""

ItemWay = Literal["unplanned", "vendor", "live", "done"]
"""How an item is answered: not decided, in a vendor's batch, by itself, or it has come back from a vendor's batch."""


class BatchItem(Contract):
    """A turn or a run."""

    position: int
    turn_id: UUID | None = None
    run_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """How many items a batch has, and how they stand."""

    total: int
    completed: int
    failed: int
    cancelled: int

    @property
    def unfinished(self) -> int:
        """Those that have no end yet."""
        return self.total - self.completed - self.failed - self.cancelled
