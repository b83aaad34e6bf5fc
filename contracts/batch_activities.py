"""The seam of batches: what their workflows may ask of the world."""

from abc import ABC, abstractmethod
from uuid import UUID

from temporalio import activity

from contracts.base import Contract
from contracts.batches import BatchItem


class RunBatch(Contract):
    """Names a batch."""

    batch_id: UUID


class PlannedBatch(Contract):
    """How far the planning is. `parts` are the numbers of the vendors' batches, once `done`."""

    done: bool
    parts: tuple[int, ...] = ()


class BatchPart(Contract):
    """A part of a batch: a vendor's batch by its number, or 0 for the items that are asked by themselves.

    `collected`: only what is left of it beyond position `after` is to be asked.
    """

    batch_id: UUID
    number: int
    collected: bool = False
    after: int = -1


class SubmittedPart(Contract):
    """`waiting`: the vendor works on it. Else there is nothing to wait for."""

    waiting: bool
    again_in: float = 0


class LookedAtPart(Contract):
    """`ended`: the results can be collected. Else it is to be looked at again in so many seconds."""

    ended: bool
    again_in: float = 0


class TakeItems(Contract):
    """Ask for at most `limit` of a part's items that are to be asked by themselves, beyond a position."""

    batch_id: UUID
    number: int
    after: int
    limit: int


class TakenItems(Contract):
    """Items that have not ended. `cancelled`: the batch was, and none is to be started."""

    items: tuple[BatchItem, ...]
    workspace_id: UUID
    cancelled: bool = False


class BatchActivities(ABC):
    """What a batch needs done. Each may be done again."""

    @activity.defn(name="plan_batch")
    @abstractmethod
    async def plan_batch(self, request: RunBatch) -> PlannedBatch:
        """Decide for some of the items how they are answered."""

    @activity.defn(name="submit_part")
    @abstractmethod
    async def submit_part(self, request: BatchPart) -> SubmittedPart:
        """Reserve what the part may cost, and hand it to the vendor: once, whatever happens between."""

    @activity.defn(name="look_at_part")
    @abstractmethod
    async def look_at_part(self, request: BatchPart) -> LookedAtPart:
        """Ask the vendor how far it is; where the batch was cancelled, ask it to stop."""

    @activity.defn(name="collect_part")
    @abstractmethod
    async def collect_part(self, request: BatchPart) -> None:
        """Store the answers and what they cost. What has none is asked by itself."""

    @activity.defn(name="take_batch_items")
    @abstractmethod
    async def take_batch_items(self, request: TakeItems) -> TakenItems:
        """Items of a part that are to be asked by themselves."""

    @activity.defn(name="end_batch_items")
    @abstractmethod
    async def end_batch_items(self, request: BatchPart) -> None:
        """End the items of a cancelled batch that nobody began."""

    @activity.defn(name="close_batch")
    @abstractmethod
    async def close_batch(self, request: RunBatch) -> None:
        """The batch is over."""
