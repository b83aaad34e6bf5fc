"""From configurations to providers, each over the adapter of its wire."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from providers.credentials import CredentialKeeper, OwnKeeper
from providers.pool import PooledProvider
from providers.protocol import Provider, ProviderConfig


def build(configs: Sequence[ProviderConfig], *, keeper: CredentialKeeper | None = None) -> dict[str, Provider]:
    """A provider for each configuration, by name. Imports only the adapters that are used, and no SDK.

    `keeper` knows what all workers know about the credentials of providers that have several. Raises `ValueError` where two
    configurations share a name.
    """
    providers: dict[str, Provider] = {}
    for config in configs:
        if config.name in providers:
            raise ValueError(f"two providers are called {config.name!r}: give each its own name")
        providers[config.name] = _pool(config, keeper) if config.credentials else _adapter(config)
    return providers


async def warm(providers: Iterable[Provider]) -> None:
    """Import the SDKs and build the clients now rather than in the first call. What fails here fails again, and is told, in
    the call that needs it.
    """
    await asyncio.gather(*(provider.warm() for provider in providers), return_exceptions=True)


def _pool(config: ProviderConfig, keeper: CredentialKeeper | None) -> Provider:
    return PooledProvider(
        config,
        [
            (
                one,
                _adapter(
                    replace(
                        config,
                        api_key=one.api_key,
                        base_url=one.base_url or config.base_url,
                        location=one.location or config.location,
                        credentials=(),
                    )
                ),
            )
            for one in config.credentials
        ],
        keeper or OwnKeeper(),
    )


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
