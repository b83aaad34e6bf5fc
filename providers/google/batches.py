"""Gemini's batches: requests that are sent along, and a display name that is our marker.

Source: ai.google.dev/gemini-api/docs/batch-api (20 MB at most where the requests are sent along).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from contracts.errors import ProviderError
from contracts.requests import ModelRequest
from providers.batching import BatchBounds, BatchEntry, BatchLook, BatchResult, folded
from providers.collect import Answer
from providers.google.decode import AnswerReader
from providers.google.encode_request import encode_request
from providers.google.errors import translate, translate_status
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    from google.genai import Client

BOUNDS = BatchBounds(requests=20_000, bytes=10_000_000)
_ENDED = frozenset(
    f"JOB_STATE_{word}" for word in ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "PARTIALLY_SUCCEEDED")
)
_CLOCK_SLACK = timedelta(minutes=5)
_STATUS = {3: 400, 5: 404, 7: 403, 8: 429, 13: 500, 14: 503, 16: 401}
"""HTTP's numbers for gRPC's, either of which an error of a result may have."""


class GoogleBatches:
    """`providers.batching.BatchPort` over the SDK's client, for the Gemini API."""

    bounds = BOUNDS

    def __init__(self, config: ProviderConfig, client: Callable[[], Awaitable["Client"]]) -> None:
        self._config = config
        self._client = client

    def sort_of(self, request: ModelRequest) -> str:
        """All of a model may go together."""
        encode_request(request, provider=self._config.name)
        return ""

    async def submit(self, marker: str, entries: Sequence[BatchEntry], *, sort: str) -> str:
        """Make a batch."""
        from google.genai import types

        requests = [
            {
                "request": dict(encode_request(entry.request, provider=self._config.name).body),
                "metadata": {"key": entry.name},
            }
            for entry in entries
        ]
        try:
            job = await (await self._client()).aio.batches.create(
                model=entries[0].request.model.model,
                # The SDK insists on requests of its own; `extra_body` puts ours, which are the wire's already, in their place.
                src=[types.InlinedRequest(contents=".")],
                config=types.CreateBatchJobConfig(
                    display_name=marker,
                    http_options=types.HttpOptions(
                        extra_body={"batch": {"inputConfig": {"requests": {"requests": requests}}}}
                    ),
                ),
            )
        except Exception as error:
            raise self._translated(error) from None
        return job.name or ""

    async def find(self, marker: str, *, count: int, since: datetime) -> str | None:
        """The newest batches are looked through for the marker."""
        oldest = since - _CLOCK_SLACK
        try:
            async for job in await (await self._client()).aio.batches.list(config={"page_size": 100}):
                if job.display_name == marker:
                    return job.name
                if job.create_time is not None and job.create_time < oldest:
                    return None
        except Exception as error:
            raise self._translated(error) from None
        return None

    async def look(self, batch_id: str) -> BatchLook:
        """How far the batch is."""
        try:
            job = await (await self._client()).aio.batches.get(name=batch_id)
        except Exception as error:
            raise self._translated(error) from None
        state = job.state.value if job.state else ""
        refused = job.error.message if job.error and state == "JOB_STATE_FAILED" else None
        return BatchLook(state in _ENDED, refused)

    async def results(self, batch_id: str) -> AsyncIterator[BatchResult]:
        """The answers that came with the batch."""
        try:
            job = await (await self._client()).aio.batches.get(name=batch_id)
        except Exception as error:
            raise self._translated(error) from None
        for one in (job.dest.inlined_responses if job.dest else None) or ():
            name = str((one.metadata or {}).get("key", ""))
            if one.response is not None:
                yield BatchResult(name, "answered", body=one.response)
                continue
            said = one.error
            code = int(said.code) if said is not None and said.code is not None else 500
            details = {"error": {"code": code, "message": (said.message if said else None) or ""}}
            failed = translate_status(
                _STATUS.get(code, code), details, {}, provider=self._config.name, secret=self._config.api_key
            )
            yield BatchResult(name, "failed", error=failed)

    def answer(self, request: ModelRequest, body: Any, *, sort: str) -> Answer:
        """The answer in a whole response."""
        name = self._config.name
        encoded = encode_request(request, provider=name)
        reader = AnswerReader(provider=name, call_id="batch", ignored=encoded.ignored, dropped=encoded.dropped)
        try:
            return folded([*reader.read(body), *reader.end()], name)
        except Exception as error:
            raise self._translated(error) from None

    async def cancel(self, batch_id: str) -> None:
        """Cancel the batch."""
        try:
            await (await self._client()).aio.batches.cancel(name=batch_id)
        except Exception as error:
            raise self._translated(error) from None

    def _translated(self, error: Exception) -> ProviderError:
        return translate(error, provider=self._config.name, secret=self._config.api_key)
