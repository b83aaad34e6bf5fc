"""Settings: where keys come from, and which providers follow."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from providers.presets import PRESETS
from settings import Settings

KEYS = (
    *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_BASE_URL"),
    *sorted({name for preset in PRESETS.values() for name in (*preset.keys, *preset.addresses)}),
)


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key and no `.env` but those of the test."""
    monkeypatch.chdir(tmp_path)
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


def providers(settings: Settings) -> dict[str, tuple[str, str | None, bool]]:
    return {one.name: (one.wire, one.base_url, one.simulated) for one in settings.provider_configs()}


def test_without_a_key_the_simulator_stands_in_for_the_vendors() -> None:
    assert providers(Settings()) == {}
    assert providers(Settings(simulator_url="http://sim:1/")) == {
        "sim": ("openai-chat", "http://sim:1/openai/v1", True),
        "openai": ("openai", "http://sim:1/openai/v1", True),
        "anthropic": ("anthropic", "http://sim:1/anthropic", True),
        "google": ("google", "http://sim:1/google", True),
    }


def test_with_a_key_only_the_simulators_own_name_is_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "of-google")
    monkeypatch.setenv("PERDURE_SIMULATOR_URL", "http://sim:1")
    settings = Settings()
    assert providers(settings) == {
        "google": ("google", None, False),
        "sim": ("openai-chat", "http://sim:1/openai/v1", True),
    }
    assert settings.provider_configs()[0].api_key == "of-google"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "PERDURE_DATABASE_URL", "PERDURE_PROVIDERS", "PERDURE_API_PORT"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("GOOGLE_API_KEY", "of-google")
    settings = Settings()
    assert settings.database_url is None
    assert settings.api_port == 8321
    assert list(providers(settings)) == ["google"]


def test_further_providers_find_their_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FROM_ENVIRONMENT", "one")
    monkeypatch.delenv("FROM_FILE", raising=False)
    (tmp_path / ".env").write_text(
        "FROM_FILE=two\n"
        'PERDURE_PROVIDERS=[{"name": "a", "base_url": "http://a/v1", "api_key_env": "FROM_ENVIRONMENT"},'
        ' {"name": "b", "base_url": "http://b/v1", "api_key_env": "FROM_FILE"},'
        ' {"name": "c", "wire": "anthropic", "base_url": "http://c"}]\n'
    )
    configs = Settings().provider_configs()
    assert [(one.name, one.wire, one.api_key) for one in configs] == [
        ("a", "openai-chat", "one"),
        ("b", "openai-chat", "two"),
        ("c", "anthropic", "none"),
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('[{"name": "sim", "base_url": "http://a"}]', "'sim' is taken"),
        ('[{"name": "a", "base_url": "http://a"}, {"name": "a", "base_url": "http://b"}]', "two providers are called"),
        ('[{"name": "Bad Name", "base_url": "http://a"}]', "should match pattern"),
        ('[{"name": "a", "base_url": "http://a", "wire": "carrier-pigeon"}]', "Input should be"),
        ('[{"name": "a"}]', "base_url is needed"),
        ('[{"name": "a", "vendor": "b", "base_url": "http://a"}]', "no service is known as 'b'"),
        ('[{"name": "mistral", "key": "sk"}]', "Extra inputs"),
        ('[{"name": "openai"}]', "'openai' is taken"),
        ('[{"name": "groq", "credentials": [{"api_key_env": "K"}, {"api_key_env": "K"}]}]', "are called 'K'"),
        ('[{"name": "groq", "credentials": [{"api_key_env": "K", "weight": 0}]}]', "greater than 0"),
        ('[{"name": "groq", "credentials": [{"api_key_env": "K", "requests_per_minute": 0}]}]', "greater than 0"),
    ],
)
def test_providers_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch, given: str, said: str) -> None:
    monkeypatch.setenv("PERDURE_PROVIDERS", given)
    with pytest.raises(ValidationError, match=said):
        Settings()


