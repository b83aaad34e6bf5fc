"""Models at AWS Bedrock, over aiobotocore's ConverseStream."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from contracts.errors import ErrorKind, ProviderError
from contracts.events import ProviderEvent
from contracts.requests import ModelRequest
from providers.bedrock.client import build_client, calling
from providers.bedrock.credentials import read_credentials
from providers.bedrock.decode import AnswerReader
from providers.bedrock.encode_request import encode_request
from providers.bedrock.error_words import refuses_streaming
from providers.bedrock.errors import translate
from providers.bedrock.families import capabilities_of, family_of
from providers.bedrock.whole import events_of
from providers.protocol import Capabilities, Health, ProviderConfig

HEALTH_SECONDS = 5.0


class BedrockProvider:
    """`providers.protocol.Provider` for AWS Bedrock's Converse API (and whatever speaks it at `config.base_url`)."""

    def __init__(self, config: ProviderConfig) -> None:
        """Keeps the configuration; botocore is imported and the client built at the first call, or by `warm`.

        Raises `ValueError` for an option that Bedrock has not.
        """
        self._config = config
        self._credentials = read_credentials(config)
        self._built: tuple[Any, AsyncExitStack] | None = None
        self._building = asyncio.Lock()

    @property
    def config(self) -> ProviderConfig:
        """How this provider is reached."""
        return self._config

    async def stream(self, request: ModelRequest, *, call_id: str) -> AsyncIterator[ProviderEvent]:
        """Call the model and yield its answer as it comes. Raises `ProviderError` for everything that goes wrong."""
        encoded = encode_request(request, provider=self._config.name)
        self._check_prefill(request, encoded.parameters)
        reader = AnswerReader(provider=self._config.name, ignored=encoded.ignored, dropped=encoded.dropped)
        events = self._events(encoded.parameters, call_id, reader)
        try:
            async for event in events:
                for ours in reader.read(event):
                    yield ours
            for ours in reader.end():
                yield ours
        except Exception as error:
            failure = self._translate(error)
            # A conversation that ends with an assistant's message is the caller's own, and asking anew would not mend it.
            failure.prefill_refused = failure.prefill_refused and request.prefill is not None
            raise failure from None
        finally:
            await events.aclose()

    async def check_health(self) -> Health:
        """List one asynchronous job, which bills nothing. Never raises.

        A key that may not list jobs but is known by name is as good as any: whoever answers so has taken the key.
        """
        begun = time.monotonic()
        name = self._config.name
        try:
            # Importing the SDK is no part of the provider's answer.
            client = await self._client()
            async with asyncio.timeout(HEALTH_SECONDS):
                await client.list_async_invokes(maxResults=1)
        except TimeoutError:
            message = f"{name} did not answer within {HEALTH_SECONDS:g} s"
            return Health(False, time.monotonic() - begun, message, kind=ErrorKind.TIMEOUT.value)
        except Exception as error:
            failure = self._translate(error)
            if failure.provider_code == "AccessDeniedException" and "not authorized to perform" in failure.message:
                return Health(True, time.monotonic() - begun, f"{name} knows the key, which may not list jobs")
            return Health(False, time.monotonic() - begun, failure.message, kind=failure.kind.value)
        return Health(True, time.monotonic() - begun, f"{name} answers and takes the key")

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can take and give over this wire."""
        return capabilities_of(model)

    async def warm(self) -> None:
        """Import botocore and build the client ahead of the first call. Raises `ProviderError` without a region."""
        await self._client()

    async def close(self) -> None:
        """Close the pooled connections. A later call opens new ones."""
        built, self._built = self._built, None
        if built is not None:
            await built[1].aclose()

    def _check_prefill(self, request: ModelRequest, parameters: dict[str, Any]) -> None:
        """Refuse a continuation that the model would refuse: most take none, and none goes with thought or a schema."""
        if request.prefill is None:
            return
        extras = parameters.get("additionalModelRequestFields") or {}
        thinks = (extras.get("thinking") or {}).get("type") not in (None, "disabled")
        if family_of(request.model.model).takes_prefill and not thinks and "outputConfig" not in parameters:
            return
        raise ProviderError(
            ErrorKind.INVALID_REQUEST,
            f"{request.model.model} does not go on from a text that was begun for it, at least not with these settings: "
            "ask for the whole answer",
            provider=self._config.name,
            field="prefill",
            prefill_refused=True,
        )

    async def _events(
        self, parameters: dict[str, Any], call_id: str, reader: AnswerReader
    ) -> AsyncGenerator[dict[str, Any]]:
        """The answer's events. Closes the connection whichever way it ends."""
        answer = await self._open(parameters, call_id)
        facts = answer.get("ResponseMetadata") or {}
        reader.response_id = facts.get("RequestId")
        stream = answer.get("stream")
        if stream is None:
            for event in events_of(answer):
                yield event
            return
        try:
            if "json" in (facts.get("HTTPHeaders") or {}).get("content-type", ""):
                # Not streamed: a gateway does not care. botocore has no door to the body of an event stream but this.
                for event in events_of(self._whole(json.loads(await stream._raw_stream.read()))):
                    yield event
                return
            async for event in stream:
                yield event
        finally:
            stream.close()

    async def _open(self, parameters: dict[str, Any], call_id: str) -> dict[str, Any]:
        """The answer as botocore parsed it, with its `stream`; without one where the model does not stream."""
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        client = await self._client()
        token = calling.set(call_id)
        try:
            try:
                answer: dict[str, Any] = await client.converse_stream(**parameters)
            except ClientError as error:
                if not refuses_streaming(str(error.response.get("Error", {}).get("Message"))):
                    raise
                answer = await client.converse(**parameters)
        finally:
            calling.reset(token)
        return answer

    def _whole(self, body: Any) -> dict[str, Any]:
        if isinstance(body, dict) and "output" in body:
            return body
        raise ProviderError(
            ErrorKind.UNAVAILABLE,
            f"{self._config.name} answered without an answer: ask again",
            provider=self._config.name,
        )

    def _translate(self, error: Exception) -> ProviderError:
        return translate(error, provider=self._config.name, secrets=self._credentials.secrets)

    async def _client(self) -> Any:
        if self._built is None:
            async with self._building:
                if self._built is None:
                    self._built = await build_client(self._config, self._credentials)
        return self._built[0]
