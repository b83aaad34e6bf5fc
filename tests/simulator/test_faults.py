"""Every fault, on every wire, as the vendors' own clients see it."""

import asyncio
import email.utils
import json
import time
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from google.genai import errors as google_errors

from providers.simulator.control import Simulator
from tests.simulator.asking import (
    CLIENT_ERRORS,
    ENDPOINT,
    VENDOR,
    WIRES,
    StreamFailedError,
    ask,
    headers_of,
    listen,
    overhear,
    status_of,
)
from tests.simulator.waiting import ended, silent

# kind: OpenAI chat, OpenAI responses, Anthropic, Google: status and the word that tells it
ERRORS: dict[str, tuple[tuple[int, str | None], ...]] = {
    "rate_limited": (
        (429, "rate_limit_exceeded"),
        (429, "rate_limit_exceeded"),
        (429, "rate_limit_error"),
        (429, "RESOURCE_EXHAUSTED"),
    ),
    "overloaded": (
        (503, "server_is_overloaded"),
        (503, "server_is_overloaded"),
        (529, "overloaded_error"),
        (503, "UNAVAILABLE"),
    ),
    "unavailable": ((500, None), (500, None), (500, "api_error"), (500, "INTERNAL")),
    "timeout": ((504, None), (504, None), (504, "timeout_error"), (504, "DEADLINE_EXCEEDED")),
    "context_overflow": (
        (400, "context_length_exceeded"),
        (400, "context_length_exceeded"),
        (400, "invalid_request_error"),
        (400, "INVALID_ARGUMENT"),
    ),
    "authentication": (
        (401, "invalid_api_key"),
        (401, "invalid_api_key"),
        (401, "authentication_error"),
        (400, "INVALID_ARGUMENT"),
    ),
    "invalid_request": (
        (400, "decimal_below_min_value"),
        (400, "decimal_below_min_value"),
        (400, "invalid_request_error"),
        (400, "INVALID_ARGUMENT"),
    ),
    "not_found": ((404, "model_not_found"), (400, "model_not_found"), (404, "not_found_error"), (404, "NOT_FOUND")),
}
MESSAGES = {
    "context_overflow": (
        "maximum context length",
        "exceeds the context window",
        "prompt is too long",
        "exceeds the maximum number",
    ),
    "authentication": ("Incorrect API key", "Incorrect API key", "invalid x-api-key", "API key not valid"),
}


def word_of(problem: BaseException) -> str | None:
    match problem:
        case openai.APIStatusError():
            return problem.code
        case anthropic.APIStatusError():
            return problem.body["error"]["type"] if isinstance(problem.body, dict) else None
        case google_errors.APIError():
            return problem.status
        case _:
            raise AssertionError(repr(problem))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("wire", WIRES)
async def test_error_kinds(simulator: Simulator, wire: str, kind: str, stream: bool) -> None:
    simulator.scenario({"error": {"kind": kind}})
    with pytest.raises(CLIENT_ERRORS) as caught:
        await (overhear([], simulator, wire) if stream else ask(simulator, wire))
    status, word = ERRORS[kind][WIRES.index(wire)]
    assert status_of(caught.value) == status
    assert word_of(caught.value) == word
    if kind in MESSAGES:
        assert MESSAGES[kind][WIRES.index(wire)] in str(caught.value)
    (row,) = simulator.calls()
    assert (row["status"], row["outcome"], row["input"], row["output"]) == (status, "error", 0, 0)
    assert (row["vendor"], row["endpoint"], row["stream"]) == (VENDOR[wire], ENDPOINT[wire], stream)


@pytest.mark.parametrize("wire", ["chat", "responses", "anthropic"])
async def test_content_is_refused_with_an_error(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"error": {"kind": "content_refused"}})
    with pytest.raises(CLIENT_ERRORS) as caught:
        await ask(simulator, wire)
    assert status_of(caught.value) == 400


@pytest.mark.parametrize("stream", [False, True])
async def test_content_is_refused_without_an_error_at_google(simulator: Simulator, stream: bool) -> None:
    simulator.scenario({"error": {"kind": "content_refused"}})
    if stream:
        assert [piece async for piece in listen(simulator, "google")] == []
    else:
        heard = await ask(simulator, "google")
        assert (heard.text, heard.finish) == ("", None)
    assert simulator.calls()[0]["outcome"] == "error"


