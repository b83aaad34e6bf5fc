"""The responses wire's events as ours. A whole response that was not streamed is read by its items alone.

Source: platform.openai.com/docs/api-reference/responses-streaming, and recorded streams.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.errors import ErrorKind, ProviderError
from contracts.events import Finished, FinishReason, ProviderEvent, Started, UsageReported
from contracts.usage import Usage
from providers.openai.answer_parts import AnswerParts
from providers.openai.encoding import Encoded
from providers.openai.errors import translate_body
from providers.openai.finish import read_incomplete, unfinished
from providers.openai.responses_output import ItemReader
from providers.openai.shapes import as_dict, as_dicts, as_list, as_text
from providers.openai.usage import read_usage

_METADATA = ("moderation", "tool_usage", "billing")
"""A response's facts beside its items that are kept in `Finished.metadata`."""

_ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")
_COMPLETE = ("completed", "complete")


@dataclass(slots=True)
class ResponsesReader:
    """Folds one response into events: feed each event to `read` (or the body to `read_whole`), then take `end`."""

    provider: str
    secret: str
    encoded: Encoded
    _parts: AnswerParts = field(default_factory=AnswerParts)
    _items: dict[int, ItemReader] = field(default_factory=dict)
    _started: bool = False
    _response: dict[str, Any] | None = None
    _usage: Usage | None = None

    def read_whole(self, body: dict[str, Any]) -> Iterator[ProviderEvent]:
        """The events of a body that was not streamed."""
        yield from self._start(body)
        yield from self._close(body)

    def read(self, event: dict[str, Any]) -> Iterator[ProviderEvent]:
        """The events of one event of the wire. Raises `ProviderError` for one that tells a failure."""
        name = as_text(event.get("type"))
        if name in _ENDS:
            yield from self._start(as_dict(event.get("response")))
            yield from self._close(as_dict(event.get("response")))
        elif name == "error":
            raise translate_body(None, event, {}, provider=self.provider, secret=self.secret)
        elif "response" in event:
            yield from self._start(as_dict(event["response"]))
        elif isinstance(place := event.get("output_index"), int):
            item = self._items.get(place)
            if item is None:
                # The place was announced with its item as a rule; what comes unannounced says what it is by its own name.
                item = self._items[place] = ItemReader(self.provider, self._parts)
            yield from item.read(name, event)

    def end(self) -> Iterator[ProviderEvent]:
        """The last events. Raises `ProviderError` where the response has no proper end."""
        response = self._response
        if response is None:
            raise unfinished(self.provider)
        word, reason = self._finish(response)
        yield Finished(
            finish_reason=reason,
            usage=self._usage,
            model=as_text(response.get("model")) or None,
            response_id=as_text(response.get("id")) or None,
            raw_finish_reason=word,
            service_tier=as_text(response.get("service_tier")) or None,
            ignored=self.encoded.ignored,
            dropped=self.encoded.dropped,
            metadata=self._metadata(response),
        )

    def _start(self, response: dict[str, Any]) -> Iterator[ProviderEvent]:
        if not self._started:
            self._started = True
            yield Started(response_id=as_text(response.get("id")) or None, model=as_text(response.get("model")) or None)

    def _close(self, response: dict[str, Any]) -> Iterator[ProviderEvent]:
        """Take the whole response: what no event told, and the usage."""
        self._response = response
        for place, item in enumerate(as_dicts(response.get("output"))):
            reader = self._items.get(place)
            if reader is None:
                reader = self._items[place] = ItemReader(self.provider, self._parts)
            yield from reader.finish(item)
        body = as_dict(response.get("usage"))
        if body:
            self._usage = read_usage(
                body, web_searches=self._searches(response), file_searches=self._file_searches(response)
            )
            yield UsageReported(self._usage)

    def _finish(self, response: dict[str, Any]) -> tuple[str, FinishReason]:
        """The vendor's word and ours. Raises where the response failed, or is not there yet."""
        status = as_text(response.get("status"))
        error = as_dict(response.get("error"))
        if status == "failed" or error:
            raise translate_body(None, {"error": error}, {}, provider=self.provider, secret=self.secret)
        if status == "incomplete":
            word = as_text(as_dict(response.get("incomplete_details")).get("reason"))
            return word or status, read_incomplete(word)
        # Some servers that speak this wire leave the status out of a whole body.
        if status in _COMPLETE or (not status and as_list(response.get("output"))):
            return status, FinishReason.TOOL_CALLS if self._parts.has_calls else FinishReason.STOP
        raise ProviderError(
            ErrorKind.UNAVAILABLE,
            f"{self.provider} sent a response that is {status or 'empty'}, not completed: ask again",
            provider=self.provider,
            provider_code=status or None,
        )

    def _searches(self, response: dict[str, Any]) -> int:
        """Searches that are billed by call: OpenAI's own count, or the searching calls among the items."""
        counted = as_dict(as_dict(response.get("tool_usage")).get("web_search")).get("num_requests")
        if isinstance(counted, int):
            return counted
        calls = [item for item in as_dicts(response.get("output")) if item.get("type") == "web_search_call"]
        return sum(1 for call in calls if as_dict(call.get("action")).get("type", "search") == "search")

    def _file_searches(self, response: dict[str, Any]) -> int:
        """Searches of the caller's files, which are billed by call."""
        return sum(1 for item in as_dicts(response.get("output")) if item.get("type") == "file_search_call")

    def _metadata(self, response: dict[str, Any]) -> dict[str, Any]:
        metadata = {name: response[name] for name in _METADATA if response.get(name)}
        logprobs = [
            logprob
            for item in as_dicts(response.get("output"))
            for content in as_dicts(item.get("content"))
            for logprob in as_list(content.get("logprobs"))
        ]
        return {**metadata, "logprobs": logprobs} if logprobs else metadata
