"""Anthropic's message batches. They take no name of ours, so a batch is known by the names of its requests.

Source: platform.claude.com/docs/en/build-with-claude/batch-processing (100,000 requests and 256 MB at most).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from contracts.errors import ErrorKind, ProviderError
from contracts.requests import ModelRequest
from providers.anthropic.decode import AnswerReader
from providers.anthropic.encode_request import encode_request
from providers.anthropic.errors import translate, translate_body
from providers.anthropic.whole import events_of
from providers.batching import BatchBounds, BatchEntry, BatchLook, BatchResult, folded
from providers.collect import Answer
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

BOUNDS = BatchBounds(requests=100_000, bytes=100_000_000)
_PATH = "/v1/messages/batches"
_CLOCK_SLACK = timedelta(minutes=5)
_LEFT_OUT = ("stream", "service_tier")


class AnthropicBatches:
    """`providers.batching.BatchPort` over the SDK's client."""

    bounds = BOUNDS

    def __init__(self, config: ProviderConfig, client: Callable[[], Awaitable["AsyncAnthropic"]]) -> None:
        self._config = config
        self._client = client

    def sort_of(self, request: ModelRequest) -> str:
        """The headers that it needs, which a batch has for all its requests."""
        return ",".join(encode_request(request, provider=self._config.name).betas)

    async def submit(self, marker: str, entries: Sequence[BatchEntry], *, sort: str) -> str:
        """Make a batch. Each request's name is to begin with the marker."""
        requests = [{"custom_id": entry.name, "params": self._params(entry.request)} for entry in entries]
        headers = {"anthropic-beta": sort} if sort else {}
        try:
            client = await self._client()
            # Our fields are the wire's already: nothing that a newer model takes is lost.
            made: Any = await client.post(
                _PATH, cast_to=object, body={"requests": requests}, options={"headers": headers}
            )
        except Exception as error:
            raise self._translated(error) from None
        return str(made["id"])

    async def find(self, marker: str, *, count: int, since: datetime) -> str | None:
        """Whether a batch is ours is told by its first result, so one that could be and has none yet has to be waited for."""
        oldest, waits = since - _CLOCK_SLACK, False
        try:
            client = await self._client()
            async for batch in await client.messages.batches.list(limit=100):
                if batch.created_at < oldest:
                    break
                counts = batch.request_counts
                total = counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
                if total != count or batch.archived_at is not None:
                    continue
                if batch.processing_status != "ended":
                    waits = True
                    continue
                async for result in await client.messages.batches.results(batch.id):
                    if result.custom_id.startswith(marker):
                        return batch.id
                    break
        except Exception as error:
            raise self._translated(error) from None
        if waits:
            message = f"{self._config.name} works on a batch that may be this one; its results will tell"
            raise ProviderError(ErrorKind.UNAVAILABLE, message, provider=self._config.name)
        return None

    async def look(self, batch_id: str) -> BatchLook:
        """How far the batch is."""
        try:
            batch = await (await self._client()).messages.batches.retrieve(batch_id)
        except Exception as error:
            raise self._translated(error) from None
        return BatchLook(batch.processing_status == "ended")

    async def results(self, batch_id: str) -> AsyncIterator[BatchResult]:
        """The results as they are read."""
        try:
            async for line in await (await self._client()).messages.batches.results(batch_id):
                yield self._result(line.to_dict(mode="json"))
        except Exception as error:
            raise self._translated(error) from None

    def answer(self, request: ModelRequest, body: Any, *, sort: str) -> Answer:
        """The answer in a whole message."""
        encoded = encode_request(request, provider=self._config.name)
        reader = AnswerReader(provider=self._config.name, ignored=encoded.ignored, dropped=encoded.dropped)
        try:
            events = [ours for event in events_of(body) for ours in reader.read(event)]
            return folded([*events, *reader.end()], self._config.name)
        except Exception as error:
            raise self._translated(error) from None

    async def cancel(self, batch_id: str) -> None:
        """Cancel the batch."""
        try:
            await (await self._client()).messages.batches.cancel(batch_id)
        except Exception as error:
            raise self._translated(error) from None

    def _params(self, request: ModelRequest) -> dict[str, Any]:
        body = encode_request(request, provider=self._config.name).body
        return {name: value for name, value in body.items() if name not in _LEFT_OUT}

    def _result(self, line: dict[str, Any]) -> BatchResult:
        name, result = str(line.get("custom_id")), line.get("result") or {}
        match result.get("type"):
            case "succeeded":
                return BatchResult(name, "answered", body=result.get("message"))
            case "expired":
                return BatchResult(name, "expired")
            case "canceled":
                return BatchResult(name, "cancelled")
            case _:
                failed = translate_body(
                    None, result.get("error"), {}, provider=self._config.name, secret=self._config.api_key
                )
                return BatchResult(name, "failed", error=failed)

    def _translated(self, error: Exception) -> ProviderError:
        return translate(error, provider=self._config.name, secret=self._config.api_key)
