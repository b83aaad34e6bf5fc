"""Bodies to kinds. The wordings are Anthropic's own, shortened."""

from typing import Any

import anthropic
import httpx2
import pytest

from contracts.errors import ErrorKind, ProviderError
from providers.anthropic.errors import translate, translate_body

KEY = "sk-ant-test-key-of-nobody"


def error(status: int | None, message: str, word: str, headers: dict[str, str] | None = None) -> ProviderError:
    body = {"type": "error", "error": {"type": word, "message": message}}
    return translate_body(status, body, headers or {}, provider="anthropic", secret=KEY)


@pytest.mark.parametrize(
    ("status", "message", "word", "kind"),
    [
        (
            400,
            "prompt is too long: 200027 tokens > 200000 maximum",
            "invalid_request_error",
            ErrorKind.CONTEXT_OVERFLOW,
        ),
        (
            400,
            "input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000",
            "invalid_request_error",
            ErrorKind.CONTEXT_OVERFLOW,
        ),
        (413, "Request exceeds the maximum size", "request_too_large", ErrorKind.CONTEXT_OVERFLOW),
        (400, "Your credit balance is too low to access the API.", "invalid_request_error", ErrorKind.AUTHENTICATION),
        (400, "You have reached your specified API usage limits.", "invalid_request_error", ErrorKind.AUTHENTICATION),
        (400, "This organization has been disabled.", "invalid_request_error", ErrorKind.AUTHENTICATION),
        (402, "Pay", "billing_error", ErrorKind.AUTHENTICATION),
        (401, "invalid x-api-key", "authentication_error", ErrorKind.AUTHENTICATION),
        (403, "Request not allowed", "permission_error", ErrorKind.AUTHENTICATION),
        (404, "model: claude-sonet-4-5", "not_found_error", ErrorKind.NOT_FOUND),
        (400, "Output blocked by content filtering policy", "invalid_request_error", ErrorKind.CONTENT_REFUSED),
        (
            400,
            "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-5",
            "invalid_request_error",
            ErrorKind.INVALID_REQUEST,
        ),
        (
            429,
            "This request would exceed your organization's rate limit of 30,000 input tokens per minute.",
            "rate_limit_error",
            ErrorKind.RATE_LIMITED,
        ),
        (500, "Internal server error", "api_error", ErrorKind.UNAVAILABLE),
        (504, "Request timed out", "timeout_error", ErrorKind.TIMEOUT),
        (529, "Overloaded", "overloaded_error", ErrorKind.OVERLOADED),
        (None, "Overloaded", "overloaded_error", ErrorKind.OVERLOADED),
    ],
)
def test_kinds_by_body(status: int | None, message: str, word: str, kind: ErrorKind) -> None:
    assert error(status, message, word).kind is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.INVALID_REQUEST),
        (403, ErrorKind.AUTHENTICATION),
        (408, ErrorKind.TIMEOUT),
        (429, ErrorKind.RATE_LIMITED),
        (502, ErrorKind.UNAVAILABLE),
        (503, ErrorKind.OVERLOADED),
    ],
)
@pytest.mark.parametrize("body", ["<!DOCTYPE html><html>no</html>", {"detail": "no"}, {"error": "no"}, [], None, "{"])
def test_other_bodies_are_read_by_status_and_pages_are_not_quoted(status: int, kind: ErrorKind, body: Any) -> None:
    found = translate_body(status, body, {}, provider="anthropic", secret=KEY)
    assert found.kind is kind
    assert found.provider_code is None
    assert "<" not in found.message


def test_the_wait_is_told_only_where_waiting_helps() -> None:
    assert error(429, "slow", "rate_limit_error", {"retry-after": "8"}).retry_after == 8
    assert error(401, "no", "authentication_error", {"retry-after": "8"}).retry_after is None


def test_silence_is_a_timeout_and_a_connection_that_never_came_is_not() -> None:
    asked = httpx2.Request("POST", "http://127.0.0.1/v1/messages")
    for cause, kind in (
        (httpx2.ConnectTimeout("late"), ErrorKind.UNAVAILABLE),
        (httpx2.ReadTimeout("late"), ErrorKind.TIMEOUT),
    ):
        wrapped = anthropic.APITimeoutError(request=asked)
        wrapped.__cause__ = cause
        for raised in (wrapped, cause):
            assert translate(raised, provider="anthropic", secret=KEY).kind is kind
    assert translate(OSError("reset"), provider="anthropic", secret=KEY).kind is ErrorKind.UNAVAILABLE
    assert translate(KeyError("x"), provider="anthropic", secret=KEY).kind is ErrorKind.UNAVAILABLE


def test_the_field_at_fault_is_named() -> None:
    said = "messages.2.content.0.tool_result.content.0.image.source: Input tag 'file' found"
    assert error(400, said, "invalid_request_error").field == "messages.2.content.0.tool_result.content.0.image.source"
    assert error(400, "Something else: no", "invalid_request_error").field is None


def test_a_refused_prefill_says_so() -> None:
    said = "This model does not support assistant message prefill. The conversation must end with a user message."
    assert error(400, said, "invalid_request_error").prefill_refused
    assert not error(400, "temperature: range: 0..1", "invalid_request_error").prefill_refused


def test_keys_and_quoted_content_never_reach_the_message() -> None:
    content = "a long prompt that nobody but its writer should ever read, " * 3
    message = error(
        400, f"{KEY} sk-ant-api03-abcdefgh sent \"{content}\" and '{content}'", "invalid_request_error"
    ).message
    assert "sk-ant" not in message
    assert "prompt" not in message
