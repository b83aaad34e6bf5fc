"""The adapter against a server on loopback: ends, failures, and what it must not do on its own."""

import asyncio
import json

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason, PartDelta, PartStarted, Started
from contracts.parts import ReasoningPart, TextPart, ToolCallPart
from providers.cohere.adapter import CohereProvider
from providers.collect import complete
from providers.protocol import ProviderConfig
from tests.unit.providers.cohere.loopback import (
    KEY,
    Asked,
    Event,
    call,
    cohere,
    end,
    replying,
    request,
    said,
    start,
    streaming,
    told,
)

OPENING: tuple[Event, ...] = (start(), *said(0, "", "half")[:2])


async def failure(*events: Event) -> ProviderError:
    async with cohere(streaming(*events)) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    return caught.value


async def test_text_streams_as_deltas_of_one_part() -> None:
    async with cohere(streaming(start(), *said(0, "", "Hel", "lo"), end())) as (provider, asked):
        events = [event async for event in provider.stream(request(), call_id="call-1")]
    assert events[0] == Started(response_id="m1")
    assert [event.text for event in events if isinstance(event, PartDelta)] == ["Hel", "lo"]
    assert sum(isinstance(event, PartStarted) for event in events) == 1
    assert asked[0].line.startswith("POST /v2/chat ")
    assert asked[0].body["stream"] is True
    assert asked[0].headers["x-client-request-id"] == "call-1"
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"


async def test_thought_plan_calls_and_citations() -> None:
    raw = {
        "start": 0,
        "end": 2,
        "text": "so",
        "sources": [{"type": "document", "document": {"title": "T", "url": "u"}}],
    }
    plan = {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will look"}}}
    cited = {"type": "citation-start", "index": 0, "delta": {"message": {"citations": {**raw, "content_index": 1}}}}
    told_all = streaming(
        start(),
        *said(0, "", "hm", kind="thinking"),
        *said(1, "so"),
        cited,
        plan,
        *call(0, "c1", "look", '{"a"', ": 1}"),
        *call(1, "c2", "b"),
        end("TOOL_CALL"),
    )
    async with cohere(told_all) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    thought, text, planned, *calls = got.parts
    assert thought == ReasoningPart(text="hm", provider="cohere")
    assert planned == ReasoningPart(text="I will look", provider="cohere", id="tool_plan")
    assert calls == [
        ToolCallPart(id="c1", name="look", arguments='{"a": 1}'),
        ToolCallPart(id="c2", name="b", arguments="{}"),
    ]
    assert isinstance(text, TextPart)
    assert [(one.url, one.title, one.start, one.end) for one in text.citations] == [("u", "T", 0, 2)]
    assert got.finished.finish_reason is FinishReason.TOOL_CALLS


async def test_usage_counts_what_the_model_read_and_keeps_what_was_billed() -> None:
    async with cohere(streaming(*OPENING, end(cached_tokens=20.0))) as (provider, _asked):
        finished = (await complete(provider, request(), call_id="c")).finished
    assert finished.usage is not None
    assert (finished.usage.input_uncached, finished.usage.cache_read, finished.usage.output) == (10, 20, 4)
    assert finished.metadata["billed_units"] == {"input_tokens": 1, "output_tokens": 2}


async def test_a_body_that_is_not_streamed_reads_the_same() -> None:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hello"}]
    body = {"id": "m1", "message": {"role": "assistant", "content": content}, "finish_reason": "MAX_TOKENS"}
    async with cohere(replying(200, json.dumps(body))) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    assert [part.type for part in got.parts] == ["reasoning", "text"]
    assert (got.finished.finish_reason, got.finished.usage) == (FinishReason.LENGTH, None)


@pytest.mark.parametrize("body", ["{}", "[]", '"done"', "<html>"])
async def test_a_body_that_is_no_answer_is_a_failure(body: str) -> None:
    async with cohere(replying(200, body)) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE


async def test_a_finish_reason_is_a_proper_end_and_nothing_else_is() -> None:
    async with cohere(streaming(*OPENING, end())) as (provider, _asked):
        assert (await complete(provider, request(), call_id="c")).text == "half"
    assert (await failure(*OPENING)).kind is ErrorKind.UNAVAILABLE
    assert (await failure()).kind is ErrorKind.UNAVAILABLE


@pytest.mark.parametrize(("word", "kind"), [("ERROR", ErrorKind.UNAVAILABLE), ("TIMEOUT", ErrorKind.TIMEOUT)])
async def test_an_answer_that_cohere_gave_up_is_none(word: str, kind: ErrorKind) -> None:
    assert (await failure(*OPENING, end(word))).kind is kind


async def test_an_error_at_the_end_is_read_by_its_words() -> None:
    last = {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "too many tokens: size limit exceeded"}}
    assert (await failure(*OPENING, last)).kind is ErrorKind.CONTEXT_OVERFLOW


