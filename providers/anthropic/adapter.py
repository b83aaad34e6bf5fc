"""Claude, over the official SDK."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from contracts.errors import ErrorKind, ProviderError
from contracts.events import ProviderEvent
from contracts.requests import ModelRequest
from providers.anthropic.decode import AnswerReader
from providers.anthropic.encode_request import EncodedRequest, encode_request
from providers.anthropic.errors import translate
from providers.anthropic.families import capabilities_of
from providers.protocol import Capabilities, Health, ProviderConfig

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

VENDOR_URL = "https://api.anthropic.com"
CONNECT_SECONDS = 5.0
HEALTH_SECONDS = 5.0


class AnthropicProvider:
    """`providers.protocol.Provider` for Anthropic (and whatever speaks its messages at `config.base_url`)."""

    def __init__(self, config: ProviderConfig) -> None:
        """Keeps the configuration; the SDK is imported and the client built at the first call."""
        self._config = config
        self._built: AsyncAnthropic | None = None
        self._building = threading.Lock()

    @property
    def config(self) -> ProviderConfig:
        """How this provider is reached."""
        return self._config

    async def stream(self, request: ModelRequest, *, call_id: str) -> AsyncIterator[ProviderEvent]:
        """Call the model and yield its answer as it comes. Raises `ProviderError` for everything that goes wrong."""
        encoded = encode_request(request, provider=self._config.name)
        reader = AnswerReader(provider=self._config.name, ignored=encoded.ignored, dropped=encoded.dropped)
        events = self._events(encoded, call_id)
        try:
            async for event in events:
                for ours in reader.read(event):
                    yield ours
        finally:
            await events.aclose()
        for ours in reader.end():
            yield ours

    async def check_health(self) -> Health:
        """Ask for the first model of the list, which bills nothing. Never raises."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                client = await self._client()
                await client.models.list(limit=1)
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
        """Import the SDK and build the client."""
        await self._client()

    async def close(self) -> None:
        """Close the pooled connections. A later call opens new ones."""
        built, self._built = self._built, None
        if built is not None:
            await built.close()

    async def _events(self, encoded: EncodedRequest, call_id: str) -> AsyncGenerator[dict[str, Any], None]:
        """The SDK's events as plain objects, with its errors translated and its connection closed whichever way it ends."""
        stream = None
        headers = {"X-Client-Request-Id": call_id}
        if encoded.betas:
            headers["anthropic-beta"] = ",".join(encoded.betas)
        try:
            client = await self._client()
            # The body is the wire's already; `extra_body` puts it in the place of what the SDK insists on. The model is named
            # there alone, since the SDK warns of names that it thinks old.
            stream = await client.messages.create(
                model=".",
                max_tokens=encoded.body["max_tokens"],
                messages=[],
                stream=True,
                extra_headers=headers,
                extra_body=encoded.body,
            )
            async for event in stream:
                yield event.model_dump(mode="json", exclude_unset=True, warnings=False)
        except Exception as error:
            raise translate(error, provider=self._config.name, secret=self._config.api_key) from None
        finally:
            if stream is not None:
                await stream.close()

    async def _client(self) -> "AsyncAnthropic":
        if self._built is None:
            await asyncio.to_thread(self._build)
        assert self._built is not None
        return self._built

    def _build(self) -> None:
        """Build the client, once. Everything that the SDK would read from the environment is given."""
        import httpx2
        from anthropic import AsyncAnthropic

        with self._building:
            if self._built is not None:
                return
            config = self._config
            if not config.api_key.strip():
                raise ProviderError(
                    ErrorKind.AUTHENTICATION,
                    f"No API key is configured for {config.name}: set it.",
                    provider=config.name,
                )
            self._built = AsyncAnthropic(
                api_key=config.api_key,
                base_url=config.base_url or VENDOR_URL,
                max_retries=0,
                # The caller's deadlines rule; only connecting is bounded here.
                timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
                default_headers=dict(config.headers),
            )
