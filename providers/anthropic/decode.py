"""Claude's events as ours."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.errors import ErrorKind, ProviderError
from contracts.events import Finished, PartDelta, PartStarted, PartUpdated, ProviderEvent, Started, UsageReported
from contracts.usage import Usage
from providers.anthropic.blocks import OpenBlock
from providers.anthropic.finish import read_finish
from providers.anthropic.usage import read_usage

_FACTS = ("stop_sequence", "stop_details", "container")
"""Facts of an answer's end that are kept in `Finished.metadata`."""

_COUNTED_APART = ("iterations", "inference_geo", "speed")
"""Facts beside the counts in `usage` that are kept in `Finished.metadata`."""


@dataclass(slots=True)
class AnswerReader:
    """Folds the events of one answer: feed each to `read`, then take `end`."""

    provider: str
    ignored: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    _started: bool = False
    _response_id: str | None = None
    _model: str | None = None
    _word: str | None = None
    _counts: dict[str, Any] = field(default_factory=dict)
    _usage: Usage | None = None
    _metadata: dict[str, Any] = field(default_factory=dict)
    _next: int = 0
    _calls: int = 0
    _open: dict[Any, OpenBlock] = field(default_factory=dict)

    def read(self, event: dict[str, Any]) -> Iterator[ProviderEvent]:
        """Our events for one of the wire's. Kinds that are newer than this code say nothing."""
        match event:
            case {"type": "message_start", "message": dict() as message}:
                yield from self._start(message)
            case {"type": "content_block_start", "content_block": dict() as wire}:
                yield from self._begin(event.get("index"), wire)
            case {"type": "content_block_delta", "delta": dict() as delta}:
                block = self._open.get(event.get("index"))
                text = None if block is None else block.add(delta)
                if block is not None and text:
                    yield PartDelta(block.index, text)
            case {"type": "content_block_stop"}:
                yield from self._close(event.get("index"))
            case {"type": "message_delta"}:
                yield from self._delta(event)
            case _:
                pass

    def end(self) -> Iterator[ProviderEvent]:
        """The last events. Raises `ProviderError(unavailable)` where no stop reason was told: the answer has no proper end."""
        if not self._started or self._word is None:
            raise ProviderError(
                ErrorKind.UNAVAILABLE,
                f"{self.provider} ended its stream before the answer's end: ask again",
                provider=self.provider,
            )
        for index in list(self._open):
            yield from self._close(index)
        yield Finished(
            finish_reason=read_finish(self._word, has_calls=self._calls > 0),
            usage=self._usage,
            model=self._model,
            response_id=self._response_id,
            raw_finish_reason=self._word,
            service_tier=self._counts.get("service_tier"),
            ignored=self.ignored,
            dropped=self.dropped,
            metadata=self._metadata | {name: self._counts[name] for name in _COUNTED_APART if self._counts.get(name)},
        )

    def _start(self, message: dict[str, Any]) -> Iterator[ProviderEvent]:
        self._started = True
        self._response_id = message.get("id")
        self._model = message.get("model")
        yield Started(response_id=self._response_id, model=self._model)
        for index, wire in enumerate(message.get("content") or ()):
            yield from self._begin(index, wire)
        yield from self._count(message.get("usage"))

    def _begin(self, index: Any, wire: dict[str, Any]) -> Iterator[ProviderEvent]:
        block = OpenBlock(self.provider, self._next, dict(wire))
        self._open[index] = block
        self._next += 1
        self._calls += block.kind == "tool_use"
        yield PartStarted(block.index, block.begin())

    def _close(self, index: Any) -> Iterator[ProviderEvent]:
        block = self._open.pop(index, None)
        part = None if block is None else block.end()
        if block is not None and part is not None:
            yield PartUpdated(block.index, part)

    def _delta(self, event: dict[str, Any]) -> Iterator[ProviderEvent]:
        delta = event.get("delta") or {}
        self._word = delta.get("stop_reason") or self._word
        for facts, names in ((delta, _FACTS), (event, ("context_management",))):
            self._metadata |= {name: facts[name] for name in names if facts.get(name) is not None}
        yield from self._count(event.get("usage"))

    def _count(self, counts: Any) -> Iterator[ProviderEvent]:
        # Every report counts from the start, yet a later one may leave out what the first one said.
        if not isinstance(counts, dict):
            return
        self._counts |= {name: value for name, value in counts.items() if value is not None}
        now = read_usage(self._counts)
        if now != self._usage:
            self._usage = now
            yield UsageReported(now)
