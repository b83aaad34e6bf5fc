"""Stanzas of one word, and what they leave to be said."""

import pytest

from providers.presets import PRESETS
from providers.protocol import NO_KEY
from providers.stanzas import Stanza, Variable, configure, found_by_key


def set_to(**variables: str) -> Variable:
    """An environment that holds these variables and no other."""
    return lambda name: variables.get(name, "")


@pytest.mark.parametrize(
    ("name", "base_url", "key"),
    [
        ("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
        ("deepseek", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
        ("google-openai", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
        ("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        ("huggingface", "https://router.huggingface.co/v1", "HF_TOKEN"),
        ("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
        ("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        ("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
        ("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
        ("zai", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY"),
    ],
)
def test_a_name_is_enough(name: str, base_url: str, key: str) -> None:
    config = configure(Stanza(name), set_to(**{key: "of-theirs"}))
    assert (config.name, config.vendor, config.wire) == (name, name, "openai-chat")
    assert (config.base_url, config.api_key) == (base_url, "of-theirs")


def test_a_key_that_is_needed_and_missing_is_left_empty() -> None:
    assert configure(Stanza("mistral"), set_to()).api_key == ""
    assert configure(Stanza("own", base_url="http://own/v1"), set_to()).api_key == NO_KEY


def test_every_field_goes_before_the_preset() -> None:
    stanza = Stanza(
        "eu",
        vendor="mistral",
        wire="openai-responses",
        base_url="http://eu/v1",
        api_key_env="EU_KEY",
        headers=(("x-a", "b"),),
    )
    config = configure(stanza, set_to(MISTRAL_API_KEY="not this", EU_KEY="this"))
    assert (config.name, config.vendor, config.wire) == ("eu", "mistral", "openai-responses")
    assert (config.base_url, config.api_key, config.headers) == ("http://eu/v1", "this", (("x-a", "b"),))
    assert configure(Stanza("mistral", api_key="own"), set_to(MISTRAL_API_KEY="other")).api_key == "own"


def test_a_key_named_and_not_set_is_not_replaced_by_another() -> None:
    stanza = Stanza("mistral", api_key_env="EU_KEY")
    assert configure(stanza, set_to(MISTRAL_API_KEY="of another account")).api_key == ""


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("10.0.0.7", "http://10.0.0.7:11434/v1"),
        ("gpu:1234", "http://gpu:1234/v1"),
        (":1234", "http://127.0.0.1:1234/v1"),
        ("http://gpu:1234/", "http://gpu:1234/v1"),
        ("https://ollama.com", "https://ollama.com/v1"),
        ("https://proxy/ollama/v1", "https://proxy/ollama/v1"),
        ("[::1]:1234", "http://[::1]:1234/v1"),
    ],
)
def test_ollama_is_where_its_own_variable_says(host: str, base_url: str) -> None:
    config = configure(Stanza("ollama"), set_to(OLLAMA_HOST=host))
    assert (config.base_url, config.api_key) == (base_url, NO_KEY)


@pytest.mark.parametrize(
    ("address", "version", "base_url", "wire"),
    [
        ("https://r.openai.azure.com", "", "https://r.openai.azure.com/openai/v1", "openai"),
        ("https://r.openai.azure.com/", "2024-10-21", "https://r.openai.azure.com/openai", "openai-chat"),
        ("https://r.openai.azure.com/openai/v1/", "", "https://r.openai.azure.com/openai/v1", "openai"),
    ],
)
def test_azure_has_two_ways_in(address: str, version: str, base_url: str, wire: str) -> None:
    config = configure(
        Stanza("azure"),
        set_to(AZURE_OPENAI_ENDPOINT=address, AZURE_OPENAI_API_VERSION=version, AZURE_OPENAI_API_KEY="k"),
    )
    assert (config.base_url, config.wire, config.api_version) == (base_url, wire, version)
    assert configure(Stanza("azure", base_url=address, api_version=version), set_to()).base_url == base_url


def test_clouds_are_reached_by_place() -> None:
    mantle = configure(Stanza("bedrock-mantle"), set_to(AWS_REGION="eu-west-1", AWS_BEARER_TOKEN_BEDROCK="t"))
    assert (mantle.base_url, mantle.api_key) == ("https://bedrock-mantle.eu-west-1.api.aws/openai/v1", "t")
    vertex = configure(Stanza("vertex", location="europe-west4"), set_to(GOOGLE_CLOUD_PROJECT="p"))
    assert (vertex.wire, vertex.project, vertex.location) == ("google", "p", "europe-west4")
    assert (vertex.base_url, vertex.api_key) == (None, "")
    assert configure(Stanza("vertex"), set_to()).location == "global"


def test_who_signs_for_bedrock() -> None:
    environment = set_to(AWS_REGION="eu-west-1", AWS_BEARER_TOKEN_BEDROCK="t")
    bedrock = configure(Stanza("bedrock"), environment)
    assert (bedrock.wire, bedrock.location, bedrock.api_key, bedrock.base_url) == ("bedrock", "eu-west-1", "t", None)
    profile = configure(Stanza("bedrock", options=(("profile", "work"),)), environment)
    assert (profile.api_key, profile.options) == ("", (("profile", "work"),))


@pytest.mark.parametrize(
    ("stanza", "said"),
    [
        (Stanza("nobody"), "'nobody': base_url is needed; names that need none are azure"),
        (Stanza("azure"), "such as https://RESOURCE.openai.azure.com"),
        (Stanza("snowflake"), "such as https://ACCOUNT.snowflakecomputing.com"),
        (Stanza("bedrock-mantle"), "location is needed, or one of AWS_REGION"),
        (Stanza("a", vendor="nobody", base_url="http://a"), "no service is known as 'nobody'"),
    ],
    ids=["unknown", "azure", "snowflake", "mantle", "vendor"],
)
def test_what_is_missing_is_said(stanza: Stanza, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        configure(stanza, set_to())


def test_a_vendors_own_key_adds_the_vendor() -> None:
    environment = set_to(GROQ_API_KEY="g", HF_TOKEN="h", AZURE_OPENAI_API_KEY="a", MISTRAL_API_KEY="m", AWS_REGION="r")
    assert [one.name for one in found_by_key(environment, ["mistral"])] == ["groq"]
    complete = set_to(AZURE_OPENAI_API_KEY="a", AZURE_OPENAI_ENDPOINT="https://r.openai.azure.com")
    assert [one.name for one in found_by_key(complete, [])] == ["azure"]
    assert found_by_key(set_to(), []) == ()


def test_what_is_added_by_its_key_can_be_reached_without_more() -> None:
    for name, preset in PRESETS.items():
        if preset.automatic:
            assert preset.keys, name
            assert preset.base_url or preset.addresses, name
