"""The adapter against a server on loopback: decoding, ends, failures, and what it must not do on its own."""

import asyncio
import json
from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason, PartDelta, PartStarted, Started, UsageReported
from contracts.parts import BytesSource, ImagePart, ProviderPart, ReasoningPart, TextPart, ToolCallPart
from providers.collect import Answer, complete
from providers.google.adapter import GoogleProvider
from providers.protocol import ProviderConfig
from tests.unit.providers.google.loopback import KEY, Asked, chunk, gemini, replying, request, streaming

SIGNED = "c2lnbmVk"


async def answer(*chunks: dict[str, Any], **more: Any) -> Answer:
    async with gemini(streaming(*chunks)) as (provider, _asked):
        return await complete(provider, request(**more), call_id="call-1")


async def failure(*chunks: dict[str, Any]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await answer(*chunks)
    return caught.value


async def test_text_streams_as_deltas_of_one_part() -> None:
    told = streaming(
        chunk({"text": "Hel"}, promptTokenCount=3, totalTokenCount=3),
        chunk({"text": "lo"}, finish="STOP", promptTokenCount=3, candidatesTokenCount=2, totalTokenCount=5),
    )
    async with gemini(told) as (provider, asked):
        events = [event async for event in provider.stream(request(), call_id="call-1")]
    assert events[0] == Started(response_id="r1", model="gemini-3-flash")
    assert [event.text for event in events if isinstance(event, PartDelta)] == ["Hel", "lo"]
    assert sum(isinstance(event, PartStarted) for event in events) == 1
    assert [event.usage.total for event in events if isinstance(event, UsageReported)] == [3, 5]
    assert asked[0].headers["x-client-request-id"] == "call-1"
    assert asked[0].headers["x-goog-api-key"] == KEY
    assert asked[0].line.startswith("POST /v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse ")


async def test_a_body_that_is_not_streamed_reads_the_same() -> None:
    whole = chunk({"text": "Hello"}, finish="STOP", promptTokenCount=1, candidatesTokenCount=1, totalTokenCount=2)
    async with gemini(replying(200, json.dumps(whole, indent=2))) as (provider, _asked):
        got = await complete(provider, request(), call_id="c")
    assert got.text == "Hello"
    assert got.finished.finish_reason is FinishReason.STOP


async def test_signed_texts_are_never_merged() -> None:
    got = await answer(
        chunk({"text": "think", "thought": True}),
        chunk({"text": "a"}),
        chunk({"text": "b"}),
        chunk({"text": "c", "thoughtSignature": SIGNED}),
        chunk({"text": "", "thoughtSignature": SIGNED}, finish="STOP"),
    )
    assert got.parts == (
        ReasoningPart(text="think", provider="google"),
        TextPart(text="ab"),
        TextPart(text="c", signature=SIGNED, provider="google"),
        ReasoningPart(redacted=SIGNED, provider="google"),
    )


async def test_calls_without_ids_get_stable_ones_of_their_own() -> None:
    calls = [{"functionCall": {"name": "look", "args": {"at": n}}} for n in (1, 2)]
    chunks = (chunk({**calls[0], "thoughtSignature": SIGNED}, calls[1], finish="STOP"),)
    first, again = await answer(*chunks), await answer(*chunks)
    assert first.parts == again.parts
    assert [part.id for part in first.parts if isinstance(part, ToolCallPart)] == ["call_r1_1", "call_r1_2"]
    assert first.finished.finish_reason is FinishReason.TOOL_CALLS
    assert first.finished.raw_finish_reason == "STOP"


async def test_images_and_server_tools_are_kept_with_their_signatures() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1+1", "id": "x"}, "thoughtSignature": SIGNED}
    image = {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}, "thoughtSignature": SIGNED}
    got = await answer(chunk(code, image, finish="STOP"))
    source = BytesSource(media_type="image/png", content="iVBORw==")
    assert got.parts == (
        ProviderPart(provider="google", payload=code),
        ImagePart(source=source, signature=SIGNED, provider="google"),
    )


async def test_usage_is_disjoint_and_sums_to_the_vendors_total() -> None:
    counts = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 40,
        "toolUsePromptTokenCount": 7,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 5,
        "totalTokenCount": 122,
    }
    usage = (await answer(chunk({"text": "x"}, finish="STOP", **counts))).finished.usage
    assert usage is not None
    assert (usage.input_uncached, usage.cache_read, usage.output, usage.reasoning) == (67, 40, 15, 5)
    assert usage.total == 122


async def test_citations_count_characters_and_keep_their_source() -> None:
    grounded = chunk({"text": "Zürich ist groß."}, finish="STOP")
    grounded["candidates"][0]["groundingMetadata"] = {
        "webSearchQueries": ["zürich"],
        "groundingChunks": [{"web": {"uri": "https://example.org/z", "title": "Z"}}],
        "groundingSupports": [
            {"segment": {"startIndex": 8, "endIndex": 18, "text": "ist groß."}, "groundingChunkIndices": [0]}
        ],
    }
    got = await answer(grounded)
    (part,) = got.parts
    assert isinstance(part, TextPart)
    (citation,) = part.citations
    assert (citation.url, citation.title) == ("https://example.org/z", "Z")
    assert part.text[citation.start : citation.end] == "ist groß."
    assert got.finished.metadata["grounding"]["webSearchQueries"] == ["zürich"]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("SAFETY", FinishReason.CONTENT_FILTER),
        ("RECITATION", FinishReason.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", FinishReason.CONTENT_FILTER),
    ],
)
async def test_finish_reasons(word: str, reason: FinishReason) -> None:
    got = await answer(chunk({"text": "x"}, finish=word))
    assert got.finished.finish_reason is reason
    assert got.finished.raw_finish_reason == word


