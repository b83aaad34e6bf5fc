"""Claude, over the official SDK."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from contracts.catalog import DiscoveredModel
from contracts.errors import ErrorKind, ProviderError
from contracts.events import ProviderEvent
from contracts.requests import ModelRequest
from providers.anthropic.batches import AnthropicBatches
from providers.anthropic.client import VENDOR_URL, build_client
from providers.anthropic.decode import AnswerReader
from providers.anthropic.encode_request import EncodedRequest, encode_request
from providers.anthropic.errors import translate, translate_body
from providers.anthropic.families import capabilities_of, family_of
from providers.anthropic.listing import list_models
from providers.anthropic.whole import events_of
from providers.batching import BatchPort
from providers.importing import built_apart
from providers.protocol import Capabilities, Health, ProviderConfig

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncStream

HEALTH_SECONDS = 5.0


class AnthropicProvider:
    """`providers.protocol.Provider` for the Claude API (and whatever speaks it at `config.base_url`)."""

    def __init__(self, config: ProviderConfig) -> None:
        """Keeps the configuration; the SDK is imported and the client built at the first call, or by `warm`."""
        self._config = config
        self._built: AsyncAnthropic | None = None

    @property
    def config(self) -> ProviderConfig:
        """How this provider is reached."""
        return self._config

    async def stream(self, request: ModelRequest, *, call_id: str) -> AsyncIterator[ProviderEvent]:
        """Call the model and yield its answer as it comes. Raises `ProviderError` for everything that goes wrong."""
        encoded = encode_request(request, provider=self._config.name)
        self._check_prefill(request, encoded)
        reader = AnswerReader(
            provider=self._config.name,
            ignored=encoded.ignored,
            dropped=encoded.dropped,
        )
        events = self._events(encoded, call_id)
        try:
            async for event in events:
                for ours in reader.read(event):
                    yield ours
            for ours in reader.end():
                yield ours
        except Exception as error:
            failure = translate(error, provider=self._config.name, secret=self._config.api_key)
            # A conversation that ends with an assistant's message is the caller's own, and asking anew would not mend it.
            failure.prefill_refused = failure.prefill_refused and request.prefill is not None
            raise failure from None
        finally:
            await events.aclose()

    async def check_health(self) -> Health:
        """Ask for the first model of the list, which bills nothing. Never raises."""
        begun = time.monotonic()
        try:
            # Importing the SDK is no part of the provider's answer.
            client = await self._client()
            async with asyncio.timeout(HEALTH_SECONDS):
                await client.get("/v1/models?limit=1", cast_to=object)
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
        """The batch API of Anthropic itself; that of others speaking its wire is not known."""
        if not self._config.simulated and self._config.base_url not in (None, VENDOR_URL):
            return None
        return AnthropicBatches(self._config, self._client)

    async def warm(self) -> None:
        """Import the SDK and build the client ahead of the first call. Raises `ProviderError` without a key."""
        await self._client()

    async def close(self) -> None:
        """Close the pooled connections. A later call opens new ones."""
        built, self._built = self._built, None
        if built is not None:
            await built.close()

    def _check_prefill(self, request: ModelRequest, encoded: EncodedRequest) -> None:
        """Refuse a continuation that the API would refuse: newer models take none, and none goes with thought or a schema."""
        if request.prefill is None:
            return
        thinks = (encoded.body.get("thinking") or {}).get("type") not in (None, "disabled")
        has_schema = "format" in (encoded.body.get("output_config") or {})
        if family_of(request.model.model).takes_prefill and not thinks and not has_schema:
            return
        raise ProviderError(
            ErrorKind.INVALID_REQUEST,
            f"{request.model.model} does not go on from a text that was begun for it, at least not with these settings: "
            "ask for the whole answer",
            provider=self._config.name,
            field="prefill",
            prefill_refused=True,
        )

    async def _events(self, encoded: EncodedRequest, call_id: str) -> AsyncGenerator[dict[str, Any]]:
        """The answer's events as JSON objects. Closes the connection whichever way it ends."""
        stream: AsyncStream[object] | None = None
        try:
            stream = await self._open(encoded, call_id)
            response = stream.response
            if "json" in response.headers.get("content-type", ""):
                # Not streamed: a gateway does not care.
                for event in events_of(self._whole(json.loads(await response.aread()))):
                    yield event
                return
            async for told in stream:
                if isinstance(told, dict):
                    yield told
        finally:
            if stream is not None:
                await stream.close()
                # Left to the garbage collector, the SDK's own generator would be closed on a loop that may be gone.
                if isinstance(stream._iterator, AsyncGenerator):
                    await stream._iterator.aclose()

    async def _open(self, encoded: EncodedRequest, call_id: str) -> "AsyncStream[object]":
        client = await self._client()
        from anthropic import AsyncStream

        headers = {"X-Client-Request-Id": call_id}
        if encoded.betas:
            headers["anthropic-beta"] = ",".join(encoded.betas)
        # `object` hands on each event as its JSON: nothing that a newer model or another server adds is lost or refused.
        return await client.post(
            "/v1/messages",
            cast_to=object,
            body={**encoded.body, "stream": True},
            options={"headers": headers},
            stream=True,
            stream_cls=AsyncStream[object],
        )

    def _whole(self, body: Any) -> dict[str, Any]:
        if not isinstance(body, dict) or not isinstance(body.get("content"), list):
            raise translate_body(None, body, {}, provider=self._config.name, secret=self._config.api_key)
        return body

    async def _client(self) -> "AsyncAnthropic":
        if self._built is None:
            await built_apart(self._build)
        assert self._built is not None
        return self._built

    def _build(self) -> None:
        if self._built is None:
            self._built = build_client(self._config)