@pytest.mark.parametrize("wire", WIRES)
async def test_retry_after_in_three_formats(simulator: Simulator, wire: str) -> None:
    for written in ("seconds", "milliseconds", "http-date"):
        fault = {"kind": "rate_limited", "retry_after": 2.5, "retry_after_format": written}
        simulator.scenario({"error": fault}, times=1)
        before = time.time()
        with pytest.raises(CLIENT_ERRORS) as caught:
            await ask(simulator, wire)
        headers = headers_of(caught.value)
        match written:
            case "seconds":
                assert headers["retry-after"] == "2.5"
            case "milliseconds":
                assert headers["retry-after-ms"] == "2500"
            case _:
                at = email.utils.parsedate_to_datetime(headers["retry-after"]).timestamp()
                assert before + 2 <= at <= time.time() + 4


async def test_google_tells_the_time_to_wait_in_the_body(simulator: Simulator) -> None:
    simulator.scenario({"error": {"kind": "rate_limited", "retry_after": 7}})
    with pytest.raises(google_errors.ClientError) as caught:
        await ask(simulator, "google")
    details = caught.value.details["error"]["details"]
    assert {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"} in details
    assert "retry-after" not in caught.value.response.headers


@pytest.mark.parametrize("wire", WIRES)
async def test_error_inside_a_stream(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"error": {"kind": "overloaded", "in_stream": True, "after": 3}})
    heard: list[str] = []
    with pytest.raises((*CLIENT_ERRORS, StreamFailedError), match=r"(?i)overloaded"):
        await overhear(heard, simulator, wire)
    assert "".join(heard) == "Simulated answer:"
    (row,) = simulator.calls()
    assert (row["status"], row["outcome"], row["output"]) == (200, "error", 3)


@pytest.mark.parametrize("wire", WIRES)
async def test_cut_in_the_middle(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"cut_after": 3})
    heard: list[str] = []
    with pytest.raises((*CLIENT_ERRORS, httpx2.TransportError)):
        await overhear(heard, simulator, wire)
    assert "".join(heard) == "Simulated answer:"
    (row,) = simulator.calls()
    assert (row["outcome"], row["output"]) == ("cut", 3)


@pytest.mark.parametrize("wire", WIRES)
async def test_cut_beyond_the_answer_comes_before_its_finish(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"tokens": 4, "cut_after": 50})
    with pytest.raises((*CLIENT_ERRORS, httpx2.TransportError)):
        [piece async for piece in listen(simulator, wire)]
    assert simulator.calls()[0]["output"] == 4


@pytest.mark.parametrize("wire", WIRES)
async def test_cut_of_a_whole_answer(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"cut_after": 3})
    with pytest.raises((*CLIENT_ERRORS, httpx2.TransportError)):
        await ask(simulator, wire)
    assert (simulator.calls()[0]["outcome"], simulator.calls()[0]["output"]) == ("cut", 3)


@pytest.mark.parametrize("wire", WIRES)
async def test_connection_dropped_before_any_byte(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"drop_connection": True})
    with pytest.raises((*CLIENT_ERRORS, httpx2.TransportError)):
        await ask(simulator, wire)
    (row,) = simulator.calls()
    assert (row["status"], row["outcome"], row["output"]) == (0, "cut", 0)


async def events_of(simulator: Simulator, wire: str) -> list[str]:
    """The raw lines of a stream, so that what is missing can be seen."""
    messages = [{"role": "user", "content": "Hello"}]
    addresses: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
        "chat": (f"{simulator.openai_url}/chat/completions", {"authorization": "Bearer k"}, {"messages": messages}),
        "responses": (f"{simulator.openai_url}/responses", {"authorization": "Bearer k"}, {"input": "Hello"}),
        "anthropic": (
            f"{simulator.anthropic_url}/v1/messages",
            {"x-api-key": "k"},
            {"messages": messages, "max_tokens": 99},
        ),
        "google": (
            f"{simulator.google_url}/v1beta/models/m:streamGenerateContent?alt=sse",
            {"x-goog-api-key": "k"},
            {"contents": [{"parts": [{"text": "Hello"}]}]},
        ),
    }
    url, headers, body = addresses[wire]
    async with httpx2.AsyncClient() as client:
        answer = await client.post(url, headers=headers, json={"model": "m", "stream": True, **body})
    assert answer.status_code == 200
    return [line for line in answer.text.splitlines() if line.startswith("data: ")]


FINISH = {
    "chat": '"finish_reason":"stop"',
    "responses": "response.completed",
    "anthropic": "message_delta",
    "google": '"finishReason"',
}


@pytest.mark.parametrize("wire", WIRES)
async def test_clean_cut_ends_the_body_without_a_finish(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"cut_after": 3, "cut_clean": True})
    lines = await events_of(simulator, wire)
    assert not any(FINISH[wire] in line for line in lines)
    assert simulator.calls()[0]["outcome"] == "cut"


