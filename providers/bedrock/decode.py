"""Converse's events as ours."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.errors import ErrorKind, ProviderError
from contracts.events import Finished, PartDelta, PartStarted, PartUpdated, ProviderEvent, Started, UsageReported
from contracts.usage import Usage
from providers.bedrock.blocks import Kind, OpenBlock
from providers.bedrock.finish import read_finish
from providers.bedrock.usage import read_usage


@dataclass(slots=True)
class AnswerReader:
    """Folds the events of one answer: feed each to `read`, then take `end`. `response_id` is AWS's id of the request."""

    provider: str
    ignored: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    response_id: str | None = None
    _word: str | None = None
    _usage: Usage | None = None
    _model: str | None = None
    _tier: str | None = None
    _metadata: dict[str, Any] = field(default_factory=dict)
    _started: bool = False
    _next: int = 0
    _calls: int = 0
    _open: dict[Any, OpenBlock] = field(default_factory=dict)

    def read(self, event: dict[str, Any]) -> Iterator[ProviderEvent]:
        """Our events for one of the wire's. Kinds that are newer than this code say nothing."""
        match event:
            case {"messageStart": _}:
                yield from self._start()
            case {"contentBlockStart": {"start": dict() as start, **rest}}:
                yield from self._begin(rest.get("contentBlockIndex"), start)
            case {"contentBlockDelta": {"delta": dict() as delta, **rest}}:
                yield from self._start()
                yield from self._grow(rest.get("contentBlockIndex"), delta)
            case {"contentBlockStop": dict() as stop}:
                yield from self._close(stop.get("contentBlockIndex"))
            case {"messageStop": dict() as stop}:
                self._word = str(stop.get("stopReason") or "") or None
                self._keep(stop, "additionalModelResponseFields")
            case {"metadata": dict() as facts}:
                yield from self._count(facts)
            case _:
                pass

    def end(self) -> Iterator[ProviderEvent]:
        """The last events. Raises `ProviderError(unavailable)` where no stop reason was told: the answer has no proper end."""
        if self._word is None:
            raise ProviderError(
                ErrorKind.UNAVAILABLE,
                f"{self.provider} ended its stream before the answer's end: ask again",
                provider=self.provider,
            )
        for index in list(self._open):
            yield from self._close(index)
        yield Finished(
            finish_reason=read_finish(self._word, has_calls=self._calls > 0, provider=self.provider),
            usage=self._usage,
            model=self._model,
            response_id=self.response_id,
            raw_finish_reason=self._word,
            service_tier=self._tier,
            ignored=self.ignored,
            dropped=self.dropped,
            metadata=self._metadata,
        )

    def _start(self) -> Iterator[ProviderEvent]:
        if not self._started:
            self._started = True
            yield Started(response_id=self.response_id)

    def _begin(self, index: Any, start: dict[str, Any]) -> Iterator[ProviderEvent]:
        yield from self._start()
        match start:
            case {"toolUse": {"type": "server_tool_use"}} | {"toolResult": _}:
                yield from self._add(index, "server", start)
            case {"toolUse": dict() as call}:
                self._calls += 1
                yield from self._add(index, "call", call)
            case {"image": dict() as image}:
                yield from self._add(index, "image", image)
            case _:
                pass

    def _add(self, index: Any, kind: Kind, wire: dict[str, Any] | None = None) -> Iterator[ProviderEvent]:
        block = OpenBlock(self.provider, self._next, kind, dict(wire or {}))
        self._open[index] = block
        self._next += 1
        yield PartStarted(block.index, block.part(begun=True))

    def _block(self, index: Any, kind: Kind) -> Iterator[ProviderEvent]:
        """Only calls are announced; texts and thoughts begin with their first delta."""
        if index not in self._open:
            yield from self._add(index, kind)

    def _grow(self, index: Any, delta: dict[str, Any]) -> Iterator[ProviderEvent]:
        match delta:
            case {"text": str() as text} if text:
                yield from self._block(index, "text")
                yield from self._say(index, text)
            case {"reasoningContent": dict() as thought}:
                yield from self._block(index, "reasoning")
                yield from self._think(index, thought)
            case {"toolUse": {"input": str() as text}} if index in self._open:
                yield from self._say(index, text)
            case {"toolResult": list() as content} if index in self._open:
                self._open[index].hold(content)
            case {"citation": dict() as citation}:
                yield from self._block(index, "text")
                self._open[index].cite(citation)
            case {"image": {"source": {"bytes": content}}}:
                yield from self._block(index, "image")
                self._open[index].draw(content)
            case _:
                pass

    def _think(self, index: Any, thought: dict[str, Any]) -> Iterator[ProviderEvent]:
        block = self._open[index]
        if text := thought.get("text"):
            yield from self._say(index, str(text))
        if signature := thought.get("signature"):
            block.sign(str(signature))
        if (redacted := thought.get("redactedContent")) is not None:
            block.redact(redacted)

    def _say(self, index: Any, text: str) -> Iterator[ProviderEvent]:
        block = self._open[index]
        told = block.say(text)
        if told:
            yield PartDelta(block.index, told)

    def _close(self, index: Any) -> Iterator[ProviderEvent]:
        block = self._open.pop(index, None)
        part = None if block is None else block.end()
        if block is not None and part is not None:
            yield PartUpdated(block.index, part)

    def _count(self, facts: dict[str, Any]) -> Iterator[ProviderEvent]:
        self._keep(facts, "trace", "performanceConfig")
        router = (facts.get("trace") or {}).get("promptRouter") or {}
        self._model = router.get("invokedModelId") or self._model
        self._tier = (facts.get("serviceTier") or {}).get("type") or self._tier
        counts = facts.get("usage")
        if isinstance(counts, dict):
            self._usage = read_usage(counts)
            yield UsageReported(self._usage)

    def _keep(self, facts: dict[str, Any], *names: str) -> None:
        self._metadata |= {name: facts[name] for name in names if facts.get(name)}
