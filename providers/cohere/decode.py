"""Cohere's events as ours."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.errors import ErrorKind, ProviderError
from contracts.events import Finished, PartDelta, PartStarted, PartUpdated, ProviderEvent, Started, UsageReported
from contracts.parts import ReasoningPart, TextPart, ToolCallPart
from contracts.usage import Usage
from providers.cohere.citations import decode_citation
from providers.cohere.errors import translate_body
from providers.cohere.finish import read_finish
from providers.cohere.provenance import TOOL_PLAN
from providers.cohere.usage import read_usage

Key = tuple[str, Any]
"""Which part an event speaks of: `content`, `call` or `plan`, and the wire's own number."""


@dataclass(slots=True)
class AnswerReader:
    """Folds the events of one answer: feed each to `read`, then take `end`. `secret` is our key, kept out of errors."""

    provider: str
    secret: str = ""
    ignored: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    _response_id: str | None = None
    _started: bool = False
    _word: str | None = None
    _usage: Usage | None = None
    _metadata: dict[str, Any] = field(default_factory=dict)
    _parts: dict[Key, tuple[int, TextPart | ReasoningPart | ToolCallPart]] = field(default_factory=dict)
    _texts: dict[Key, list[str]] = field(default_factory=dict)
    _citations: dict[Key, list[dict[str, Any]]] = field(default_factory=dict)

    def read(self, event: dict[str, Any]) -> Iterator[ProviderEvent]:
        """Our events for one of the wire's. Kinds that are newer than this code say nothing.

        Raises `ProviderError` for an error inside the stream.
        """
        delta = event.get("delta")
        delta = delta if isinstance(delta, dict) else {}
        message = delta.get("message")
        message = message if isinstance(message, dict) else {}
        index = event.get("index")
        match event.get("type"):
            case "message-start":
                yield from self._start(event.get("id"))
            case "content-start" | "content-delta":
                yield from self._content(index, message.get("content"))
            case "tool-plan-delta":
                yield from self._plan(message.get("tool_plan"))
            case "tool-call-start" | "tool-call-delta":
                yield from self._call(index, message.get("tool_calls"))
            case "tool-call-end":
                yield from self._settle_call(("call", index))
            case "citation-start":
                self._cite(message.get("citations"))
            case "message-end":
                yield from self._finish(delta)
            case None if "message" in event:
                raise translate_body(None, event, {}, provider=self.provider, secret=self.secret)
            case _:
                pass

    def end(self) -> Iterator[ProviderEvent]:
        """The last events. Raises `ProviderError(unavailable)` where no finish reason was told: the answer has no proper end."""
        if self._word is None:
            raise ProviderError(
                ErrorKind.UNAVAILABLE,
                f"{self.provider} ended its stream before the answer's end: ask again",
                provider=self.provider,
            )
        finish = read_finish(
            self._word, has_calls=any(kind == "call" for kind, _ in self._parts), provider=self.provider
        )
        for key in [key for key in self._parts if key[0] == "call"]:
            yield from self._settle_call(key)
        for key, raws in self._citations.items():
            yield from self._cited(key, raws)
        yield Finished(
            finish_reason=finish,
            usage=self._usage,
            response_id=self._response_id,
            raw_finish_reason=self._word,
            ignored=self.ignored,
            dropped=self.dropped,
            metadata=self._metadata,
        )

    def _start(self, id_: Any) -> Iterator[ProviderEvent]:
        if isinstance(id_, str):
            self._response_id = id_
        if not self._started:
            self._started = True
            yield Started(response_id=self._response_id)

    def _content(self, index: Any, content: Any) -> Iterator[ProviderEvent]:
        key: Key = ("content", index)
        match content:
            case {"thinking": str() as text}:
                yield from self._say(key, ReasoningPart(provider=self.provider), text)
            case {"text": str() as text}:
                yield from self._say(key, TextPart(text=""), text)
            case _:
                pass

    def _plan(self, text: Any) -> Iterator[ProviderEvent]:
        if isinstance(text, str):
            yield from self._say(("plan", None), ReasoningPart(provider=self.provider, id=TOOL_PLAN), text)

    def _call(self, index: Any, call: Any) -> Iterator[ProviderEvent]:
        key: Key = ("call", index)
        if not isinstance(call, dict):
            return
        function = call.get("function") or {}
        if key not in self._parts:
            part = ToolCallPart(id=str(call.get("id") or ""), name=str(function.get("name") or ""), arguments="")
            yield from self._open(key, part)
        text = function.get("arguments")
        if isinstance(text, str):
            yield from self._say(key, None, text)

    def _settle_call(self, key: Key) -> Iterator[ProviderEvent]:
        """A call without arguments is streamed as an empty text."""
        if key in self._parts and not "".join(self._texts.get(key, ())).strip():
            index, part = self._parts[key]
            self._texts[key] = ["{}"]
            yield PartUpdated(index, part.model_copy(update={"arguments": "{}"}))

    def _say(
        self, key: Key, part: TextPart | ReasoningPart | ToolCallPart | None, text: str
    ) -> Iterator[ProviderEvent]:
        """Append to a part; texts and thoughts begin with their first words."""
        if not text:
            return
        if key not in self._parts and part is not None:
            yield from self._open(key, part)
        self._texts.setdefault(key, []).append(text)
        yield PartDelta(self._parts[key][0], text)

    def _open(self, key: Key, part: TextPart | ReasoningPart | ToolCallPart) -> Iterator[ProviderEvent]:
        yield from self._start(None)
        self._parts[key] = (len(self._parts), part)
        yield PartStarted(self._parts[key][0], part)

    def _cite(self, citation: Any) -> None:
        for raw in citation if isinstance(citation, list) else [citation]:
            if isinstance(raw, dict):
                self._citations.setdefault(("content", raw.get("content_index") or 0), []).append(raw)

    def _cited(self, key: Key, raws: list[dict[str, Any]]) -> Iterator[ProviderEvent]:
        """The text with its citations. They stand at the first text where the number they name is none of a text."""
        texts = [one for one, (_, part) in self._parts.items() if isinstance(part, TextPart)]
        key = key if key in texts else texts[0] if texts else key
        if key not in texts:
            self._metadata.setdefault("citations", []).extend(raws)
            return
        index, _ = self._parts[key]
        citations = tuple(decode_citation(raw, self.provider) for raw in raws)
        yield PartUpdated(index, TextPart(text="".join(self._texts[key]), citations=citations, provider=self.provider))

    def _finish(self, delta: dict[str, Any]) -> Iterator[ProviderEvent]:
        if delta.get("error"):
            raise translate_body(None, {"message": delta["error"]}, {}, provider=self.provider, secret=self.secret)
        self._word = str(delta.get("finish_reason") or "") or None
        counts = delta.get("usage")
        if isinstance(counts, dict):
            if counts.get("billed_units"):
                self._metadata["billed_units"] = counts["billed_units"]
            self._usage = read_usage(counts)
            yield UsageReported(self._usage)
