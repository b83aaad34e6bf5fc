"""Batches of any wire: requests that are answered later, at half the price."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from providers.simulator.asked import Vendor
from providers.simulator.behaviour import Behaviour
from providers.simulator.offline import Offline
from providers.simulator.serving import Endpoint
from providers.simulator.state import State

Outcome = Literal["waiting", "answered", "failed", "expired", "cancelled"]
WINDOW = 86_400
"""Seconds in which a vendor answers a batch."""


@dataclass(slots=True)
class Item:
    """One request of a batch, and what came of it: the HTTP status and body that it would have had."""

    name: str
    endpoint: Endpoint
    body: dict[str, Any]
    outcome: Outcome = "waiting"
    status: int = 0
    reply: bytes = b""


@dataclass(slots=True)
class Batch:
    """A batch. Times are wall time in seconds; `answered` is how many requests are answered before it expires (None: all).

    `about` holds what a wire keeps with it.
    """

    id: str
    vendor: Vendor
    key: str
    items: list[Item]
    created: float
    ready_at: float
    answered: int | None = None
    about: dict[str, Any] = field(default_factory=dict)
    cancelled_at: float | None = None
    ended_at: float | None = None

    def count(self, *outcomes: Outcome) -> int:
        """How many requests came to one of these."""
        return sum(item.outcome in outcomes for item in self.items)

    @property
    def expired(self) -> bool:
        """Its time was over before all were answered."""
        return self.count("expired") > 0


@dataclass(slots=True)
class Batches:
    """All batches and uploaded files of a simulator, the oldest first."""

    files: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    """Key, name and content by id."""
    _all: dict[str, Batch] = field(default_factory=dict)

    def open(
        self, state: State, vendor: Vendor, key: str, items: Iterable[Item], behaviour: Behaviour, **about: Any
    ) -> Batch:
        """Take a batch in."""
        now = state.clock()
        batch = Batch(
            state.identity(),
            vendor,
            key,
            list(items),
            now,
            now + (behaviour.batch_seconds or 0),
            behaviour.batch_answered,
            about,
        )
        self._all[batch.id] = batch
        return batch

    def find(self, state: State, vendor: Vendor, key: str, identity: str) -> Batch | None:
        """A key's batch, as it is by now."""
        batch = self._all.get(identity)
        if batch is None or (batch.vendor, batch.key) != (vendor, key):
            return None
        return self._advanced(state, batch)

    def of(self, state: State, vendor: Vendor, key: str) -> list[Batch]:
        """A key's batches, the newest first."""
        mine = [batch for batch in self._all.values() if (batch.vendor, batch.key) == (vendor, key)]
        return [self._advanced(state, batch) for batch in reversed(mine)]

    def cancel(self, state: State, batch: Batch) -> None:
        """Answer no more of its requests."""
        if batch.ended_at is None:
            batch.cancelled_at = state.clock()
            self._advanced(state, batch)

    def clear(self) -> None:
        """Forget everything."""
        self.files.clear()
        self._all.clear()

    def _advanced(self, state: State, batch: Batch) -> Batch:
        now = state.clock()
        if batch.ended_at is not None or (now < batch.ready_at and batch.cancelled_at is None):
            return batch
        for number, item in enumerate(batch.items):
            if batch.cancelled_at is not None:
                item.outcome = "cancelled"
            elif batch.answered is not None and number >= batch.answered:
                item.outcome = "expired"
            else:
                offline = Offline(state, item.endpoint)
                item.status, item.reply = offline.answer(item.body, key=batch.key, name=item.name, batch=batch.id)
                item.outcome = "answered" if item.status == 200 else "failed"
        batch.ended_at = now
        return batch
