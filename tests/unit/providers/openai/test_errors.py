"""Errors that the recordings do not hold, worded as the vendors' documents and their users' reports have them."""

from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from providers.openai.errors import translate_body


def told(status: int | None, body: Any, headers: dict[str, str] | None = None) -> ProviderError:
    return translate_body(status, body, headers or {}, provider="p", secret="our-secret-key")


def error(message: str, code: str | None = None, kind: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error("Incorrect API key provided: xx. You can obtain one from console.x.ai."), "authentication"),
        (402, error("Insufficient Balance", "invalid_request_error"), "authentication"),
        (402, error("This request requires more credits, or fewer max_tokens."), "authentication"),
        (403, error("Project `x` does not have access to model `gpt-5`", "model_not_found"), "not_found"),
        (403, error("Your chosen model requires moderation and your input was flagged"), "content_refused"),
        (403, "<html><head><title>403 Forbidden</title></head></html>", "authentication"),
        (
            413,
            error(
                "Request too large for model `m` in organization `o` on tokens per minute (TPM): Limit 6000, Requested 9000, "
                "please reduce your message size and try again.",
                "rate_limit_exceeded",
                "tokens",
            ),
            "context_overflow",
        ),
        (
            429,
            error(
                "Request too large for gpt-4o in organization o on tokens per min (TPM): Limit 30000, Requested 50000.",
                "rate_limit_exceeded",
                "tokens",
            ),
            "context_overflow",
        ),
        (
            400,
            error("Your input exceeds the context window of this model.", "context_length_exceeded"),
            "context_overflow",
        ),
        (
            400,
            {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400},
            "context_overflow",
        ),
        (
            400,
            error("max_tokens is too large: 100000. This model supports at most 16384 completion tokens."),
            "invalid_request",
        ),
        (400, error("Timeout while downloading https://example.org/a.png.", "invalid_image_url"), "invalid_request"),
        (400, error("filtered", "content_filter"), "content_refused"),
        (400, error("Content Exists Risk", "invalid_request_error"), "content_refused"),
        (400, error("Invalid prompt: your prompt was flagged", "invalid_prompt"), "content_refused"),
        (404, {"detail": "Not Found"}, "not_found"),
        (
            400,
            error("The model `m` has been decommissioned and is no longer supported.", "model_decommissioned"),
            "not_found",
        ),
        (400, error("gpt-9 is not a valid model ID"), "not_found"),
        (422, {"detail": [{"loc": ["body", "messages"], "msg": "field required"}]}, "invalid_request"),
        (
            429,
            error("The engine is currently overloaded, please try again later", None, "engine_overloaded_error"),
            "overloaded",
        ),
        (429, error("Rate limit reached", "rate_limit_exceeded", "requests"), "rate_limited"),
        (429, "", "rate_limited"),
        (408, "", "timeout"),
        (500, error("The server had an error"), "unavailable"),
        (502, "<html><body>502 Bad Gateway</body></html>", "unavailable"),
        (503, "upstream connect error", "overloaded"),
        (504, "<html>504 Gateway Time-out</html>", "timeout"),
        (529, "", "overloaded"),
        (None, error("busy", "rate_limit_exceeded"), "rate_limited"),
        (None, error("Bad value", None, "invalid_request_error"), "invalid_request"),
        (None, {"error": {"code": 502, "message": "Upstream error"}}, "unavailable"),
        (None, {"error": "something"}, "unavailable"),
        (None, None, "unavailable"),
        (
            400,
            {
                "error": {
                    "code": 400,
                    "message": "Provider returned error",
                    "metadata": {"raw": '{"message": "prompt is too long"}'},
                }
            },
            "context_overflow",
        ),
    ],
)
def test_kinds(status: int | None, body: Any, kind: str) -> None:
    found = told(status, body)
    assert found.kind is ErrorKind(kind), found.message


def test_the_wait_is_told_where_waiting_helps() -> None:
    message = "Rate limit reached for requests. Please try again in 6m0s."
    assert told(429, error(message, "rate_limit_exceeded")).retry_after == 360
    assert told(429, error(message, "rate_limit_exceeded"), {"retry-after-ms": "20"}).retry_after == 0.02
    assert told(401, error("no"), {"retry-after": "3"}).retry_after is None


def test_messages_hold_no_key_and_no_long_quote() -> None:
    prompt = "once upon a time " * 9
    found = told(400, error(f"Incorrect: sk-abcdefghijkl and our-secret-key in '{prompt}' at 'x' and \"{prompt}\" end"))
    assert found.message == "p answered HTTP 400: Incorrect: [key] and [key] in […] at 'x' and […] end"
    assert len(told(400, error("long " * 999)).message) < 350


@pytest.mark.parametrize(
    "message",
    [
        "Invalid value: 'assistant'. The last message must have the role 'user' or 'tool'.",
        "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant",
        "This model does not support assistant message prefill.",
    ],
)
def test_a_refused_continuation_is_told_apart(message: str) -> None:
    found = told(400, error(message))
    assert (found.kind, found.prefill_refused) == (ErrorKind.INVALID_REQUEST, True)


def test_the_field_at_fault_is_named() -> None:
    body = {"error": {"message": "Bad", "type": "invalid_request_error", "param": "temperature", "code": "x"}}
    found = told(400, body)
    assert (found.field, found.provider_code, found.status) == ("temperature", "x", 400)
