import sys

import pytest

from providers.openai.adapter import OpenAIProvider
from providers.protocol import ProviderConfig
from providers.registry import build, warm


def config(name: str) -> ProviderConfig:
    return ProviderConfig(name=name, wire="openai", api_key="key", base_url="http://127.0.0.1:9")


def test_builds_by_name() -> None:
    providers = build([config("one"), config("two")])
    assert list(providers) == ["one", "two"]
    assert all(isinstance(provider, OpenAIProvider) for provider in providers.values())
    assert [provider.config.name for provider in providers.values()] == ["one", "two"]


def test_refuses_two_of_one_name() -> None:
    with pytest.raises(ValueError, match="'one'"):
        build([config("one"), config("one")])


async def test_warming_imports_the_sdk_and_forgives_a_missing_key() -> None:
    providers = build([ProviderConfig(name="vendor", wire="openai", api_key=""), config("own")])
    try:
        await warm(providers.values())
        assert "openai" in sys.modules
    finally:
        for provider in providers.values():
            await provider.close()
