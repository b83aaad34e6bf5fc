"""Gemini's chunks as events. A whole answer that was not streamed is one chunk."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from contracts.errors import ErrorKind, ProviderError
from contracts.events import Finished, PartDelta, PartStarted, PartUpdated, ProviderEvent, Started, UsageReported
from contracts.parts import Citation, Part, ProviderPart, ReasoningPart, TextPart, ToolCallPart
from contracts.usage import Usage
from providers.google.finish import read_finish
from providers.google.grounding import find_citations, find_recitations
from providers.google.sources import decode_blob, decode_file
from providers.google.usage import read_usage

if TYPE_CHECKING:
    from google.genai import types
    from pydantic import BaseModel

_METADATA = {
    "grounding_metadata": "grounding",
    "citation_metadata": "citation_metadata",
    "url_context_metadata": "url_context",
    "safety_ratings": "safety_ratings",
    "logprobs_result": "logprobs",
    "avg_logprobs": "avg_logprobs",
    "finish_message": "finish_message",
}
"""A candidate's facts beside its content, and their names in `Finished.metadata`."""

_TIERS = {"ON_DEMAND_FLEX": "flex", "ON_DEMAND_PRIORITY": "priority", "ON_DEMAND": "standard"}
"""Vertex's words for what served; the Gemini API answers in the header `x-gemini-service-tier`."""


