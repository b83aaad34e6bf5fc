"""From configurations to providers, each over the adapter of its wire."""

import asyncio
import importlib
from collections.abc import Iterable, Sequence
from typing import Protocol, assert_never, runtime_checkable

from providers.importing import ONE_AT_A_TIME
from providers.protocol import Provider, ProviderConfig

_SDKS = {"anthropic": "anthropic", "google": "google.genai"}
"""The SDK that an adapter imports at its first call, where the adapter cannot be warmed itself."""


@runtime_checkable
class Warmable(Protocol):
    """An adapter that can build its client ahead of the first call."""

    async def warm(self) -> None:
        """Import the SDK and build the client."""
        ...


def build(configs: Sequence[ProviderConfig]) -> dict[str, Provider]:
    """A provider for each configuration, by name. Imports only the adapters that are used, and no SDK.

    Raises `ValueError` where two configurations share a name.
    """
    providers: dict[str, Provider] = {}
    for config in configs:
        if config.name in providers:
            raise ValueError(f"two providers are called {config.name!r}: give each its own name")
        providers[config.name] = _adapter(config)
    return providers


async def warm(providers: Iterable[Provider]) -> None:
    """Import the SDKs and build the clients now rather than in the first call. What fails here fails again, and is told, in
    the call that needs it.
    """
    await asyncio.gather(*(_warm(provider) for provider in providers), return_exceptions=True)


async def _warm(provider: Provider) -> None:
    if isinstance(provider, Warmable):
        await provider.warm()
    elif sdk := _SDKS.get(provider.config.wire):
        await asyncio.to_thread(_import, sdk)


def _import(sdk: str) -> None:
    with ONE_AT_A_TIME:
        importlib.import_module(sdk)


def _adapter(config: ProviderConfig) -> Provider:
    match config.wire:
        case "openai" | "openai-chat" | "openai-responses":
            from providers.openai.adapter import OpenAIProvider

            return OpenAIProvider(config)
        case "anthropic":
            from providers.anthropic.adapter import AnthropicProvider

            return AnthropicProvider(config)
        case "google":
            from providers.google.adapter import GoogleProvider

            return GoogleProvider(config)
        case "bedrock":
            from providers.bedrock.adapter import BedrockProvider

            return BedrockProvider(config)
        case "cohere":
            from providers.cohere.adapter import CohereProvider

            return CohereProvider(config)
        case _:
            assert_never(config.wire)
