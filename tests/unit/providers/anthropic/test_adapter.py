"""The adapter against a server on loopback: ends, failures, and what it must not do on its own."""

import asyncio
import json
from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason, PartDelta, PartStarted, Started, UsageReported
from contracts.requests import JsonSchemaOutput, Knobs
from providers.anthropic.adapter import AnthropicProvider
from providers.collect import complete
from providers.protocol import ProviderConfig
from tests.unit.providers.anthropic.loopback import (
    KEY,
    Asked,
    Event,
    claude,
    end,
    replying,
    request,
    start,
    streaming,
    text_block,
    told,
)

HALF = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "half"}}
OPENING: tuple[Event, ...] = (start(), text_block(0)[0], HALF)


async def failure(*events: Event) -> ProviderError:
    async with claude(streaming(*events)) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    return caught.value


async def test_text_streams_as_deltas_of_one_part() -> None:
    told_all = streaming(start(), {"type": "ping"}, *text_block(0, "Hel", "lo"), *end())
    async with claude(told_all) as (provider, asked):
        events = [event async for event in provider.stream(request(), call_id="call-1")]
    assert events[0] == Started(response_id="msg_1", model="claude-sonnet-4-5")
    assert [event.text for event in events if isinstance(event, PartDelta)] == ["Hel", "lo"]
    assert sum(isinstance(event, PartStarted) for event in events) == 1
    assert [event.usage.total for event in events if isinstance(event, UsageReported)] == [4, 5]
    assert asked[0].headers["x-client-request-id"] == "call-1"
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert asked[0].line.startswith("POST /v1/messages ")


async def test_a_body_that_is_not_streamed_reads_the_same() -> None:
    message = {**start()["message"], "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn"}
    async with claude(replying(200, json.dumps(message, indent=2))) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    assert got.text == "Hello"
    assert got.finished.finish_reason is FinishReason.STOP
    assert got.finished.usage is not None
    assert got.finished.usage.total == 4


@pytest.mark.parametrize("body", ["{}", "[]", '"done"', '{"detail": "no"}'])
async def test_a_body_that_is_no_message_is_no_answer(body: str) -> None:
    async with claude(replying(200, body)) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("pause_turn", FinishReason.LENGTH),
        ("refusal", FinishReason.CONTENT_FILTER),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("a_word_of_tomorrow", FinishReason.STOP),
    ],
)
async def test_finish_reasons(word: str, reason: FinishReason) -> None:
    async with claude(streaming(start(), *text_block(0, "x"), *end(word))) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    assert got.finished.finish_reason is reason
    assert got.finished.raw_finish_reason == word


async def test_facts_of_the_end_are_kept() -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "no"}
    events = (start(), *end("refusal", {"stop_details": details}, iterations=[{"type": "message"}]))
    async with claude(streaming(*events)) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    assert got.finished.metadata == {"stop_details": details, "iterations": [{"type": "message"}]}


async def test_a_stop_reason_is_a_proper_end_without_the_last_event() -> None:
    async with claude(streaming(start(), *text_block(0, "x"), *end()[:1])) as (provider, _asked):
        assert (await complete(provider, request(), call_id="c")).text == "x"


async def test_a_stream_without_an_end_is_a_failure() -> None:
    assert (await failure(*OPENING)).kind is ErrorKind.UNAVAILABLE
    assert (await failure()).kind is ErrorKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("overloaded_error", ErrorKind.OVERLOADED),
        ("rate_limit_error", ErrorKind.RATE_LIMITED),
        ("api_error", ErrorKind.UNAVAILABLE),
        ("timeout_error", ErrorKind.TIMEOUT),
    ],
)
async def test_an_error_inside_a_stream_is_read_by_its_body(word: str, kind: ErrorKind) -> None:
    error = await failure(*OPENING, {"type": "error", "error": {"type": word, "message": "Sorry"}})
    assert error.kind is kind
    assert error.status is None
    assert error.provider_code == word


async def test_a_malformed_event_is_unavailable_and_quotes_nothing() -> None:
    body = told(start()) + "event: content_block_delta\ndata: {secret-text\n\n"
    async with claude(replying(200, body, {"content-type": "text/event-stream"})) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert "secret-text" not in str(caught.value)