@dataclass(slots=True)
class AnswerReader:
    """Folds the chunks of one answer into events: feed each to `read`, then take `end`.

    `call_id` names our attempt; calls to which the API gave no id are numbered after it where the answer has no id.
    """

    provider: str
    call_id: str
    ignored: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    _started: bool = False
    _response_id: str | None = None
    _model: str | None = None
    _tier: str | None = None
    _word: str | None = None
    _block: str | None = None
    _counts: dict[str, Any] = field(default_factory=dict)
    _usage: Usage | None = None
    _metadata: dict[str, Any] = field(default_factory=dict)
    _next: int = 0
    _calls: int = 0
    _open: TextPart | ReasoningPart | None = None
    _open_index: int = 0
    _open_text: list[str] = field(default_factory=list)
    _texts: dict[int, TextPart] = field(default_factory=dict)

    def read(self, chunk: "types.GenerateContentResponse") -> Iterator[ProviderEvent]:
        """The events of one chunk."""
        self._response_id = chunk.response_id or self._response_id
        self._model = chunk.model_version or self._model
        if not self._started:
            self._started = True
            yield Started(response_id=self._response_id, model=self._model)
        if chunk.sdk_http_response is not None and chunk.sdk_http_response.headers:
            self._tier = chunk.sdk_http_response.headers.get("x-gemini-service-tier") or self._tier
        if chunk.prompt_feedback is not None:
            self._metadata["prompt_feedback"] = _plain(chunk.prompt_feedback)
            if chunk.prompt_feedback.block_reason is not None:
                self._block = chunk.prompt_feedback.block_reason.value
        for candidate in chunk.candidates or ():
            if not candidate.index:
                yield from self._candidate(candidate)
        if chunk.usage_metadata is not None:
            yield from self._count(chunk.usage_metadata)

    def end(self) -> Iterator[ProviderEvent]:
        """The last events. Raises `ProviderError` where the answer has no proper end, or was refused."""
        self._close()
        if self._word is None:
            self._fail_unfinished()
        has_calls, has_content = self._calls > 0, self._next > 0
        reason = read_finish(self._word, has_calls=has_calls, has_content=has_content, provider=self.provider)
        yield from self._cite()
        yield Finished(
            finish_reason=reason,
            usage=self._usage,
            model=self._model,
            response_id=self._response_id,
            raw_finish_reason=self._word,
            service_tier=self._tier,
            ignored=self.ignored,
            dropped=self.dropped,
            metadata=self._metadata,
        )

    def _candidate(self, candidate: "types.Candidate") -> Iterator[ProviderEvent]:
        content = candidate.content
        for part in (content.parts if content is not None else None) or ():
            yield from self._part(part)
        if candidate.finish_reason is not None:
            self._word = candidate.finish_reason.value
        for name, ours in _METADATA.items():
            value = getattr(candidate, name)
            if value is None:
                continue
            plain = _plain(value)
            before = self._metadata.get(ours)
            self._metadata[ours] = before | plain if isinstance(before, dict) and isinstance(plain, dict) else plain

    def _part(self, part: "types.Part") -> Iterator[ProviderEvent]:
        signature = _base64(part.thought_signature)
        if part.text is not None:
            yield from self._text(part.text, bool(part.thought), signature)
        elif part.function_call is not None:
            yield self._begin(self._call(part.function_call, signature))
        elif part.inline_data is not None:
            yield self._begin(decode_blob(part.inline_data, signature, self.provider))
        elif part.file_data is not None:
            yield self._begin(decode_file(part.file_data, signature, self.provider))
        else:
            payload = _plain(part)
            if signature is not None:
                payload["thoughtSignature"] = signature
            if payload.keys() - {"thoughtSignature", "thought"}:
                yield self._begin(ProviderPart(provider=self.provider, payload=payload))
            elif signature is not None:
                yield self._begin(ReasoningPart(redacted=signature, provider=self.provider))

    def _text(self, text: str, thought: bool, signature: str | None) -> Iterator[ProviderEvent]:
        # A signature belongs to exactly the text it came with: Google asks never to merge a signed part with another.
        if signature is not None and not text and not thought:
            yield self._begin(ReasoningPart(redacted=signature, provider=self.provider))
            return
        if not text and signature is None:
            return
        kind = ReasoningPart if thought else TextPart
        if signature is None and isinstance(self._open, kind):
            self._open_text.append(text)
            yield PartDelta(self._open_index, text)
            return
        stamp = self.provider if thought or signature else None
        part = kind(text=text if signature else "", signature=signature, provider=stamp)
        yield self._begin(part)
        if signature is None:
            self._open, self._open_index, self._open_text = part, self._next - 1, [text]
            yield PartDelta(self._open_index, text)

    def _call(self, call: "types.FunctionCall", signature: str | None) -> ToolCallPart:
        self._calls += 1
        return ToolCallPart(
            id=call.id or f"call_{self._response_id or self.call_id}_{self._calls}",
            name=call.name or "",
            arguments=json.dumps(call.args or {}, ensure_ascii=False),
            signature=signature,
            provider=self.provider if signature else None,
        )

    def _begin(self, part: Part) -> PartStarted:
        self._close()
        if isinstance(part, TextPart):
            self._texts[self._next] = part
        self._next += 1
        return PartStarted(self._next - 1, part)

    def _close(self) -> None:
        if isinstance(self._open, TextPart):
            self._texts[self._open_index] = self._open.model_copy(update={"text": "".join(self._open_text)})
        self._open = None

    def _count(self, usage: "types.GenerateContentResponseUsageMetadata") -> Iterator[ProviderEvent]:
        # Every chunk counts from the start, yet the last one may leave out what an earlier one said.
        self._counts |= usage.model_dump(mode="json", exclude_none=True)
        if usage.traffic_type is not None:
            self._tier = _TIERS.get(usage.traffic_type.value, usage.traffic_type.value.lower())
        queries = (self._metadata.get("grounding") or {}).get("webSearchQueries") or ()
        now = read_usage(self._counts, web_searches=len(queries))
        if now != self._usage and now.total:
            self._usage = now
            yield UsageReported(now)

    def _cite(self) -> Iterator[ProviderEvent]:
        indexes = list(self._texts)
        texts = [self._texts[index].text for index in indexes]
        cited: dict[int, list[Citation]] = {}
        for place, citation in (
            *find_citations(texts, self._metadata.get("grounding") or {}, self.provider),
            *find_recitations(texts, self._metadata.get("citation_metadata") or {}, self.provider),
        ):
            cited.setdefault(indexes[place], []).append(citation)
        for index, citations in cited.items():
            yield PartUpdated(index, self._texts[index].model_copy(update={"citations": tuple(citations)}))

    def _fail_unfinished(self) -> NoReturn:
        if self._block is not None:
            raise ProviderError(
                ErrorKind.CONTENT_REFUSED,
                f"{self.provider} refused the prompt ({self._block}): change it, or ask another model",
                provider=self.provider,
                provider_code=self._block,
            )
        raise ProviderError(
            ErrorKind.UNAVAILABLE,
            f"{self.provider} ended its stream without a finish reason: ask again",
            provider=self.provider,
        )


def _plain(value: "BaseModel | list[Any] | str | float") -> Any:
    """The SDK's object in the wire's own names, as JSON would hold it."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str | int | float):
        return value
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


def _base64(signature: bytes | None) -> str | None:
    return base64.b64encode(signature).decode("ascii") if signature else None
