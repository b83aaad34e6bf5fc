"""One provider over several credentials, against the simulator, which knows by which key it was called."""

from collections import Counter

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.requests import Knobs, ModelRequest
from providers.collect import Answer, complete
from providers.pool import OWN_LIMIT, PooledProvider, estimated_tokens
from providers.protocol import Credential, ProviderConfig
from providers.registry import build, warm
from providers.simulator.calls import key_name
from providers.simulator.control import Simulator


def pool(simulator: Simulator, **weights: float) -> PooledProvider:
    credentials = tuple(Credential(name, f"key-of-{name}", weight) for name, weight in weights.items())
    config = ProviderConfig("sim", "openai-chat", "none", simulator.openai_url, credentials=credentials)
    built = build([config])["sim"]
    assert isinstance(built, PooledProvider)
    return built


def request(text: str, *, model: str = "sim-fast", later: tuple[str, ...] = ()) -> ModelRequest:
    said = [Message(role="user", parts=(TextPart(text=text),))]
    for number, more in enumerate(later):
        said.append(Message(role="user" if number % 2 else "assistant", parts=(TextPart(text=more),)))
    return ModelRequest(
        model=ModelRef(provider="sim", model=model), messages=tuple(said), knobs=Knobs(max_output_tokens=20)
    )


async def ask(provider: PooledProvider, text: str = "hello", **fields: object) -> Answer:
    return await complete(provider, request(text, **fields), call_id="turn/0/1")  # type: ignore[arg-type]


def used(simulator: Simulator) -> list[str]:
    """The names of the credentials that were called with, in order."""
    names = {key_name(f"key-of-{name}"): name for name in ("a", "b", "c")}
    return [names[row["key"]] for row in simulator.calls() if row["billable"]]


async def test_a_conversation_keeps_its_credential(simulator: Simulator) -> None:
    provider = pool(simulator, a=1, b=1, c=1)
    try:
        await ask(provider, "first words")
        await ask(provider, "first words", later=("an answer", "more"))
        await ask(provider, "first words", later=("an answer", "more", "another", "and more"))
        assert len(set(used(simulator))) == 1
    finally:
        await provider.close()


def test_conversations_are_spread_by_weight(simulator: Simulator) -> None:
    provider = pool(simulator, a=3, b=1)
    firsts = Counter(provider.order(request(f"conversation {number}"))[0][0].name for number in range(2000))
    assert 0.70 < firsts["a"] / 2000 < 0.80


async def test_a_refused_credential_is_passed_over_and_left_out(simulator: Simulator) -> None:
    provider = pool(simulator, a=1, b=1)
    first = provider.order(request("hello"))[0][0].name
    simulator.scenario({"error": {"kind": "authentication"}}, match={"key": f"key-of-{first}"})
    try:
        assert (await ask(provider)).text
        assert (await ask(provider)).text
    finally:
        await provider.close()
    other = "b" if first == "a" else "a"
    assert used(simulator) == [first, other, other]


async def test_a_limited_credential_rests_as_long_as_was_asked(simulator: Simulator) -> None:
    provider = pool(simulator, a=1, b=1)
    simulator.scenario({"error": {"kind": "rate_limited", "retry_after": 30}})
    try:
        with pytest.raises(ProviderError) as refused:
            await ask(provider)
        assert refused.value.kind is ErrorKind.RATE_LIMITED
        assert len(used(simulator)) == 2
        with pytest.raises(ProviderError) as resting:
            await ask(provider)
    finally:
        await provider.close()
    assert len(used(simulator)) == 2
    assert resting.value.provider_code == OWN_LIMIT
    assert resting.value.retry_after == pytest.approx(30, abs=2)
    assert "key-of" not in str(resting.value)


async def test_without_any_credential_that_works_it_says_so(simulator: Simulator) -> None:
    provider = pool(simulator, a=1, b=1)
    simulator.scenario({"error": {"kind": "authentication"}})
    try:
        for _ in range(2):
            with pytest.raises(ProviderError) as refused:
                await ask(provider)
            assert refused.value.kind is ErrorKind.AUTHENTICATION
    finally:
        await provider.close()
    assert len(used(simulator)) == 2


async def test_other_failures_are_the_models_and_no_other_credential_is_asked(simulator: Simulator) -> None:
    provider = pool(simulator, a=1, b=1)
    try:
        with pytest.raises(ProviderError) as failed:
            await ask(provider, model="sim-down")
    finally:
        await provider.close()
    assert failed.value.kind is not ErrorKind.AUTHENTICATION
    assert len(used(simulator)) == 1


async def test_a_cut_stream_is_not_told_twice(simulator: Simulator) -> None:
    provider = pool(simulator, a=1, b=1)
    try:
        with pytest.raises(ProviderError) as cut:
            await ask(provider, model="sim-cut")
    finally:
        await provider.close()
    assert cut.value.kind is ErrorKind.UNAVAILABLE
    assert len(used(simulator)) == 1


async def test_health_is_the_best_of_all(simulator: Simulator) -> None:
    provider = pool(simulator, a=1, b=1)
    try:
        await warm([provider])
        denied = {"error": {"kind": "authentication"}}
        simulator.scenario(denied, match={"key": "key-of-a", "endpoint": "models"})
        assert (await provider.check_health()).ok
        simulator.scenario(denied, match={"key": "key-of-b", "endpoint": "models"})
        assert not (await provider.check_health()).ok
    finally:
        await provider.close()


def test_names_differ_and_keys_are_not_shown(simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="differ"):
        PooledProvider(ProviderConfig("sim", "openai-chat", "x"), [], pool(simulator, a=1)._keeper)
    assert "key-of-a" not in repr(Credential("a", "key-of-a"))


def test_tokens_are_estimated_from_the_text_and_the_answers_room() -> None:
    assert estimated_tokens(request("x" * 400)) == 100 + 20 + 1