async def test_a_malformed_event_is_unavailable_and_quotes_nothing() -> None:
    body = told(start()) + "event: content-delta\ndata: {secret-text\n\n"
    async with cohere(replying(200, body, {"content-type": "text/event-stream"})) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert "secret-text" not in str(caught.value)


async def test_a_cut_connection_is_unavailable() -> None:
    async def cut(_asked: Asked, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n")
        writer.write("".join(told(event) for event in OPENING).encode())

    async with cohere(cut) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE


async def test_closing_the_iterator_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def endless(_asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        writer.write("".join(told(event) for event in OPENING).encode())
        await writer.drain()
        await reader.read()
        closed.set()

    async with cohere(endless) as (provider, _asked):
        events = provider.stream(request(), call_id="c")
        async for event in events:
            if isinstance(event, PartDelta):
                break
        await events.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(5):
            await closed.wait()


async def test_nobody_listening_is_unavailable_and_unhealthy(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    provider = CohereProvider(ProviderConfig(name="cohere", wire="cohere", api_key=KEY, base_url=url))
    try:
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
        health = await provider.check_health()
    finally:
        await provider.close()
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert (health.ok, health.kind) == (False, "unavailable")


async def test_failures_are_not_retried_and_keep_what_the_vendor_asks() -> None:
    async with cohere(replying(429, json.dumps({"message": f"slow down, {KEY}"}), {"retry-after": "7"})) as (
        provider,
        asked,
    ):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert len(asked) == 1
    assert (caught.value.kind, caught.value.status, caught.value.retry_after) == (ErrorKind.RATE_LIMITED, 429, 7.0)
    assert KEY not in str(caught.value)


async def test_a_page_of_html_is_not_quoted() -> None:
    async with cohere(replying(502, "<html>nginx</html>", {"content-type": "text/html"})) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert "nginx" not in str(caught.value)


async def test_a_continuation_and_a_missing_key_are_refused_before_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CO_API_KEY", "another-key")
    async with cohere(streaming(*OPENING, end())) as (provider, asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(prefill="Once"), call_id="c")
    assert caught.value.prefill_refused
    assert not asked
    keyless = CohereProvider(ProviderConfig(name="cohere", wire="cohere", api_key=" "))
    with pytest.raises(ProviderError) as missing:
        await complete(keyless, request(), call_id="c")
    assert missing.value.kind is ErrorKind.AUTHENTICATION


@pytest.mark.parametrize(("status", "ok"), [(200, True), (401, False), (503, False)])
async def test_health(status: int, ok: bool) -> None:
    async with cohere(replying(status, json.dumps({"message": "no"} if status > 200 else {"models": []}))) as (
        provider,
        asked,
    ):
        health = await provider.check_health()
    assert health.ok is ok
    assert asked[0].line.startswith("GET /v1/models?page_size=1 ")
    assert len(asked) == 1
