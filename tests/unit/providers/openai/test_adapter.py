"""The adapter over real connections: against the simulator, which speaks OpenAI's wires and can fail in their ways."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason, PartDelta, Started
from contracts.parts import Message, TextPart, ToolCallPart, ToolResultPart
from contracts.requests import FunctionTool
from providers.collect import Answer, complete
from providers.openai.adapter import OpenAIProvider
from providers.protocol import ProviderConfig, Wire
from providers.simulator.control import Simulator
from tests.unit.providers.openai.asking import ask

Connect = Callable[..., OpenAIProvider]
WIRES: tuple[Wire, ...] = ("openai-chat", "openai-responses")
KEY = "sk-of-this-test"


@pytest.fixture
async def connect(simulator: Simulator) -> AsyncIterator[Connect]:
    built: list[OpenAIProvider] = []

    def build(wire: Wire = "openai-chat", **fields: Any) -> OpenAIProvider:
        config = {"api_key": KEY, "base_url": simulator.openai_url, **fields}
        built.append(OpenAIProvider(ProviderConfig(name="openai", wire=wire, **config)))
        return built[-1]

    yield build
    for provider in built:
        await provider.close()


async def answer(provider: OpenAIProvider, **fields: Any) -> Answer:
    return await complete(provider, ask(**fields), call_id="turn/1/1")


async def failure(provider: OpenAIProvider, **fields: Any) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await answer(provider, **fields)
    assert KEY not in raised.value.message
    return raised.value


@pytest.mark.parametrize("wire", WIRES)
async def test_an_answer_with_its_usage(connect: Connect, simulator: Simulator, wire: Wire) -> None:
    simulator.scenario({"text": "forty two", "cached_tokens": 1})
    got = await answer(connect(wire), temperature=0.5, top_k=3)
    (call,) = simulator.calls()
    usage = got.finished.usage
    assert got.text == "forty two"
    assert got.finished.finish_reason is FinishReason.STOP
    assert got.finished.ignored == ("top_k",)
    assert usage is not None
    assert (usage.input, usage.output) == (call["input"], call["output"])
    assert usage.cache_read == 1
    assert call["client_request_id"] == "turn/1/1"
    assert call["key"].endswith(KEY[-4:])


@pytest.mark.parametrize("wire", WIRES)
async def test_a_tool_is_called_and_answered(connect: Connect, simulator: Simulator, wire: Wire) -> None:
    provider = connect(wire)
    wishes = [{"name": "weather", "arguments": {"city": city}} for city in ("Oslo", "Rome")]
    simulator.scenario({"tool_calls": wishes}, times=1)
    tools = (FunctionTool(name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}}),)
    got = await answer(provider, tools=tools)
    calls = [part for part in got.parts if isinstance(part, ToolCallPart)]
    assert got.finished.finish_reason is FinishReason.TOOL_CALLS
    assert [call.name for call in calls] == ["weather", "weather"]
    results = [ToolResultPart(call_id=call.id, content=(TextPart(text="mild"),)) for call in calls]
    messages = (
        *ask().messages,
        Message(role="assistant", parts=got.parts),
        *(Message(role="tool", parts=(result,)) for result in results),
    )
    assert (await answer(provider, tools=tools, messages=messages)).text


@pytest.mark.parametrize("wire", WIRES)
async def test_deltas_come_while_the_answer_is_made(connect: Connect, simulator: Simulator, wire: Wire) -> None:
    simulator.scenario({"text": "one two three four", "hold_until_released": True, "hold_after": 2})
    events = connect(wire).stream(ask(), call_id="c")
    assert isinstance(await anext(events), Started)
    early = ""
    async for event in events:
        if isinstance(event, PartDelta):
            early += event.text
            break
    assert early
    assert "one two three four".startswith(early)
    assert simulator.release() >= 0
    rest = "".join([event.text async for event in events if isinstance(event, PartDelta)])
    assert early + rest == "one two three four"


@pytest.mark.parametrize("wire", WIRES)
async def test_leaving_closes_the_connection(connect: Connect, simulator: Simulator, wire: Wire) -> None:
    simulator.scenario({"text": "one two three four", "hold_until_released": True, "hold_after": 1})
    events = connect(wire).stream(ask(), call_id="c")
    async for event in events:
        if isinstance(event, PartDelta):
            break
    await events.aclose()  # type: ignore[attr-defined]
    async with asyncio.timeout(10):
        while await asyncio.to_thread(lambda: simulator.calls()[0]["outcome"]) != "disconnected":
            pass


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ({"cut_after": 2}, ErrorKind.UNAVAILABLE),
        ({"cut_after": 2, "cut_clean": True}, ErrorKind.UNAVAILABLE),
        ({"omit_finish": True, "omit_last_event": True}, ErrorKind.UNAVAILABLE),
        ({"drop_connection": True}, ErrorKind.UNAVAILABLE),
        ({"error": {"kind": "overloaded", "in_stream": True, "after": 2}}, ErrorKind.OVERLOADED),
        ({"error": {"kind": "rate_limited", "in_stream": True}}, ErrorKind.RATE_LIMITED),
    ],
    ids=["cut", "cut cleanly", "no end", "dropped", "overloaded in stream", "rate limited in stream"],
)
async def test_what_has_no_proper_end_fails(
    connect: Connect, simulator: Simulator, wire: Wire, behaviour: dict[str, Any], kind: ErrorKind
) -> None:
    simulator.scenario(behaviour)
    assert (await failure(connect(wire))).kind is kind
    assert len(simulator.calls()) == 1


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    "kind",
    [
        "rate_limited",
        "overloaded",
        "unavailable",
        "timeout",
        "context_overflow",
        "content_refused",
        "authentication",
        "invalid_request",
        "not_found",
    ],
)
async def test_errors_have_their_kind_and_are_not_retried(
    connect: Connect, simulator: Simulator, wire: Wire, kind: str
) -> None:
    simulator.scenario({"error": {"kind": kind}})
    assert (await failure(connect(wire))).kind.value == kind
    assert len(simulator.calls()) == 1


@pytest.mark.parametrize("form", ["seconds", "milliseconds", "http-date"])
async def test_the_wait_is_read_in_every_form(connect: Connect, simulator: Simulator, form: str) -> None:
    simulator.scenario({"error": {"kind": "rate_limited", "retry_after": 30, "retry_after_format": form}})
    wait = (await failure(connect())).retry_after
    assert wait is not None
    # A date has no fractions, and the clock went on.
    assert 25 < wait <= 31


async def test_a_begun_answer_is_gone_on_from_where_the_server_can(connect: Connect, simulator: Simulator) -> None:
    provider = connect()
    assert provider.capabilities("gpt-4o").prefill
    assert (await answer(provider, prefill="The answer is")).text
    simulator.scenario({"reject_prefill": True})
    refused = await failure(provider, prefill="The answer is")
    assert (refused.kind, refused.prefill_refused) == (ErrorKind.INVALID_REQUEST, True)


async def test_the_vendor_itself_is_not_asked_to_go_on(connect: Connect) -> None:
    for provider in (connect(base_url=None), connect("openai-responses")):
        assert not provider.capabilities("gpt-4o").prefill
        refused = await failure(provider, prefill="The answer is")
        assert (refused.kind, refused.prefill_refused) == (ErrorKind.INVALID_REQUEST, True)


async def test_health(connect: Connect) -> None:
    healthy = await connect().check_health()
    assert (healthy.ok, healthy.kind) == (True, None)
    assert 0 < healthy.latency < 5
    wrong = await connect(api_key="bad-key").check_health()
    assert (wrong.ok, wrong.kind) == (False, "authentication")
    nobody = await connect(base_url="http://127.0.0.1:9/v1").check_health()
    assert (nobody.ok, nobody.kind) == (False, "unavailable")
    keyless = await connect(api_key="", base_url=None).check_health()
    assert (keyless.ok, keyless.kind) == (False, "authentication")


async def test_the_environment_is_not_asked(
    connect: Connect, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/from-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Test: from-the-environment")
    provider = connect()
    assert (await answer(provider)).text
    client = await provider._client()
    assert "from-the-environment" not in str(client.default_headers)
    assert simulator.calls()[0]["key"].endswith(KEY[-4:])


async def test_a_closed_provider_opens_again(connect: Connect) -> None:
    provider = connect()
    await provider.warm()
    await provider.close()
    assert (await answer(provider)).text
