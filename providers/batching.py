"""What a vendor's batch API is to us: many requests handed over at once, answered within a day, at half the price."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from contracts.errors import ErrorKind, ProviderError
from contracts.events import ProviderEvent
from contracts.requests import ModelRequest
from providers.collect import Answer, Collector


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One request of a batch. `name` tells it from the others: 1 to 64 letters, digits, `-` and `_`."""

    name: str
    request: ModelRequest


@dataclass(frozen=True, slots=True)
class BatchBounds:
    """How much one batch may hold: requests, and bytes of them all as JSON."""

    requests: int
    bytes: int


@dataclass(frozen=True, slots=True)
class BatchLook:
    """How far a batch is. `ended`: its results can be read. `message` says why the vendor refused it as a whole."""

    ended: bool
    message: str | None = None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of one request: `answered` with the vendor's `body`, `failed` with the `error`, or never begun."""

    name: str
    outcome: Literal["answered", "failed", "expired", "cancelled"]
    body: Any = None
    error: ProviderError | None = None


class BatchPort(Protocol):
    """A vendor's batch API. Everything raises `ProviderError`; one with a `status` was said by the vendor."""

    @property
    def bounds(self) -> BatchBounds:
        """How much one batch may hold."""
        ...

    def sort_of(self, request: ModelRequest) -> str:
        """Requests of one sort and one model may go in one batch. Raises for what the wire cannot carry."""
        ...

    async def submit(self, marker: str, entries: Sequence[BatchEntry], *, sort: str) -> str:
        """Hand the requests over; the vendor's name of the batch. `marker` is ours: `find` finds the batch by it."""
        ...

    async def find(self, marker: str, *, count: int, since: datetime) -> str | None:
        """The batch of `count` requests that was submitted with the marker after `since`, None where there is none.

        Raises `unavailable` where that cannot be told yet.
        """
        ...

    async def look(self, batch_id: str) -> BatchLook:
        """How far the batch is."""
        ...

    def results(self, batch_id: str) -> AsyncIterator[BatchResult]:
        """What came of each request, in any order, once the batch has ended. What is not told was not begun."""
        ...

    def answer(self, request: ModelRequest, body: Any, *, sort: str) -> Answer:
        """The answer that a result's `body` holds."""
        ...

    async def cancel(self, batch_id: str) -> None:
        """Ask the vendor to begin no more of its requests. The batch ends soon after."""
        ...


@runtime_checkable
class Batching(Protocol):
    """An adapter whose wire has a batch API."""

    def batches(self) -> BatchPort | None:
        """The batch API; None where this server is not known to have one."""
        ...


def folded(events: Iterable[ProviderEvent], provider: str) -> Answer:
    """The answer that events come to. Raises `ProviderError(unavailable)` where they have no proper end."""
    collector = Collector()
    for event in events:
        collector.add(event)
    if collector.finished is None:
        raise ProviderError(ErrorKind.UNAVAILABLE, f"{provider} sent an answer without a finish", provider=provider)
    return Answer(parts=collector.parts(), finished=collector.finished)
