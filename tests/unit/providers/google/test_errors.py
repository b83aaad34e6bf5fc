"""Bodies to kinds. The wordings are Google's own, shortened."""

import pytest

from contracts.errors import ErrorKind
from providers.google.errors import translate_status
from providers.google.retry_delay import retry_delay

KEY = "AIzaTest-key-of-nobody-000000000000"


def kind_of(status: int, message: str, word: str, reason: str | None = None) -> ErrorKind:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    body = {"error": {"code": status, "message": message, "status": word, "details": details}}
    return translate_status(status, body, {}, provider="google", secret=KEY).kind


@pytest.mark.parametrize(
    ("status", "message", "word", "kind"),
    [
        (400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT", ErrorKind.AUTHENTICATION),
        (400, "API key expired. Please renew the API key.", "INVALID_ARGUMENT", ErrorKind.AUTHENTICATION),
        (403, "Your API key was reported as leaked.", "PERMISSION_DENIED", ErrorKind.AUTHENTICATION),
        (401, "Request had invalid authentication credentials.", "UNAUTHENTICATED", ErrorKind.AUTHENTICATION),
        (400, "User location is not supported for the API use.", "FAILED_PRECONDITION", ErrorKind.AUTHENTICATION),
        (429, "Your prepayment credits are depleted.", "RESOURCE_EXHAUSTED", ErrorKind.AUTHENTICATION),
        (429, "Resource has been exhausted (e.g. check quota).", "RESOURCE_EXHAUSTED", ErrorKind.RATE_LIMITED),
        (503, "The model is overloaded. Please try again later.", "UNAVAILABLE", ErrorKind.OVERLOADED),
        (500, "An internal error has occurred.", "INTERNAL", ErrorKind.UNAVAILABLE),
        (504, "The request timed out.", "DEADLINE_EXCEEDED", ErrorKind.TIMEOUT),
        (404, "models/gemini-0 is not found for API version v1beta", "NOT_FOUND", ErrorKind.NOT_FOUND),
        (400, "Provided image is not valid.", "INVALID_ARGUMENT", ErrorKind.INVALID_REQUEST),
        (403, "You do not have permission to access the File abc.", "PERMISSION_DENIED", ErrorKind.INVALID_REQUEST),
        (
            400,
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            "INVALID_ARGUMENT",
            ErrorKind.CONTEXT_OVERFLOW,
        ),
    ],
)
def test_kinds_by_body(status: int, message: str, word: str, kind: ErrorKind) -> None:
    assert kind_of(status, message, word) is kind


def test_the_reason_outweighs_the_status() -> None:
    assert kind_of(400, "Bad request", "INVALID_ARGUMENT", "API_KEY_INVALID") is ErrorKind.AUTHENTICATION


@pytest.mark.parametrize(
    ("status", "kind"),
    [(502, ErrorKind.UNAVAILABLE), (503, ErrorKind.OVERLOADED), (429, ErrorKind.RATE_LIMITED)],
)
def test_pages_of_html_are_read_by_status_and_not_quoted(status: int, kind: ErrorKind) -> None:
    body = {"message": "<!DOCTYPE html><html><body>Error</body></html>", "status": "Bad Gateway"}
    error = translate_status(status, body, {}, provider="google", secret=KEY)
    assert error.kind is kind
    assert "<" not in error.message


def test_the_wait_is_read_from_the_body_and_the_header() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
    body = {"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": [info]}}
    assert translate_status(429, body, {}, provider="google", secret=KEY).retry_after == 34.5
    assert translate_status(429, body, {"retry-after": "3"}, provider="google", secret=KEY).retry_after == 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_every_form_of_the_header(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_delay((), headers, now=10.0) == seconds


def test_the_field_at_fault_is_named() -> None:
    violation = {"field": "tools[0]", "description": "Unknown name"}
    body = {
        "error": {
            "code": 400,
            "message": "Invalid JSON payload received.",
            "status": "INVALID_ARGUMENT",
            "details": [{"fieldViolations": [violation]}],
        }
    }
    assert translate_status(400, body, {}, provider="google", secret=KEY).field == "tools[0]"


def test_keys_and_quoted_content_never_reach_the_message() -> None:
    content = "a long prompt that nobody but its writer should ever read, " * 3
    said = f"Consumer 'api_key:{KEY}' sent \"{content}\""
    body = {"error": {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}}
    message = translate_status(400, body, {}, provider="google", secret=KEY).message
    assert KEY not in message
    assert "prompt" not in message


def test_a_list_of_one_and_a_bare_text_are_read() -> None:
    listed = [{"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}]
    assert translate_status(None, listed, {}, provider="google", secret="").kind is ErrorKind.OVERLOADED
    assert translate_status(500, "oops", {}, provider="google", secret="").kind is ErrorKind.UNAVAILABLE


def test_a_refused_prefill_says_so() -> None:
    said = "Please ensure that single turn requests end with a user role or the role field is empty."
    body = {"error": {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}}
    assert translate_status(400, body, {}, provider="google", secret=KEY).prefill_refused
