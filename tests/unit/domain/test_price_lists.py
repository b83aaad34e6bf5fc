"""Which list is a provider's, and what the lists know by which names, over the real lists."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import get_snapshot

from contracts.models import ModelRef
from contracts.usage import Usage
from domain import price_lists
from domain.pricing import price
from domain.windows import context_window

DAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
LISTS = {one.id: one for one in get_snapshot().providers}
A_MILLION = Usage(input_uncached=1_000_000)


@pytest.mark.parametrize(
    ("provider", "known_as"), [("xai", "x-ai"), ("vertex", "google"), ("bedrock", "aws"), ("groq", "groq")]
)
def test_common_names_of_providers_mean_their_list(provider: str, known_as: str) -> None:
    assert price_lists.list_of(provider) == known_as


def test_every_model_of_every_list_is_there_once_but_those_that_nobody_can_call() -> None:
    missing = {}
    for name, listed in LISTS.items():
        known = price_lists.models_in(name)
        assert len({one.name for one in known}) == len(known), name
        left_out = {model.id for model in listed.models} - {one.model.id for one in known}
        if left_out:
            missing[name] = left_out
    resold = missing.pop("google")
    assert all(model.startswith("claude") for model in resold)
    assert missing == {"openai": {"ft:gpt-3.5-turbo-", "ft:gpt-4o", "ft:gpt-4o-mini"}}


def test_models_behind_the_router_are_named_with_their_service() -> None:
    behind = price_lists.models_in("huggingface")
    assert len(behind) == sum(len(one.models) for name, one in LISTS.items() if name.startswith("huggingface_"))
    found = price_lists.find("huggingface", "openai/gpt-oss-120b:cerebras")
    assert found is not None
    assert (found.name, found.provider.id) == ("openai/gpt-oss-120b:cerebras", "huggingface_cerebras")
    assert price_lists.find("huggingface", "openai/gpt-oss-120b") is None
    assert price_lists.find("huggingface", "openai/gpt-oss-120b:nobody") is None


@pytest.mark.parametrize(
    ("listed", "name", "called"),
    [
        ("fireworks", "kimi-k3", "accounts/fireworks/models/kimi-k3"),
        ("mistral", "codestral", "codestral-latest"),
        ("mistral", "magistral-small", "magistral-small-latest"),
        ("aws", "regional.anthropic.claude-opus-4-6-v1:0", "us.anthropic.claude-opus-4-6-v1:0"),
        ("openai", "gpt-4o", "gpt-4o"),
    ],
)
def test_models_are_named_as_their_provider_takes_them(listed: str, name: str, called: str) -> None:
    model = next(one for one in LISTS[listed].models if one.id == name)
    assert price_lists.called(model) == called
    by_id, by_name = price_lists.find(listed, name), price_lists.find(listed, called)
    assert by_id is not None
    assert by_id == by_name


def test_bedrock_names_are_those_of_the_geography() -> None:
    def claude(place: str) -> set[str]:
        return {one.name.partition(".")[0] for one in price_lists.models_in("aws", place) if "opus-4-6" in one.name}

    assert claude("eu") == {"eu", "global"}
    assert claude("apac") == {"apac", "global"}
    assert claude("") == {"us", "global"}


@pytest.mark.parametrize(
    ("listed", "name", "model"),
    [
        ("openai", "gpt-4o-2024-08-06", "gpt-4o"),
        ("openai", "GPT-4o", "gpt-4o"),
        ("azure", "gpt-4o-2024-08-06", "gpt-4o"),
        ("google", "models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("google", "publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("aws", "openai.gpt-oss-120b", "openai.gpt-oss-120b-1:0"),
        (
            "aws",
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        ("x-ai", "grok-4", "grok-4-0709"),
    ],
)
def test_other_spellings_are_known(listed: str, name: str, model: str) -> None:
    found = price_lists.find(listed, name)
    assert found is not None
    assert found.model.id == model


def test_a_fine_tune_costs_what_its_kind_does() -> None:
    tuned = ModelRef.parse("openai:ft:gpt-4o-mini-2024-07-18:acme::abc")
    assert price(A_MILLION, tuned, at=DAY).total == Decimal("0.3")


def test_what_no_list_knows_is_not_found() -> None:
    assert price_lists.find("openai", "gpt-99") is None
    assert price_lists.find("nobody", "gpt-4o") is None
    assert price_lists.find("", "gpt-4o") is None
    assert price_lists.models_in("") == ()


def test_a_provider_of_any_name_costs_what_its_list_says() -> None:
    renamed = ModelRef(provider="our-grok", model="grok-3")
    assert not price(A_MILLION, renamed, at=DAY).priced
    cost = price(A_MILLION, renamed, at=DAY, price_list="x-ai")
    assert (cost.priced, cost.total) == (True, price(A_MILLION, ModelRef.parse("xai:grok-3"), at=DAY).total)
    assert cost.total == Decimal(3)
    assert context_window(renamed, "x-ai") == context_window(ModelRef.parse("xai:grok-3"))


def test_no_list_is_no_price_even_for_a_name_that_another_list_knows() -> None:
    own = ModelRef(provider="openai", model="gpt-4o")
    assert not price(A_MILLION, own, at=DAY, price_list="").priced
    assert context_window(ModelRef(provider="groq", model="whisper-large-v3"), "") is None


def test_a_model_whose_price_the_list_leaves_out_is_unpriced_and_a_free_one_is_free() -> None:
    unsaid = price(A_MILLION, ModelRef.parse("google:gemma-4-31b-it"), at=DAY)
    assert not unsaid.priced
    gift = price(A_MILLION, ModelRef.parse("openrouter:openai/gpt-oss-120b:free"), at=DAY)
    assert (gift.priced, gift.total) == (True, Decimal(0))


def test_a_price_that_changes_is_the_days_own() -> None:
    ref = ModelRef.parse("google:gemini-3.8-flash")
    before, after = datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert price(A_MILLION, ref, at=before).total == Decimal("0.75")
    assert price(A_MILLION, ref, at=after).total == Decimal("1.5")
