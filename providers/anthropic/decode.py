"""From Anthropic's events, or a whole message, to ours."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.errors import ErrorKind, ProviderError
from contracts.events import (
    Finished,
    FinishReason,
    PartDelta,
    PartStarted,
    PartUpdated,
    ProviderEvent,
    Started,
    UsageReported,
)
from contracts.parts import Citation, Part, ProviderPart, ReasoningPart, TextPart, ToolCallPart
from providers.anthropic.usage import laid_over, read_usage

_FINISH = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "pause_turn": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.CONTENT_FILTER,
}


@dataclass(slots=True)
class _Block:
    """A block that is being sent: as it began, and what was added."""

    raw: dict[str, Any]
    text: list[str] = field(default_factory=list)
    json: list[str] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    signature: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class AnswerReader:
    """Reads one answer. `events` are the decoded objects of the stream."""

    def __init__(self, *, provider: str, ignored: tuple[str, ...] = (), dropped: tuple[str, ...] = ()) -> None:
        self._provider = provider
        self._ignored = ignored
        self._dropped = dropped
        self._blocks: dict[int, _Block] = {}
        self._message: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._end: dict[str, Any] = {}

    def read(self, event: dict[str, Any]) -> Iterator[ProviderEvent]:
        """What one event says. Kinds of events that are newer than we are say nothing."""
        match event.get("type"):
            case "message_start":
                self._message = event["message"]
                self._usage = self._message.get("usage") or {}
                yield Started(self._message.get("id"), self._message.get("model"))
                if self._usage:
                    yield UsageReported(read_usage(self._usage))
            case "content_block_start":
                yield from self._begin(event["index"], event["content_block"])
            case "content_block_delta":
                yield from self._grow(event["index"], event["delta"])
            case "content_block_stop":
                yield from self._complete(event["index"])
            case "message_delta":
                self._end |= {name: value for name, value in event["delta"].items() if value is not None}
                self._usage = laid_over(self._usage, event.get("usage") or {})
                yield UsageReported(read_usage(self._usage))
            case _:
                return

    def read_whole(self, message: dict[str, Any]) -> Iterator[ProviderEvent]:
        """What a message says that came in one piece."""
        self._message, self._usage = message, message.get("usage") or {}
        self._end = {name: message[name] for name in ("stop_reason", "stop_sequence") if message.get(name)}
        yield Started(message.get("id"), message.get("model"))
        for index, block in enumerate(message.get("content") or ()):
            yield PartStarted(index, self._whole(_whole_block(block)))
        yield from self.end()

    def end(self) -> Iterator[ProviderEvent]:
        """The end. Raises `unavailable` where the answer has no stop reason: it was cut."""
        reason = self._end.get("stop_reason")
        if reason is None:
            raise ProviderError(
                ErrorKind.UNAVAILABLE,
                f"{self._provider} ended its stream without a stop reason.",
                provider=self._provider,
            )
        yield Finished(
            finish_reason=_FINISH.get(reason, FinishReason.STOP),
            usage=read_usage(self._usage) if self._usage else None,
            model=self._message.get("model"),
            response_id=self._message.get("id"),
            raw_finish_reason=reason,
            service_tier=self._usage.get("service_tier"),
            ignored=self._ignored,
            dropped=self._dropped,
            metadata={name: value for name, value in self._end.items() if name != "stop_reason"},
        )

    def _begin(self, index: int, raw: dict[str, Any]) -> Iterator[ProviderEvent]:
        block = self._blocks[index] = _whole_block(raw)
        if raw.get("type") == "tool_use":
            # A stream sends an empty input first and the true one in pieces.
            block.json = []
        yield PartStarted(index, self._whole(block, complete=False))

    def _grow(self, index: int, delta: dict[str, Any]) -> Iterator[ProviderEvent]:
        block = self._blocks[index]
        match delta.get("type"):
            case "text_delta":
                block.text.append(delta["text"])
                yield PartDelta(index, delta["text"])
            case "thinking_delta":
                block.text.append(delta["thinking"])
                yield PartDelta(index, delta["thinking"])
            case "input_json_delta":
                block.json.append(delta["partial_json"])
                if block.raw.get("type") == "tool_use" and delta["partial_json"]:
                    yield PartDelta(index, delta["partial_json"])
            case "signature_delta":
                block.signature = (block.signature or "") + delta["signature"]
            case "citations_delta":
                block.citations.append(delta["citation"])
            case _:
                block.extra |= {name: value for name, value in delta.items() if name != "type"}

    def _complete(self, index: int) -> Iterator[ProviderEvent]:
        block = self._blocks[index]
        kind = block.raw.get("type")
        grown = (kind == "text" and not block.citations) or (kind == "tool_use" and "".join(block.json))
        if not grown:
            yield PartUpdated(index, self._whole(block))

    def _whole(self, block: _Block, *, complete: bool = True) -> Part:
        text = "".join(block.text)
        match block.raw.get("type"):
            case "text":
                return TextPart(text=text, citations=tuple(self._citation(one) for one in block.citations))
            case "thinking":
                return ReasoningPart(text=text, signature=block.signature, provider=self._provider)
            case "redacted_thinking":
                return ReasoningPart(redacted=block.raw["data"], provider=self._provider)
            case "tool_use":
                arguments = "".join(block.json)
                if not arguments and complete:
                    arguments = json.dumps(block.raw.get("input") or {}, ensure_ascii=False)
                return ToolCallPart(
                    id=block.raw["id"], name=block.raw["name"], arguments=arguments, provider=self._provider
                )
            case _:
                return ProviderPart(provider=self._provider, payload=_payload(block))

    def _citation(self, raw: dict[str, Any]) -> Citation:
        return Citation(
            url=raw.get("url") or raw.get("source"),
            title=raw.get("title") or raw.get("document_title"),
            quote=raw.get("cited_text"),
            provider=self._provider,
            raw=raw,
        )


def _whole_block(raw: dict[str, Any]) -> _Block:
    block = _Block(raw)
    text = raw.get("text") if raw.get("type") == "text" else raw.get("thinking")
    if text:
        block.text.append(text)
    block.citations = list(raw.get("citations") or ())
    block.signature = raw.get("signature") or None
    return block


def _payload(block: _Block) -> dict[str, Any]:
    payload = {**block.raw, **block.extra}
    if written := "".join(block.json):
        try:
            payload["input"] = json.loads(written)
        except ValueError:
            payload["input"] = {"malformed_arguments": written}
    return payload