@pytest.mark.parametrize("wire", WIRES)
async def test_omitted_finish_and_omitted_last_event(simulator: Simulator, wire: str) -> None:
    whole = await events_of(simulator, wire)
    assert any(FINISH[wire] in line for line in whole)
    simulator.scenario({"omit_finish": True}, times=1)
    simulator.scenario({"omit_last_event": True}, times=1)
    unfinished = await events_of(simulator, wire)
    unclosed = await events_of(simulator, wire)
    assert not any(FINISH[wire] in line for line in unfinished)
    assert len(unclosed) == len(whole) - 1
    if wire == "chat":
        assert whole[-1] == unfinished[-1] == "data: [DONE]"
        assert FINISH[wire] in unclosed[-1]
    if wire == "anthropic":
        assert "message_stop" in whole[-1]
        assert "message_stop" in unfinished[-1]
        assert "message_delta" in unclosed[-1]


@pytest.mark.parametrize("wire", WIRES)
async def test_malformed_event(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"malformed_event_after": 2})
    lines = await events_of(simulator, wire)
    broken = []
    for line in lines:
        try:
            json.loads(line.removeprefix("data: "))
        except ValueError:
            broken.append(line)
    assert [line for line in broken if line != "data: [DONE]"] == [line for line in broken if '{"' in line]
    assert sum('{"' in line for line in broken) == 1
    with pytest.raises((*CLIENT_ERRORS, ValueError)):
        [piece async for piece in listen(simulator, wire)]


@pytest.mark.parametrize("wire", WIRES)
async def test_stall_lasts_until_the_caller_leaves(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"stall_after": 2})
    stream = listen(simulator, wire)
    heard = [await anext(stream), await anext(stream)]
    await silent(asyncio.ensure_future(anext(stream)))
    assert "".join(heard) == "Simulated answer"
    assert (await ended(simulator))["outcome"] == "stalled"
    assert simulator.calls()[0]["output"] == 2


async def test_stall_for_a_time(simulator: Simulator) -> None:
    simulator.scenario({"stall_after": 2, "stall_seconds": 0.3})
    started = time.monotonic()
    heard = [piece async for piece in listen(simulator, "chat")]
    assert time.monotonic() - started >= 0.3
    assert "".join(heard).startswith("Simulated answer")
    assert simulator.calls()[0]["outcome"] == "completed"


@pytest.mark.parametrize("wire", WIRES)
async def test_refused_prefill(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"reject_prefill": True})
    prefilled = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Simulated"}]
    with pytest.raises(CLIENT_ERRORS) as caught:
        await ask(simulator, wire, messages=prefilled)
    assert status_of(caught.value) == 400
    assert (await ask(simulator, wire)).text.startswith("Simulated answer")


@pytest.mark.parametrize("wire", WIRES)
async def test_missing_and_bad_keys(simulator: Simulator, wire: str) -> None:
    with pytest.raises(CLIENT_ERRORS) as caught:
        await ask(simulator, wire, key="bad-key")
    assert status_of(caught.value) == (400 if wire == "google" else 401)
    path = {
        "chat": "/openai/v1/chat/completions",
        "responses": "/openai/v1/responses",
        "anthropic": "/anthropic/v1/messages",
        "google": "/google/v1beta/models/m:generateContent",
    }[wire]
    async with httpx2.AsyncClient() as client:
        answer = await client.post(simulator.url + path, json={})
    assert answer.status_code == (403 if wire == "google" else 401)
    assert "error" in answer.json()


@pytest.mark.parametrize(
    "path",
    [
        "/openai/v1/chat/completions",
        "/openai/v1/responses",
        "/anthropic/v1/messages",
        "/google/v1beta/models/m:generateContent",
    ],
)
@pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff\xfe", b'{"model": 3, "contents": [3], "messages": [3]}'])
async def test_bodies_that_are_no_request(simulator: Simulator, path: str, body: bytes) -> None:
    headers = {"authorization": "Bearer k", "x-api-key": "k", "x-goog-api-key": "k", "content-type": "application/json"}
    async with httpx2.AsyncClient(headers=headers) as client:
        answer = await client.post(simulator.url + path, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert simulator.calls()[0]["outcome"] == "error"


async def test_unknown_paths(simulator: Simulator) -> None:
    async with httpx2.AsyncClient() as client:
        for path in (
            "/",
            "/openai/v1/nothing",
            "/anthropic/v1/nothing",
            "/google/v1/models/m:sing",
            "/control/nothing",
        ):
            assert (await client.post(simulator.url + path)).status_code == 404
