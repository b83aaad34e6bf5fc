"""The chat wire's chunks as events. A whole completion that was not streamed is one chunk.

Source: platform.openai.com/docs/api-reference/chat-streaming, and recordings of the servers that resemble it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.events import Finished, FinishReason, ProviderEvent, Started, UsageReported
from contracts.parts import BytesSource, Citation, ImagePart, RefusalPart, TextPart, UrlSource
from contracts.usage import Usage
from providers.openai.answer_parts import AnswerParts
from providers.openai.chat_calls import CallsReader
from providers.openai.chat_reasoning import ReasoningReader
from providers.openai.citations import read_annotation, read_links
from providers.openai.encoding import Encoded
from providers.openai.finish import read_finish, unfinished
from providers.openai.shapes import as_dict, as_dicts, as_list, as_text
from providers.openai.usage import read_usage

_METADATA = {
    "system_fingerprint": "system_fingerprint",
    "moderation": "moderation",
    "prompt_filter_results": "prompt_filter_results",
    "provider": "upstream_provider",
}
"""A chunk's facts beside its choices, and their names in `Finished.metadata`."""

_CHOICE_METADATA = ("content_filter_results", "stop_reason")


@dataclass(slots=True)
class ChatReader:
    """Folds the chunks of one answer into events: feed each to `read`, then take `end`. Only the first choice is read."""

    provider: str
    call_id: str
    encoded: Encoded
    _parts: AnswerParts = field(default_factory=AnswerParts)
    _calls: CallsReader = field(init=False)
    _reasoning: ReasoningReader = field(init=False)
    _started: bool = False
    _response_id: str | None = None
    _model: str | None = None
    _tier: str | None = None
    _word: str | None = None
    _whole: bool = False
    _usage: Usage | None = None
    _text: int | None = None
    _refusal: int | None = None
    _citations: list[Citation] = field(default_factory=list)
    _links: tuple[Citation, ...] = ()
    _logprobs: list[Any] = field(default_factory=list)
    _metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._calls = CallsReader(self.provider, self.call_id, self._parts)
        self._reasoning = ReasoningReader(self.provider, self._parts)

    def read_whole(self, body: dict[str, Any]) -> Iterator[ProviderEvent]:
        """The events of a body that was not streamed."""
        self._whole = bool(as_dicts(body.get("choices")))
        yield from self.read(body)

    def read(self, chunk: dict[str, Any]) -> Iterator[ProviderEvent]:
        """The events of one chunk."""
        self._response_id = as_text(chunk.get("id")) or self._response_id
        self._model = as_text(chunk.get("model")) or self._model
        self._tier = as_text(chunk.get("service_tier")) or self._tier
        if not self._started:
            self._started = True
            yield Started(response_id=self._response_id, model=self._model)
        for name, ours in _METADATA.items():
            if chunk.get(name):
                self._metadata[ours] = chunk[name]
        self._links = read_links(as_list(chunk.get("citations")), self.provider) or self._links
        usage = as_dict(chunk.get("usage")) or as_dict(as_dict(chunk.get("x_groq")).get("usage"))
        for choice in as_dicts(chunk.get("choices")):
            if choice.get("index") in (0, None):
                yield from self._choice(choice)
                usage = usage or as_dict(choice.get("usage"))
        if usage:
            yield from self._count(usage)

    def end(self) -> Iterator[ProviderEvent]:
        """The last events. Raises `ProviderError` where the answer has no proper end."""
        if not self._word and not self._whole:
            raise unfinished(self.provider)
        if self._word:
            reason = read_finish(self._word, self.provider)
        else:
            # A whole body is not cut; some servers leave its finish reason empty.
            reason = FinishReason.TOOL_CALLS if self._parts.has_calls else FinishReason.STOP
        yield from self._reasoning.close()
        citations = tuple(self._citations) or self._links
        last = self._parts.last_text()
        if citations and last is not None and (update := self._parts.change(last, citations=citations)):
            yield update
        if self._logprobs:
            self._metadata["logprobs"] = self._logprobs
        yield Finished(
            finish_reason=reason,
            usage=self._usage,
            model=self._model,
            response_id=self._response_id,
            raw_finish_reason=self._word,
            service_tier=self._tier,
            ignored=self.encoded.ignored,
            dropped=self.encoded.dropped,
            metadata=self._metadata,
        )

    def _choice(self, choice: dict[str, Any]) -> Iterator[ProviderEvent]:
        yield from self._delta(as_dict(choice.get("delta")) or as_dict(choice.get("message")))
        self._word = as_text(choice.get("finish_reason")) or self._word
        self._logprobs += as_list(as_dict(choice.get("logprobs")).get("content"))
        for name in _CHOICE_METADATA:
            if choice.get(name):
                self._metadata[name] = choice[name]

    def _delta(self, delta: dict[str, Any]) -> Iterator[ProviderEvent]:
        thought = list(self._reasoning.read(delta))
        if thought:
            self._text = None
        yield from thought
        content = delta.get("content")
        for piece in content if isinstance(content, list) else [content]:
            yield from self._content(piece)
        if refusal := as_text(delta.get("refusal")):
            yield from self._refuse(refusal)
        yield from self._calls.read(delta)
        for image in as_dicts(delta.get("images")):
            yield from self._image(image)
        self._citations += [read_annotation(one, self.provider) for one in as_dicts(delta.get("annotations"))]
        if delta.get("executed_tools"):
            self._metadata["executed_tools"] = delta["executed_tools"]

    def _content(self, piece: object) -> Iterator[ProviderEvent]:
        """Content is a text; Mistral's may be a list of pieces, of thought among them."""
        match piece:
            case str() if piece:
                yield from self._say(piece)
            case {"type": "text", "text": str(text)} if text:
                yield from self._say(text)
            case {"type": "thinking", "thinking": thinking}:
                self._text = None
                texts = [as_text(one.get("text")) for one in as_dicts(thinking)]
                yield from self._reasoning.think("thinking", "".join(texts))
            case {"type": "image_url", **image}:
                yield from self._image(image)
            case _:
                pass

    def _say(self, text: str) -> Iterator[ProviderEvent]:
        self._reasoning.pause()
        if self._text is None:
            begun = self._parts.begin(TextPart(text=""))
            self._text = begun.index
            yield begun
        yield from self._parts.append(self._text, text)

    def _refuse(self, text: str) -> Iterator[ProviderEvent]:
        if self._refusal is None:
            begun = self._parts.begin(RefusalPart(text=""))
            self._refusal = begun.index
            yield begun
        yield from self._parts.append(self._refusal, text)

    def _image(self, image: dict[Any, Any]) -> Iterator[ProviderEvent]:
        """An image that the model drew, as OpenRouter gives it: a data URL as a rule."""
        url = as_text(as_dict(image.get("image_url")).get("url"))
        head, comma, content = url.partition(",")
        if head.startswith("data:") and comma:
            media_type = head.removeprefix("data:").partition(";")[0]
            yield self._parts.begin(
                ImagePart(source=BytesSource(media_type=media_type, content=content), provider=self.provider)
            )
        elif url:
            yield self._parts.begin(ImagePart(source=UrlSource(url=url), provider=self.provider))

    def _count(self, body: dict[str, Any]) -> Iterator[ProviderEvent]:
        searches = as_dict(body.get("server_tool_use_details")).get("web_search_requests")
        usage = read_usage(body, web_searches=searches if isinstance(searches, int) else 0)
        if isinstance(body.get("cost"), int | float):
            # The router's own account, as text: money is never a float.
            self._metadata["provider_cost"] = str(body["cost"])
        if usage != self._usage:
            self._usage = usage
            yield UsageReported(usage)