def test_a_known_provider_is_a_stanza_of_one_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "of-mistral")
    monkeypatch.setenv("PERDURE_PROVIDERS", '[{"name": "mistral"}, {"name": "ollama"}]')
    configs = Settings().provider_configs()
    assert [(one.name, one.api_key, one.base_url) for one in configs] == [
        ("mistral", "of-mistral", "https://api.mistral.ai/v1"),
        ("ollama", "none", "http://127.0.0.1:11434/v1"),
    ]


def test_a_vendors_own_key_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "of-groq")
    assert [one.name for one in Settings().vendor_configs()] == ["groq"]
    assert Settings(providers_by_key=False).vendor_configs() == ()
    monkeypatch.setenv("PERDURE_PROVIDERS", '[{"name": "groq", "base_url": "http://gateway/v1"}]')
    assert [one.base_url for one in Settings().vendor_configs()] == ["http://gateway/v1"]


def test_a_provider_may_have_several_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST", "one")
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")
    monkeypatch.setenv(
        "PERDURE_PROVIDERS",
        '[{"name": "openai", "credentials": [{"api_key_env": "FIRST", "weight": 3, "requests_per_minute": 500},'
        ' {"name": "second", "api_key": "two", "base_url": "http://gateway/v1"}, {}]}]',
    )
    (config,) = Settings().provider_configs()
    assert (config.name, config.wire, config.vendor, config.base_url) == ("openai", "openai", "", None)
    first, second, third = config.credentials
    assert (first.name, first.api_key, first.weight, first.requests_per_minute) == ("FIRST", "one", 3, 500)
    assert (second.name, second.api_key, second.base_url) == ("second", "two", "http://gateway/v1")
    assert (third.name, third.api_key) == ("credential-3", "of-the-environment")
    assert "two" not in repr(config)
    assert "two" not in repr(config.credentials)


def test_deployments_are_completed_as_their_provider_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERMANY", "one")
    monkeypatch.setenv("SWEDEN", "two")
    monkeypatch.setenv(
        "PERDURE_PROVIDERS",
        '[{"name": "azure", "credentials": [{"api_key_env": "GERMANY", "base_url": "https://de.openai.azure.com"},'
        ' {"api_key_env": "SWEDEN", "base_url": "https://se.openai.azure.com"}]},'
        ' {"name": "bedrock-mantle", "credentials": [{"location": "us-east-1"}, {"location": "eu-west-1"}]}]',
    )
    azure, mantle = Settings().provider_configs()
    assert (azure.wire, azure.vendor) == ("openai", "azure")
    assert [(one.api_key, one.base_url) for one in azure.credentials] == [
        ("one", "https://de.openai.azure.com/openai/v1"),
        ("two", "https://se.openai.azure.com/openai/v1"),
    ]
    assert [(one.location, one.base_url) for one in mantle.credentials] == [
        ("us-east-1", "https://bedrock-mantle.us-east-1.api.aws/openai/v1"),
        ("eu-west-1", "https://bedrock-mantle.eu-west-1.api.aws/openai/v1"),
    ]


def test_a_stanza_that_is_wrong_does_not_show_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERDURE_PROVIDERS", '[{"name": "nobody", "api_key": "sk-of-this-test"}]')
    with pytest.raises(ValidationError) as raised:
        Settings()
    assert "sk-of-this-test" not in str(raised.value)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hushed")
    monkeypatch.setenv("PERDURE_DATABASE_URL", "postgresql://u:hushed@h/d")
    monkeypatch.setenv("PERDURE_BOOTSTRAP_KEY", "pdr_hushed")
    monkeypatch.setenv("PERDURE_CALLBACK_SECRET", "hushed-for-at-least-24-characters")
    settings = Settings()
    assert "hushed" not in repr(settings)
    assert "hushed" not in settings.model_dump_json()
    assert "hushed" not in repr(settings.provider_configs())


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
