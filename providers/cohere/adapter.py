"""Cohere, over the official SDK."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from contracts.errors import ErrorKind, ProviderError
from contracts.events import ProviderEvent
from contracts.requests import ModelRequest
from providers.cohere.client import build_client
from providers.cohere.decode import AnswerReader
from providers.cohere.encode_request import encode_request
from providers.cohere.errors import translate, translate_body
from providers.cohere.families import capabilities_of
from providers.cohere.whole import events_of
from providers.importing import built_apart
from providers.protocol import Capabilities, Health, ProviderConfig

if TYPE_CHECKING:
    import httpx
    from cohere import AsyncClientV2

HEALTH_SECONDS = 5.0


class CohereProvider:
    """`providers.protocol.Provider` for Cohere's v2 chat API (and whatever speaks it at `config.base_url`)."""

    def __init__(self, config: ProviderConfig) -> None:
        """Keeps the configuration; the SDK is imported and the client built at the first call, or by `warm`."""
        self._config = config
        self._built: tuple[AsyncClientV2, httpx.AsyncClient] | None = None

    @property
    def config(self) -> ProviderConfig:
        """How this provider is reached."""
        return self._config

    async def stream(self, request: ModelRequest, *, call_id: str) -> AsyncIterator[ProviderEvent]:
        """Call the model and yield its answer as it comes. Raises `ProviderError` for everything that goes wrong."""
        if request.prefill is not None:
            raise ProviderError(
                ErrorKind.INVALID_REQUEST,
                f"{self._config.name} does not go on from a text that was begun for it: ask for the whole answer",
                provider=self._config.name,
                field="prefill",
                prefill_refused=True,
            )
        encoded = encode_request(request, provider=self._config.name)
        reader = AnswerReader(
            provider=self._config.name,
            secret=self._config.api_key,
            ignored=encoded.ignored,
            dropped=encoded.dropped,
        )
        events = self._events(encoded.body, call_id)
        try:
            async for event in events:
                for ours in reader.read(event):
                    yield ours
            for ours in reader.end():
                yield ours
        except Exception as error:
            raise translate(error, provider=self._config.name, secret=self._config.api_key) from None
        finally:
            await events.aclose()

    async def check_health(self) -> Health:
        """Ask for the first model of the list, which bills nothing. Never raises."""
        begun = time.monotonic()
        try:
            # Importing the SDK is no part of the provider's answer.
            client = await self._client()
            async with asyncio.timeout(HEALTH_SECONDS):
                response = await client._client_wrapper.httpx_client.request(
                    "v1/models", method="GET", params={"page_size": 1}
                )
                self._raise_for(response)
        except TimeoutError:
            message = f"{self._config.name} did not list its models within {HEALTH_SECONDS:g} s"
            return Health(False, time.monotonic() - begun, message, kind=ErrorKind.TIMEOUT.value)
        except Exception as error:
            failure = translate(error, provider=self._config.name, secret=self._config.api_key)
            return Health(False, time.monotonic() - begun, failure.message, kind=failure.kind.value)
        return Health(True, time.monotonic() - begun, f"{self._config.name} lists its models")

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can take and give over this wire."""
        return capabilities_of(model)

    async def warm(self) -> None:
        """Import the SDK and build the client ahead of the first call. Raises `ProviderError` without a key."""
        await self._client()

    async def close(self) -> None:
        """Close the pooled connections. A later call opens new ones."""
        built, self._built = self._built, None
        if built is not None:
            await built[1].aclose()

    async def _events(self, body: dict[str, Any], call_id: str) -> AsyncGenerator[dict[str, Any]]:
        """The answer's events as JSON objects. Closes the connection whichever way it ends.

        The SDK's own `chat_stream` drops, with a warning that quotes it, whatever its models do not know; its HTTP client and its
        reader of event streams serve without them.
        """
        client = await self._client()
        from cohere.core.http_sse._api import EventSource

        call = client._client_wrapper.httpx_client.stream(
            "v2/chat",
            method="POST",
            json={**body, "stream": True},
            headers={"content-type": "application/json", "X-Client-Request-Id": call_id},
        )
        async with call as response:
            if response.is_error or "json" in response.headers.get("content-type", ""):
                await response.aread()
                self._raise_for(response)
                # Not streamed: a gateway does not care.
                for event in events_of(self._whole(json.loads(response.text))):
                    yield event
                return
            told = EventSource(response).aiter_sse()
            try:
                async for one in told:
                    if one.data == "[DONE]":
                        return
                    said = json.loads(one.data) if one.data else None
                    if isinstance(said, dict):
                        yield said
            finally:
                # Left to the garbage collector, it would be closed on a loop that may be gone.
                if isinstance(told, AsyncGenerator):
                    await told.aclose()

    def _raise_for(self, response: "httpx.Response") -> None:
        if response.is_error:
            raise translate_body(
                response.status_code,
                response.text,
                response.headers,
                provider=self._config.name,
                secret=self._config.api_key,
            )

    def _whole(self, body: Any) -> dict[str, Any]:
        if not isinstance(body, dict) or not isinstance(body.get("message"), dict):
            raise translate_body(None, body, {}, provider=self._config.name, secret=self._config.api_key)
        return body

    async def _client(self) -> "AsyncClientV2":
        if self._built is None:
            await built_apart(self._build)
        assert self._built is not None
        return self._built[0]

    def _build(self) -> None:
        if self._built is None:
            self._built = build_client(self._config)
