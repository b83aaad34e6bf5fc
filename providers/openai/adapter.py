"""OpenAI, and whatever server speaks its wires, over the official SDK."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from contracts.catalog import DiscoveredModel
from contracts.errors import ErrorKind, ProviderError
from contracts.events import ProviderEvent
from contracts.requests import ModelRequest
from providers.batching import BatchPort
from providers.importing import built_apart
from providers.openai.batches import OpenAIBatches
from providers.openai.chat_answer import ChatReader
from providers.openai.chat_request import encode_chat
from providers.openai.client import build_client, is_vendor
from providers.openai.encoding import Encoded
from providers.openai.errors import translate, translate_body
from providers.openai.families import capabilities_of
from providers.openai.listing import list_models
from providers.openai.responses_answer import ResponsesReader
from providers.openai.responses_request import encode_responses
from providers.openai.wire_choice import Path, choose_wire
from providers.protocol import Capabilities, Health, ProviderConfig

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream

HEALTH_SECONDS = 5.0
_PATHS: dict[Path, str] = {"chat": "/chat/completions", "responses": "/responses"}
_WIRES: dict[str, Path] = {"openai-chat": "chat", "openai-responses": "responses"}


class OpenAIProvider:
    """`providers.protocol.Provider` for OpenAI, and for OpenAI-compatible servers at `config.base_url`."""

    def __init__(self, config: ProviderConfig) -> None:
        """Keeps the configuration; the SDK is imported and the client built at the first call, or by `warm`."""
        self._config = config
        self._is_vendor = is_vendor(config)
        self._built: AsyncOpenAI | None = None

    @property
    def config(self) -> ProviderConfig:
        """How this provider is reached."""
        return self._config

    async def stream(self, request: ModelRequest, *, call_id: str) -> AsyncIterator[ProviderEvent]:
        """Call the model and yield its answer as it comes. Raises `ProviderError` for everything that goes wrong."""
        if request.prefill is not None and not self.capabilities(request.model.model).prefill:
            raise ProviderError(
                ErrorKind.INVALID_REQUEST,
                f"{self._config.name} does not go on from a text that was begun for it: ask for the whole answer",
                provider=self._config.name,
                field="prefill",
                prefill_refused=True,
            )
        path, encoded = self._encode(request)
        reader: ChatReader | ResponsesReader
        if path == "chat":
            reader = ChatReader(self._config.name, call_id, encoded)
        else:
            reader = ResponsesReader(self._config.name, self._config.api_key, encoded)
        bodies = self._bodies(path, encoded.body, call_id)
        try:
            async for body, is_whole in bodies:
                for event in reader.read_whole(body) if is_whole else reader.read(body):
                    yield event
            for event in reader.end():
                yield event
        except Exception as error:
            raise translate(error, provider=self._config.name, secret=self._config.api_key) from None
        finally:
            await bodies.aclose()

    async def check_health(self) -> Health:
        """List the models, which bills nothing. Never raises."""
        begun = time.monotonic()
        try:
            # Importing the SDK is no part of the provider's answer.
            client = await self._client()
            async with asyncio.timeout(HEALTH_SECONDS):
                await client.get("/models", cast_to=object)
        except TimeoutError:
            message = f"{self._config.name} did not list its models within {HEALTH_SECONDS:g} s"
            return Health(False, time.monotonic() - begun, message, kind=ErrorKind.TIMEOUT.value)
        except Exception as error:
            failure = translate(error, provider=self._config.name, secret=self._config.api_key)
            return Health(False, time.monotonic() - begun, failure.message, kind=failure.kind.value)
        return Health(True, time.monotonic() - begun, f"{self._config.name} lists its models")

    async def list_models(self) -> tuple[DiscoveredModel, ...]:
        """What the server lists, with what it says of each. Raises `ProviderError`."""
        try:
            return await list_models(await self._client(), self._config)
        except Exception as error:
            raise translate(error, provider=self._config.name, secret=self._config.api_key) from None

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can take and give over this wire."""
        return capabilities_of(model, self._config.wire, is_vendor=self._is_vendor, vendor=self._config.vendor)

    def batches(self) -> BatchPort | None:
        """The batch API of OpenAI itself; that of others speaking its wires is not known."""
        if not self._config.simulated and (not self._is_vendor or self._config.vendor):
            return None
        return OpenAIBatches(self._config, self._client, self._encode)

    async def warm(self) -> None:
        """Import the SDK and build the client ahead of the first call. Raises `ProviderError` without a key."""
        await self._client()

    async def close(self) -> None:
        """Close the pooled connections. A later call opens new ones."""
        built, self._built = self._built, None
        if built is not None:
            await built.close()

    def _encode(self, request: ModelRequest) -> tuple[Path, Encoded]:
        name = self._config.name
        path = _WIRES.get(self._config.wire) or choose_wire(request, name)
        if path == "chat":
            return path, encode_chat(request, provider=name, is_vendor=self._is_vendor, vendor=self._config.vendor)
        # Who did not choose the responses wire does not expect its default of strict functions.
        strict = False if self._config.wire == "openai" else None
        vendor = self._config.vendor
        return path, encode_responses(request, provider=name, is_vendor=self._is_vendor, strict=strict, vendor=vendor)

    async def _bodies(
        self, path: Path, body: dict[str, Any], call_id: str
    ) -> AsyncGenerator[tuple[dict[str, Any], bool]]:
        """The answer's JSON objects, and of each whether it is the whole answer. Closes the connection whichever way it ends."""
        stream: AsyncStream[object] | None = None
        try:
            stream = await self._open(path, body, call_id)
            response = stream.response
            if "json" in response.headers.get("content-type", ""):
                # Not streamed: the model cannot, or the server does not care.
                yield self._whole(json.loads(await response.aread())), True
                return
            async for event in stream:
                if isinstance(event, dict):
                    yield event, False
        finally:
            if stream is not None:
                await stream.close()
                # Left to the garbage collector, the SDK's own generator would be closed on a loop that may be gone.
                if isinstance(stream._iterator, AsyncGenerator):
                    await stream._iterator.aclose()

    async def _open(self, path: Path, body: dict[str, Any], call_id: str) -> "AsyncStream[object]":
        client = await self._client()
        from openai import AsyncStream

        # `object` hands on each event as its JSON: nothing that a newer model or another server adds is lost or refused.
        return await client.post(
            _PATHS[path],
            cast_to=object,
            body=body,
            options={"headers": {"X-Client-Request-Id": call_id}},
            stream=True,
            stream_cls=AsyncStream[object],
        )

    def _whole(self, body: Any) -> dict[str, Any]:
        if not isinstance(body, dict) or (body.get("error") and "output" not in body):
            # Azure tells of a filtered prompt with status 200.
            raise translate_body(None, body, {}, provider=self._config.name, secret=self._config.api_key)
        return body

    async def _client(self) -> "AsyncOpenAI":
        if self._built is None:
            await built_apart(self._build)
        assert self._built is not None
        return self._built

    def _build(self) -> None:
        if self._built is None:
            self._built = build_client(self._config)
