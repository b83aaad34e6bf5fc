"""The adapter and the simulator, which speak the same wire and were written apart."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason
from contracts.parts import Message, ReasoningPart, TextPart, ToolCallPart
from contracts.requests import FunctionTool, Knobs
from providers.anthropic.adapter import AnthropicProvider
from providers.collect import complete
from providers.protocol import ProviderConfig
from providers.simulator.control import Simulator
from tests.unit.providers.anthropic.loopback import request


@pytest.fixture
async def provider(simulator: Simulator) -> AsyncIterator[AnthropicProvider]:
    config = ProviderConfig(name="anthropic", wire="anthropic", api_key="key-1", base_url=simulator.anthropic_url)
    provider = AnthropicProvider(config)
    yield provider
    await provider.close()


async def test_an_answer_is_billed_as_it_is_counted(provider: AnthropicProvider, simulator: Simulator) -> None:
    simulator.scenario({"cached_tokens": 2, "reasoning": "hm hm", "text": "All is well."})
    got = await complete(provider, request("how are you?", knobs=Knobs(reasoning_effort="low")), call_id="c")
    assert got.text == "All is well."
    assert [part.text for part in got.parts if isinstance(part, ReasoningPart)] == ["hm hm"]
    (call,) = simulator.calls()
    usage = got.finished.usage
    assert usage is not None
    assert usage.cache_read == 2
    assert (usage.input, usage.output, usage.reasoning) == (call["input"], call["output"], call["reasoning"])


async def test_tools_are_called_and_their_answers_taken(provider: AnthropicProvider, simulator: Simulator) -> None:
    simulator.scenario({"tool_calls": [{"name": "look", "arguments": {"at": 1}}]}, times=1)
    got = await complete(provider, request(tools=(FunctionTool(name="look"),)), call_id="c")
    (part,) = got.parts
    assert isinstance(part, ToolCallPart)
    assert (part.name, part.arguments) == ("look", '{"at":1}')
    assert got.finished.finish_reason is FinishReason.TOOL_CALLS


@pytest.mark.parametrize("in_stream", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        *(ErrorKind.RATE_LIMITED, ErrorKind.OVERLOADED, ErrorKind.UNAVAILABLE, ErrorKind.TIMEOUT),
        *(ErrorKind.CONTEXT_OVERFLOW, ErrorKind.CONTENT_REFUSED, ErrorKind.AUTHENTICATION),
        *(ErrorKind.INVALID_REQUEST, ErrorKind.NOT_FOUND),
    ],
)
async def test_every_kind_of_error(
    provider: AnthropicProvider, simulator: Simulator, kind: ErrorKind, in_stream: bool
) -> None:
    simulator.scenario({"error": {"kind": kind.value, "in_stream": in_stream, "after": 2 * in_stream}})
    with pytest.raises(ProviderError) as caught:
        await complete(provider, request(), call_id="c")
    assert caught.value.kind is kind


@pytest.mark.parametrize(
    "behaviour",
    [{"cut_after": 2}, {"cut_after": 2, "cut_clean": True}, {"drop_connection": True}],
)
async def test_a_broken_stream_is_never_an_answer(
    provider: AnthropicProvider, simulator: Simulator, behaviour: dict[str, Any]
) -> None:
    simulator.scenario(behaviour)
    with pytest.raises(ProviderError) as caught:
        await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE


async def test_a_missing_last_event_is_no_failure(provider: AnthropicProvider, simulator: Simulator) -> None:
    simulator.scenario({"omit_last_event": True})
    assert (await complete(provider, request(), call_id="c")).finished.finish_reason is FinishReason.STOP


async def test_a_refusal_and_a_rejected_prefill(provider: AnthropicProvider, simulator: Simulator) -> None:
    simulator.scenario({"refuse": True}, times=1)
    assert (await complete(provider, request(), call_id="c")).finished.finish_reason is FinishReason.CONTENT_FILTER
    simulator.scenario({"reject_prefill": True}, times=1)
    with pytest.raises(ProviderError) as caught:
        await complete(provider, request(prefill="Once"), call_id="c")
    assert caught.value.prefill_refused


async def test_a_conversation_that_ends_with_the_assistant_is_the_callers_own(
    provider: AnthropicProvider, simulator: Simulator
) -> None:
    simulator.scenario({"reject_prefill": True}, times=1)
    messages = (*request().messages, Message(role="assistant", parts=(TextPart(text="Once"),)))
    with pytest.raises(ProviderError) as caught:
        await complete(provider, request(messages=messages), call_id="c")
    assert caught.value.kind is ErrorKind.INVALID_REQUEST
    assert not caught.value.prefill_refused


async def test_health_is_probed_without_a_bill(provider: AnthropicProvider, simulator: Simulator) -> None:
    assert (await provider.check_health()).ok
    assert simulator.totals() == []
