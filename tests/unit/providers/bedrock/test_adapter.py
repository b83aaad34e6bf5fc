"""The adapter against a server on loopback: ends, failures, and what it must not do on its own."""

import asyncio
import base64
import json
from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason, PartDelta, PartStarted, Started
from contracts.parts import ImagePart, ReasoningPart, TextPart, ToolCallPart
from contracts.requests import Knobs
from providers.bedrock.adapter import BedrockProvider
from providers.collect import complete
from providers.protocol import ProviderConfig
from tests.conformance.bedrock.event_stream import encode_event
from tests.unit.providers.bedrock.loopback import (
    EVENT_STREAM,
    KEY,
    Asked,
    bedrock,
    begin,
    delta,
    end,
    replying,
    request,
    start,
    stop,
    streaming,
)

OPENING = (start(), delta(0, text="half"))
WHOLE = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
                {"text": "Hello"},
                {"toolUse": {"toolUseId": "t1", "name": "look", "input": {"at": 1.5}}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
}


async def failure(*events: Any, **more: Any) -> ProviderError:
    async with bedrock(streaming(*events, **more)) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    return caught.value


async def test_text_streams_as_deltas_of_one_part() -> None:
    told = streaming(start(), delta(0, text="Hel"), delta(0, text="lo"), stop(0), *end())
    async with bedrock(told) as (provider, asked):
        events = [event async for event in provider.stream(request(), call_id="call-1")]
    assert events[0] == Started(response_id="request-1")
    assert [event.text for event in events if isinstance(event, PartDelta)] == ["Hel", "lo"]
    assert sum(isinstance(event, PartStarted) for event in events) == 1
    assert asked[0].line.startswith("POST /model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream ")
    assert asked[0].headers["x-client-request-id"] == "call-1"
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_thought_keeps_its_signature_and_what_is_encrypted() -> None:
    secret = base64.b64encode(b"\x00\xff").decode()
    told = streaming(
        start(),
        delta(0, reasoningContent={"text": "so"}),
        delta(0, reasoningContent={"signature": "c2ln"}),
        stop(0),
        delta(1, reasoningContent={"redactedContent": secret}),
        stop(1),
        delta(2, text="x"),
        *end(),
    )
    async with bedrock(told) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    assert got.parts == (
        ReasoningPart(text="so", signature="c2ln", provider="bedrock"),
        ReasoningPart(redacted=secret, provider="bedrock"),
        TextPart(text="x"),
    )


async def test_calls_in_parallel_and_without_arguments() -> None:
    told = streaming(
        start(),
        begin(0, toolUse={"toolUseId": "t1", "name": "a"}),
        delta(0, toolUse={"input": '{"b"'}),
        begin(1, toolUse={"toolUseId": "t2", "name": "b"}),
        delta(0, toolUse={"input": ": 1}"}),
        delta(1, toolUse={"input": ""}),
        stop(0),
        stop(1),
        *end("tool_use"),
    )
    async with bedrock(told) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    assert got.parts == (
        ToolCallPart(id="t1", name="a", arguments='{"b": 1}'),
        ToolCallPart(id="t2", name="b", arguments="{}"),
    )
    assert got.finished.finish_reason is FinishReason.TOOL_CALLS


async def test_an_image_comes_whole() -> None:
    content = base64.b64encode(b"png").decode()
    told = streaming(
        start(), begin(0, image={"format": "png"}), delta(0, image={"source": {"bytes": content}}), stop(0), *end()
    )
    async with bedrock(told) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    [image] = got.parts
    assert isinstance(image, ImagePart)
    assert image.source.model_dump() == {"type": "bytes", "media_type": "image/png", "content": content}


async def test_a_citation_stands_at_its_text() -> None:
    citation = {"title": "T", "sourceContent": [{"text": "q"}], "location": {"web": {"url": "https://x.example"}}}
    told = streaming(start(), delta(0, text="cited"), delta(0, citation=citation), stop(0), *end())
    async with bedrock(told) as (provider, _asked):
        [part] = (await complete(provider, request(), call_id="c")).parts
    assert isinstance(part, TextPart)
    assert [(one.url, one.title, one.quote) for one in part.citations] == [("https://x.example", "T", "q")]


async def test_usage_with_a_cache_and_what_served() -> None:
    counts = {
        "inputTokens": 3,
        "outputTokens": 2,
        "totalTokens": 35,
        "cacheReadInputTokens": 10,
        "cacheWriteInputTokens": 20,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 15}, {"ttl": "5m", "inputTokens": 5}],
    }
    facts: dict[str, Any] = {
        "usage": counts,
        "serviceTier": {"type": "flex"},
        "trace": {"promptRouter": {"invokedModelId": "arn:x"}},
    }
    async with bedrock(streaming(*OPENING, *end(**facts))) as (provider, _asked):
        finished = (await complete(provider, request(), call_id="c")).finished
    assert finished.usage is not None
    assert finished.usage.total == 35
    assert (finished.usage.cache_read, finished.usage.cache_write, finished.usage.cache_write_1h) == (10, 20, 15)
    assert (finished.model, finished.service_tier) == ("arn:x", "flex")


