"""Gemini, over the official SDK."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from contracts.catalog import DiscoveredModel
from contracts.errors import ErrorKind, ProviderError
from contracts.events import ProviderEvent
from contracts.requests import ModelRequest
from providers.batching import BatchPort
from providers.google.batches import GoogleBatches
from providers.google.client import VENDOR_URL, VERTEX, build_client, opened
from providers.google.decode import AnswerReader
from providers.google.encode_request import EncodedRequest, encode_request
from providers.google.errors import translate
from providers.google.families import capabilities_of
from providers.google.listing import list_models
from providers.importing import built_apart
from providers.protocol import Capabilities, Health, ProviderConfig

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client, types

HEALTH_SECONDS = 5.0


class GoogleProvider:
    """`providers.protocol.Provider` for the Gemini API, for Vertex, and for whatever speaks them at `config.base_url`."""

    def __init__(self, config: ProviderConfig) -> None:
        """Keeps the configuration; the SDK is imported and the client built at the first call, or by `warm`."""
        self._config = config
        self._built: tuple[Client, httpx2.AsyncClient] | None = None

    @property
    def config(self) -> ProviderConfig:
        """How this provider is reached."""
        return self._config

    async def stream(self, request: ModelRequest, *, call_id: str) -> AsyncIterator[ProviderEvent]:
        """Call the model and yield its answer as it comes. Raises `ProviderError` for everything that goes wrong."""
        self._check(request)
        encoded = encode_request(request, provider=self._config.name)
        reader = AnswerReader(
            provider=self._config.name, call_id=call_id, ignored=encoded.ignored, dropped=encoded.dropped
        )
        chunks = self._chunks(request.model.model, encoded, call_id)
        try:
            async for chunk in chunks:
                for event in reader.read(chunk):
                    yield event
        finally:
            await chunks.aclose()
        for event in reader.end():
            yield event

    async def check_health(self) -> Health:
        """Ask for the first model of the list, which bills nothing. Never raises."""
        begun = time.monotonic()
        try:
            # Importing the SDK is no part of the provider's answer.
            client = await self._client()
            async with asyncio.timeout(HEALTH_SECONDS):
                await client.aio.models.list(config={"page_size": 1})
        except TimeoutError:
            message = f"{self._config.name} did not list its models within {HEALTH_SECONDS:g} s"
            return Health(False, time.monotonic() - begun, message, kind=ErrorKind.TIMEOUT.value)
        except Exception as error:
            failure = translate(error, provider=self._config.name, secret=self._config.api_key)
            return Health(False, time.monotonic() - begun, failure.message, kind=failure.kind.value)
        return Health(True, time.monotonic() - begun, f"{self._config.name} lists its models")

    async def list_models(self) -> tuple[DiscoveredModel, ...]:
        """The models that the key may use, with what the API says of each. Raises `ProviderError`."""
        try:
            return await list_models(await self._client())
        except Exception as error:
            raise translate(error, provider=self._config.name, secret=self._config.api_key) from None

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can take and give over this wire."""
        return capabilities_of(model)

    def batches(self) -> BatchPort | None:
        """The batch API of Gemini; Vertex has another, over buckets."""
        if self._config.vendor == VERTEX:
            return None
        if not self._config.simulated and self._config.base_url not in (None, VENDOR_URL):
            return None
        return GoogleBatches(self._config, self._client)

    async def warm(self) -> None:
        """Import the SDK and build the client ahead of the first call. Raises `ProviderError` without a credential."""
        await self._client()

    async def close(self) -> None:
        """Close the pooled connections. A later call opens new ones."""
        built, self._built = self._built, None
        if built is not None:
            client, http = built
            client.close()
            await http.aclose()

    def _check(self, request: ModelRequest) -> None:
        """Refuse what no translation could mend."""
        model = request.model.model
        if ".." in model or any(mark in model for mark in "?&# "):
            raise ProviderError(
                ErrorKind.INVALID_REQUEST,
                f"{model!r} cannot be a model's name",
                provider=self._config.name,
                field="model",
            )
        if request.prefill is not None:
            raise ProviderError(
                ErrorKind.INVALID_REQUEST,
                f"{model} does not go on from a text that was begun for it: ask for the whole answer",
                provider=self._config.name,
                field="prefill",
                prefill_refused=True,
            )

    async def _chunks(
        self, model: str, encoded: EncodedRequest, call_id: str
    ) -> "AsyncGenerator[types.GenerateContentResponse, None]":
        """The SDK's chunks, with its errors translated and its connection closed whichever way it ends."""
        responses: list[httpx2.Response] = []
        chunks: AsyncIterator[types.GenerateContentResponse] | None = None
        try:
            client = await self._client()
            # The request is sent by the first step, which is the only one that needs to see `responses`.
            token = opened.set(responses)
            try:
                chunks = await self._open(client, model, encoded, call_id)
                chunk = await anext(chunks, None)
            finally:
                opened.reset(token)
            while chunk is not None:
                yield chunk
                chunk = await anext(chunks, None)
        except Exception as error:
            raise translate(error, provider=self._config.name, secret=self._config.api_key) from None
        finally:
            for response in responses:
                await response.aclose()
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()

    async def _open(
        self, client: "Client", model: str, encoded: EncodedRequest, call_id: str
    ) -> "AsyncIterator[types.GenerateContentResponse]":
        from google.genai import types

        return await client.aio.models.generate_content_stream(
            model=model,
            # The SDK insists on contents; `extra_body` puts ours, which are the wire's already, in their place.
            contents=".",
            config=types.GenerateContentConfig(
                http_options=types.HttpOptions(headers={"X-Client-Request-Id": call_id}, extra_body=dict(encoded.body)),
                automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
                # A continuation is another, billed request.
                automatic_continuation=False,
            ),
        )

    async def _client(self) -> "Client":
        if self._built is None:
            await built_apart(self._build)
        assert self._built is not None
        return self._built[0]

    def _build(self) -> None:
        if self._built is None:
            self._built = build_client(self._config)
