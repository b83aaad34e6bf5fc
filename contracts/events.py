"""What an adapter yields while a model answers: one grammar for every vendor.

    Started (PartStarted PartDelta* PartUpdated*)* UsageReported* Finished

Parts are numbered from 0 in the order of the answer; deltas of several parts may interleave. A stream that ends
without `Finished` has failed: the adapter raises `ProviderError(unavailable)`.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from contracts.parts import Part
from contracts.usage import Usage


class FinishReason(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Started:
    """The provider accepted the call and began to answer."""

    response_id: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class PartStarted:
    """A part begins. `part` holds what is known already; its text or arguments may be empty."""

    index: int
    part: Part


@dataclass(frozen=True, slots=True)
class PartDelta:
    """Text to append to a part: to `text` of a text, refusal or reasoning part, to `arguments` of a tool call."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class PartUpdated:
    """The part in full, as now known (a signature, a citation, an id arrived). It replaces what was folded so far."""

    index: int
    part: Part


@dataclass(frozen=True, slots=True)
class UsageReported:
    """Usage so far. A later report replaces an earlier one."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Finished:
    """The proper end. `model` and `service_tier` are what served; `ignored` names the knobs that the vendor has not.

    `raw_finish_reason` is the vendor's own word. `metadata` holds facts worth keeping (system fingerprint, safety
    ratings, grounding), `dropped` names parts that could not be carried to this vendor.
    """

    finish_reason: FinishReason
    usage: Usage | None
    model: str | None = None
    response_id: str | None = None
    raw_finish_reason: str | None = None
    service_tier: str | None = None
    ignored: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)

    def with_usage(self, usage: Usage) -> "Finished":
        """The same end with `usage`, where the provider reported none."""
        return replace(self, usage=usage)

    def with_dropped(self, what: str) -> "Finished":
        """The same end, saying that `what` could not be sent."""
        return replace(self, dropped=(*self.dropped, what))


ProviderEvent = Started | PartStarted | PartDelta | PartUpdated | UsageReported | Finished