async def test_a_cut_connection_is_unavailable() -> None:
    async def cut(_asked: Asked, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n")
        writer.write("".join(told(event) for event in OPENING).encode())

    async with claude(cut) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE


async def test_nobody_listening_is_unavailable(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    provider = AnthropicProvider(ProviderConfig(name="anthropic", wire="anthropic", api_key=KEY, base_url=url))
    with pytest.raises(ProviderError) as caught:
        await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    health = await provider.check_health()
    assert not health.ok
    assert health.kind == "unavailable"
    await provider.close()


@pytest.mark.parametrize("status", [408, 409, 429, 500, 529])
async def test_a_failed_call_is_made_once(status: int) -> None:
    async with claude(replying(status, "{}", {"x-should-retry": "true"})) as (provider, asked):
        with pytest.raises(ProviderError):
            await complete(provider, request(), call_id="c")
    assert len(asked) == 1


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_stopping_closes_the_connection(how: str) -> None:
    closed, first = asyncio.Event(), asyncio.Event()

    async def hold(_asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n")
        writer.write("".join(told(event) for event in OPENING).encode())
        await writer.drain()
        await reader.read()
        closed.set()

    async with claude(hold) as (provider, _asked):
        events = provider.stream(request(), call_id="c")

        async def consume() -> None:
            async for event in events:
                if isinstance(event, PartDelta):
                    first.set()
                    if how == "close":
                        break
            await events.aclose()  # type: ignore[attr-defined]

        task = asyncio.create_task(consume())
        async with asyncio.timeout(10):
            await first.wait()
            if how == "cancel":
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await closed.wait()


async def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ANTHROPIC_API_KEY": "from-the-environment",
        "ANTHROPIC_AUTH_TOKEN": "from-the-environment",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
        "ANTHROPIC_CUSTOM_HEADERS": "x-added: from-the-environment",
        "ANTHROPIC_WEBHOOK_SIGNING_KEY": "from-the-environment",
    }.items():
        monkeypatch.setenv(name, value)
    async with claude(streaming(start(), *end())) as (provider, asked):
        await complete(provider, request(), call_id="c")
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "from-the-environment" not in str(asked[0].headers)


async def test_a_missing_key_is_said_before_any_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "from-the-environment")
    provider = AnthropicProvider(ProviderConfig(name="anthropic", wire="anthropic", api_key=""))
    with pytest.raises(ProviderError) as caught:
        await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.AUTHENTICATION


async def test_what_goes_out_is_the_translation_and_nothing_more() -> None:
    async with claude(streaming(start(), *end())) as (provider, asked):
        options = {"anthropic": {"betas": ["one-beta"], "inference_geo": "eu"}}
        await complete(provider, request("hi", knobs=Knobs(temperature=0.5), provider_options=options), call_id="c")
    assert asked[0].body == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 32000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        "temperature": 0.5,
        "inference_geo": "eu",
        "stream": True,
    }
    assert asked[0].headers["anthropic-beta"] == "one-beta"


async def test_health_lists_models_and_bills_nothing() -> None:
    async with claude(replying(200, '{"data": []}')) as (provider, asked):
        health = await provider.check_health()
    assert health.ok
    assert asked[0].line.startswith("GET /v1/models?limit=1 ")


async def test_health_reports_a_wrong_key() -> None:
    body = {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}
    async with claude(replying(401, json.dumps(body))) as (provider, _asked):
        health = await provider.check_health()
    assert not health.ok
    assert health.kind == "authentication"


@pytest.mark.parametrize(
    "more",
    [
        {"model": "claude-opus-4-6"},
        {"knobs": Knobs(reasoning_effort="low")},
        {"output": JsonSchemaOutput(definition={"type": "object"})},
    ],
)
async def test_a_prefill_that_would_be_refused_is_refused_before_the_call(more: dict[str, Any]) -> None:
    async with claude(replying(500, "{}")) as (provider, asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(prefill="Once", **more), call_id="c")
    assert caught.value.prefill_refused
    assert asked == []


async def test_a_prefill_is_the_last_message_without_white_space_at_its_end() -> None:
    async with claude(streaming(start(), *end())) as (provider, asked):
        assert provider.capabilities("claude-sonnet-4-5").prefill
        await complete(provider, request(prefill="Once upon \n"), call_id="c")
    assert asked[0].body["messages"][-1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "Once upon"}],
    }