async def test_a_body_that_is_not_streamed_reads_the_same() -> None:
    async with bedrock(replying(200, json.dumps(WHOLE))) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    assert [part.type for part in got.parts] == ["reasoning", "text", "tool_call"]
    assert got.finished.usage is not None
    assert got.finished.usage.total == 5


@pytest.mark.parametrize("body", ["{}", "[]", '"done"', "<html>"])
async def test_a_body_that_is_no_answer_is_a_failure(body: str) -> None:
    async with bedrock(replying(200, body)) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE


async def test_a_model_that_does_not_stream_is_asked_for_the_whole() -> None:
    async def handler(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        refusal = json.dumps({"message": "This model doesn't support tool use in streaming mode."})
        refuses = "converse-stream" in asked.line
        answer = (
            replying(400, refusal, {"x-amzn-errortype": "ValidationException"})
            if refuses
            else replying(200, json.dumps(WHOLE))
        )
        await answer(asked, reader, writer)

    async with bedrock(handler) as (provider, asked):
        got = await complete(provider, request(), call_id="c")
    assert got.text == "Hello"
    assert [one.line.split()[1].rpartition("/")[2] for one in asked] == ["converse-stream", "converse"]
    assert [one.headers["x-client-request-id"] for one in asked] == ["c", "c"]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("guardrail_intervened", FinishReason.CONTENT_FILTER),
        ("content_filtered", FinishReason.CONTENT_FILTER),
        ("a_word_of_tomorrow", FinishReason.STOP),
    ],
)
async def test_finish_reasons(word: str, reason: FinishReason) -> None:
    async with bedrock(streaming(*OPENING, *end(word))) as (provider, _asked):
        finished = (await complete(provider, request(), call_id="c")).finished
    assert (finished.finish_reason, finished.raw_finish_reason) == (reason, word)


async def test_what_the_model_wrote_wrongly_is_no_answer() -> None:
    error = await failure(*OPENING, *end("malformed_tool_use"))
    assert (error.kind, error.provider_code) == (ErrorKind.UNAVAILABLE, "malformed_tool_use")


async def test_a_stop_reason_is_a_proper_end_without_usage() -> None:
    async with bedrock(streaming(*OPENING, end()[0])) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    assert (got.text, got.finished.usage) == ("half", None)


async def test_a_stream_without_an_end_is_a_failure() -> None:
    assert (await failure(*OPENING)).kind is ErrorKind.UNAVAILABLE
    assert (await failure()).kind is ErrorKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("throttlingException", ErrorKind.RATE_LIMITED),
        ("internalServerException", ErrorKind.UNAVAILABLE),
        ("modelStreamErrorException", ErrorKind.UNAVAILABLE),
        ("serviceUnavailableException", ErrorKind.OVERLOADED),
        ("validationException", ErrorKind.INVALID_REQUEST),
    ],
)
async def test_an_error_inside_a_stream_is_read_by_its_name(name: str, kind: ErrorKind) -> None:
    error = await failure(*OPENING, end=encode_event(name, {"message": "Sorry"}, type="exception"))
    assert (error.kind, error.status, error.provider_code) == (kind, None, name)
    assert "Sorry" in error.message


async def test_a_broken_event_is_unavailable_and_quotes_nothing() -> None:
    broken = bytearray(encode_event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "secret-text"}}))
    broken[-6] ^= 1
    error = await failure(*OPENING, end=bytes(broken))
    assert error.kind is ErrorKind.UNAVAILABLE
    assert "secret-text" not in str(error)


