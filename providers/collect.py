"""Folding a stream of events into the whole answer. `complete` is nothing but this."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import assert_never

from contracts.errors import ErrorKind, ProviderError
from contracts.events import Finished, PartDelta, PartStarted, PartUpdated, ProviderEvent, Started, UsageReported
from contracts.parts import Part, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from contracts.requests import ModelRequest
from contracts.usage import Usage
from providers.protocol import Provider


def append_text(part: Part, text: str) -> Part:
    """The part with `text` appended to what it says."""
    match part:
        case TextPart() | RefusalPart() | ReasoningPart():
            return part.model_copy(update={"text": part.text + text})
        case ToolCallPart():
            return part.model_copy(update={"arguments": part.arguments + text})
        case _:
            raise TypeError(f"a {part.type} part takes no deltas")


@dataclass(slots=True)
class Collector:
    """The answer so far. `finished` is None until the stream's proper end."""

    started: Started | None = None
    finished: Finished | None = None
    usage: Usage | None = None
    _parts: dict[int, Part] = field(default_factory=dict)
    _deltas: dict[int, list[str]] = field(default_factory=dict)

    def add(self, event: ProviderEvent) -> None:
        """Fold one event."""
        match event:
            case Started():
                self.started = event
            case PartStarted(index, part) | PartUpdated(index, part):
                self._parts[index] = part
                self._deltas.pop(index, None)
            case PartDelta(index, text):
                self._deltas.setdefault(index, []).append(text)
            case UsageReported(usage):
                self.usage = usage
            case Finished():
                self.finished = event
                self.usage = event.usage or self.usage
            case _:
                assert_never(event)

    def parts(self) -> tuple[Part, ...]:
        """The parts in order, with their deltas folded in."""
        for index, deltas in self._deltas.items():
            self._parts[index] = append_text(self._parts[index], "".join(deltas))
        self._deltas.clear()
        return tuple(self._parts[index] for index in sorted(self._parts))

    def text(self) -> str:
        """The text parts, joined."""
        return "".join(part.text for part in self.parts() if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    parts: tuple[Part, ...]
    finished: Finished

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


async def collect(events: AsyncIterator[ProviderEvent], provider: str) -> Answer:
    """Read a stream to its end. Raises `ProviderError(unavailable)` where the end is not a proper one."""
    collector = Collector()
    async for event in events:
        collector.add(event)
    if collector.finished is None:
        raise ProviderError(ErrorKind.UNAVAILABLE, f"{provider} ended its stream without a finish", provider=provider)
    return Answer(parts=collector.parts(), finished=collector.finished)


async def complete(provider: Provider, request: ModelRequest, *, call_id: str) -> Answer:
    """One whole answer: the same stream, collected."""
    return await collect(provider.stream(request, call_id=call_id), provider.config.name)