async def test_a_malformed_call_is_a_failure_that_may_be_asked_again() -> None:
    error = await failure(chunk(finish="MALFORMED_FUNCTION_CALL"))
    assert error.kind is ErrorKind.UNAVAILABLE
    assert error.provider_code == "MALFORMED_FUNCTION_CALL"


async def test_a_blocked_prompt_is_refused_content() -> None:
    error = await failure({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}})
    assert error.kind is ErrorKind.CONTENT_REFUSED
    assert error.provider_code == "SAFETY"


async def test_a_stream_without_a_finish_reason_is_a_failure() -> None:
    assert (await failure(chunk({"text": "half"}))).kind is ErrorKind.UNAVAILABLE


async def test_an_error_inside_a_stream_is_read_by_its_body() -> None:
    broken = {"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}
    assert (await failure(chunk({"text": "half"}), broken)).kind is ErrorKind.RATE_LIMITED


async def test_a_malformed_event_is_unavailable_and_quotes_nothing() -> None:
    async with gemini(replying(200, "data: {secret-text\r\n\r\n")) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert "secret-text" not in str(caught.value)


async def test_a_cut_connection_is_unavailable() -> None:
    async def cut(_asked: Asked, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n")
        writer.write(f"data: {json.dumps(chunk({'text': 'half'}))}\r\n\r\n".encode())

    async with gemini(cut) as (provider, _asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE


async def test_nobody_listening_is_unavailable(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    provider = GoogleProvider(ProviderConfig(name="google", wire="google", api_key=KEY, base_url=url))
    with pytest.raises(ProviderError) as caught:
        await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    health = await provider.check_health()
    assert not health.ok
    assert health.kind == "unavailable"
    await provider.close()


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_failed_call_is_made_once(status: int) -> None:
    async with gemini(replying(status, "{}")) as (provider, asked):
        with pytest.raises(ProviderError):
            await complete(provider, request(), call_id="c")
    assert len(asked) == 1


async def test_a_continuation_is_not_followed() -> None:
    more = chunk({"text": "x"}, finish="CONTINUATION")
    more["candidates"][0]["continuationToken"] = "dG9rZW4="
    async with gemini(streaming(more)) as (provider, asked):
        got = await complete(provider, request(), call_id="c")
    assert got.finished.finish_reason is FinishReason.LENGTH
    assert len(asked) == 1


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_stopping_closes_the_connection(how: str) -> None:
    closed, first = asyncio.Event(), asyncio.Event()

    async def hold(_asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n")
        writer.write(f"data: {json.dumps(chunk({'text': 'one'}))}\r\n\r\n".encode())
        await writer.drain()
        await reader.read()
        closed.set()

    async with gemini(hold) as (provider, _asked):
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
        "GOOGLE_API_KEY": "from-the-environment",
        "GEMINI_API_KEY": "from-the-environment",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_GENAI_USE_ENTERPRISE": "true",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:1",
        "GOOGLE_GENAI_API_VERSION": "v9",
        "GOOGLE_CLOUD_PROJECT": "nobody",
    }.items():
        monkeypatch.setenv(name, value)
    async with gemini(streaming(chunk({"text": "x"}, finish="STOP"))) as (provider, asked):
        await complete(provider, request(), call_id="c")
    assert asked[0].headers["x-goog-api-key"] == KEY
    assert asked[0].line.startswith("POST /v1beta/models/")


async def test_a_missing_key_is_said_before_any_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "from-the-environment")
    provider = GoogleProvider(ProviderConfig(name="google", wire="google", api_key=""))
    with pytest.raises(ProviderError) as caught:
        await complete(provider, request(), call_id="c")
    assert caught.value.kind is ErrorKind.AUTHENTICATION


async def test_what_goes_out_is_the_translation_and_nothing_more() -> None:
    async with gemini(streaming(chunk({"text": "x"}, finish="STOP"))) as (provider, asked):
        await complete(provider, request("hi", knobs={"temperature": 0.5}), call_id="c")
    assert asked[0].body == {
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "generationConfig": {"temperature": 0.5},
    }


async def test_health_lists_models_and_bills_nothing() -> None:
    async with gemini(replying(200, '{"models": []}')) as (provider, asked):
        health = await provider.check_health()
    assert health.ok
    assert asked[0].line.startswith("GET /v1beta/models?pageSize=1 ")


async def test_health_reports_a_wrong_key() -> None:
    body = {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}
    async with gemini(replying(400, json.dumps(body))) as (provider, _asked):
        health = await provider.check_health()
    assert not health.ok
    assert health.kind == "authentication"


async def test_a_prefill_and_a_wild_model_name_are_refused_before_the_call() -> None:
    async with gemini(replying(500, "{}")) as (provider, asked):
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(prefill="Once"), call_id="c")
        assert caught.value.prefill_refused
        with pytest.raises(ProviderError) as caught:
            await complete(provider, request(model="../files?x"), call_id="c")
        assert caught.value.field == "model"
    assert asked == []


async def test_the_tier_that_served_is_reported() -> None:
    told = streaming(chunk({"text": "x"}, finish="STOP"), headers={"x-gemini-service-tier": "flex"})
    async with gemini(told) as (provider, asked):
        got = await complete(provider, request(knobs={"service_tier": "flex"}), call_id="c")
    assert asked[0].body["serviceTier"] == "flex"
    assert got.finished.service_tier == "flex"