async def test_a_cut_connection_is_unavailable() -> None:
    async def cut(_asked: Asked, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {EVENT_STREAM}\r\ncontent-length: 9999\r\n\r\n".encode())
        writer.write(b"".join(encode_event(name, payload) for name, payload in OPENING))

    async with bedrock(cut) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE


async def test_nobody_listening_is_unavailable_and_unhealthy(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    provider = BedrockProvider(ProviderConfig(name="bedrock", wire="bedrock", api_key=KEY, base_url=url))
    try:
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
        health = await provider.check_health()
    finally:
        await provider.close()
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert (health.ok, health.kind) == (False, "unavailable")


async def test_closing_the_iterator_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def endless(_asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {EVENT_STREAM}\r\n\r\n".encode())
        writer.write(b"".join(encode_event(name, payload) for name, payload in OPENING))
        await writer.drain()
        await reader.read()
        closed.set()

    async with bedrock(endless) as (provider, _asked):
        events = provider.stream(request(), call_id="c")
        async for event in events:
            if isinstance(event, PartDelta):
                break
        await events.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(5):
            await closed.wait()


async def test_failures_are_not_retried_and_keep_what_the_vendor_asks() -> None:
    body = json.dumps({"__type": "ThrottlingException", "message": f"Rate exceeded for {KEY}"})
    async with bedrock(replying(429, body, {"retry-after": "7"})) as (provider, asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert len(asked) == 1
    assert (caught.value.kind, caught.value.status, caught.value.retry_after) == (ErrorKind.RATE_LIMITED, 429, 7.0)
    assert KEY not in str(caught.value)


async def test_access_keys_sign_the_request() -> None:
    options = (("access_key_id", "AKIDEXAMPLE"), ("session_token", "temporary"))
    answering = bedrock(streaming(*OPENING, *end()), key="secret-access-key", location="eu-central-1", options=options)
    async with answering as (provider, asked):
        await complete(provider, request(), call_id="c")
    signed = asked[0].headers["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-central-1/bedrock/aws4_request" in signed
    assert asked[0].headers["x-amz-security-token"] == "temporary"
    assert "secret-access-key" not in json.dumps(asked[0].headers)


async def test_a_key_in_the_environment_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "another-key")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    async with bedrock(streaming(*OPENING, *end())) as (provider, asked):
        await complete(provider, request(), call_id="c")
    options = (("access_key_id", "AKIDEXAMPLE"),)
    async with bedrock(streaming(*OPENING, *end()), location="us-east-1", options=options) as (provider, signed):
        await complete(provider, request(), call_id="c")
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert signed[0].headers["authorization"].startswith("AWS4-HMAC-SHA256")


async def test_without_a_region_or_with_an_unknown_option_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    provider = BedrockProvider(ProviderConfig(name="bedrock", wire="bedrock", api_key=KEY))
    with pytest.raises(ProviderError, match="region"):
        await complete(provider, request(), call_id="c")
    with pytest.raises(ValueError, match="zone"):
        BedrockProvider(ProviderConfig(name="bedrock", wire="bedrock", api_key=KEY, options=(("zone", "a"),)))


@pytest.mark.parametrize(
    ("status", "name", "said", "ok"),
    [
        (200, "", "", True),
        (403, "AccessDeniedException", "User: x is not authorized to perform: bedrock:ListAsyncInvokes", True),
        (403, "UnrecognizedClientException", "The security token included in the request is invalid.", False),
        (503, "ServiceUnavailableException", "Too many", False),
    ],
)
async def test_health(status: int, name: str, said: str, ok: bool) -> None:
    body = json.dumps({"message": said} if said else {"asyncInvokeSummaries": []})
    async with bedrock(replying(status, body, {"x-amzn-errortype": name} if name else None)) as (provider, asked):
        health = await provider.check_health()
    assert health.ok is ok
    assert asked[0].line.startswith("GET /async-invoke?maxResults=1 ")


async def test_a_continuation_goes_out_where_the_model_takes_one() -> None:
    async with bedrock(streaming(*OPENING, *end())) as (provider, asked):
        await complete(provider, request(prefill="Once "), call_id="c")
        for refused in (
            request(model="openai.gpt-oss-120b-1:0", prefill="x"),
            request(model="us.anthropic.claude-sonnet-4-6", prefill="x"),
        ):
            with pytest.raises(ProviderError) as caught:
                await complete(provider, refused, call_id="c")
            assert caught.value.prefill_refused
    assert asked[0].body["messages"][-1] == {"role": "assistant", "content": [{"text": "Once"}]}
    assert len(asked) == 1


async def test_a_request_of_the_wrong_shape_names_its_fields_and_quotes_nothing() -> None:
    options = {"bedrock": {"guardrailConfig": {"trace": 5, "colour": "secret-text"}}}
    async with bedrock(streaming(*OPENING, *end())) as (provider, asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(provider_options=options), call_id="c")
    assert not asked
    assert caught.value.kind is ErrorKind.INVALID_REQUEST
    assert "guardrailConfig.trace" in caught.value.message
    assert "secret-text" not in caught.value.message


async def test_headers_of_the_configuration_go_along() -> None:
    async with bedrock(streaming(*OPENING, *end())) as (other, asked):
        config = ProviderConfig(
            name="aws", wire="bedrock", api_key=KEY, base_url=other.config.base_url, headers=(("x-team", "red"),)
        )
        provider = BedrockProvider(config)
        try:
            await provider.warm()
            await complete(provider, request(knobs=Knobs(seed=1)), call_id="c")
        finally:
            await provider.close()
    assert asked[0].headers["x-team"] == "red"
