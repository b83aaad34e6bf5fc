"""OpenAI's batch API: a file of requests, and a batch over it that carries our marker in its metadata.

Source: platform.openai.com/docs/guides/batch (50,000 requests and 200 MB at most, one model in each batch).
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from contracts.errors import ErrorKind, ProviderError
from contracts.requests import ModelRequest
from providers.batching import BatchBounds, BatchEntry, BatchLook, BatchResult, folded
from providers.collect import Answer
from providers.openai.chat_answer import ChatReader
from providers.openai.encoding import Encoded
from providers.openai.errors import translate, translate_body
from providers.openai.responses_answer import ResponsesReader
from providers.openai.wire_choice import Path
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    from openai import AsyncOpenAI

Encode = Callable[[ModelRequest], tuple[Path, Encoded]]
BOUNDS = BatchBounds(requests=50_000, bytes=100_000_000)
_URLS: dict[Path, Literal["/v1/chat/completions", "/v1/responses"]] = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
}
_ENDED = frozenset({"completed", "expired", "cancelled", "failed"})
_STREAMING = ("stream", "stream_options", "service_tier")
"""Fields of a request that have no meaning in a batch, which is a tier of its own."""
_MARKER = "perdure_part"
_CLOCK_SLACK = timedelta(minutes=5)


class OpenAIBatches:
    """`providers.batching.BatchPort` over the SDK's client."""

    bounds = BOUNDS

    def __init__(self, config: ProviderConfig, client: Callable[[], Awaitable["AsyncOpenAI"]], encode: Encode) -> None:
        self._config = config
        self._client = client
        self._encode = encode

    def sort_of(self, request: ModelRequest) -> str:
        """Which of the two wires carries it."""
        return self._encode(request)[0]

    async def submit(self, marker: str, entries: Sequence[BatchEntry], *, sort: str) -> str:
        """Upload the requests and make a batch of them."""
        path: Path = "responses" if sort == "responses" else "chat"
        lines = (self._line(entry, path) for entry in entries)
        content = b"".join(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for line in lines)
        try:
            client = await self._client()
            file = await client.files.create(file=(f"perdure-{marker}.jsonl", content), purpose="batch")
            batch = await client.batches.create(
                input_file_id=file.id, endpoint=_URLS[path], completion_window="24h", metadata={_MARKER: marker}
            )
        except Exception as error:
            raise self._translated(error) from None
        return batch.id

    async def find(self, marker: str, *, count: int, since: datetime) -> str | None:
        """The newest batches are looked through for the marker."""
        oldest = (since - _CLOCK_SLACK).timestamp()
        try:
            client = await self._client()
            async for batch in await client.batches.list(limit=100):
                if (batch.metadata or {}).get(_MARKER) == marker:
                    return batch.id
                if batch.created_at < oldest:
                    return None
        except Exception as error:
            raise self._translated(error) from None
        return None

    async def look(self, batch_id: str) -> BatchLook:
        """How far the batch is."""
        try:
            batch = await (await self._client()).batches.retrieve(batch_id)
        except Exception as error:
            raise self._translated(error) from None
        said = [one.message for one in (batch.errors.data if batch.errors else None) or () if one.message]
        return BatchLook(batch.status in _ENDED, said[0] if batch.status == "failed" and said else None)

    async def results(self, batch_id: str) -> AsyncIterator[BatchResult]:
        """The lines of the output file, then those of the error file."""
        try:
            client = await self._client()
            batch = await client.batches.retrieve(batch_id)
            for file_id in (batch.output_file_id, batch.error_file_id):
                if file_id is not None:
                    content = await client.files.content(file_id)
                    for line in content.read().splitlines():
                        if line.strip():
                            yield self._result(json.loads(line))
        except Exception as error:
            raise self._translated(error) from None

    def answer(self, request: ModelRequest, body: Any, *, sort: str) -> Answer:
        """The answer in the body of a whole response."""
        encoded = self._encode(request)[1]
        name = self._config.name
        reader: ChatReader | ResponsesReader
        match sort:
            case "chat":
                reader = ChatReader(name, "batch", encoded)
            case _:
                reader = ResponsesReader(name, self._config.api_key, encoded)
        try:
            return folded([*reader.read_whole(body), *reader.end()], name)
        except Exception as error:
            raise self._translated(error) from None

    async def cancel(self, batch_id: str) -> None:
        """Cancel the batch."""
        try:
            await (await self._client()).batches.cancel(batch_id)
        except Exception as error:
            raise self._translated(error) from None

    def _line(self, entry: BatchEntry, path: Path) -> dict[str, Any]:
        body = {name: value for name, value in self._encode(entry.request)[1].body.items() if name not in _STREAMING}
        return {"custom_id": entry.name, "method": "POST", "url": _URLS[path], "body": body}

    def _result(self, line: dict[str, Any]) -> BatchResult:
        name, response, error = str(line.get("custom_id")), line.get("response"), line.get("error") or {}
        if response and response.get("status_code") == 200:
            return BatchResult(name, "answered", body=response.get("body"))
        if response:
            failed = translate_body(
                response.get("status_code"),
                response.get("body"),
                {},
                provider=self._config.name,
                secret=self._config.api_key,
            )
            return BatchResult(name, "failed", error=failed)
        code = error.get("code")
        if code == "batch_cancelled":
            return BatchResult(name, "cancelled")
        if code == "batch_expired":
            return BatchResult(name, "expired")
        message = f"{self._config.name} could not process a request of a batch ({code})"
        failed = ProviderError(ErrorKind.UNAVAILABLE, message, provider=self._config.name)
        return BatchResult(name, "failed", error=failed)

    def _translated(self, error: Exception) -> ProviderError:
        return translate(error, provider=self._config.name, secret=self._config.api_key)
