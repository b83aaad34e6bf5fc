"""Anthropic's errors: status, headers and body as its API sends them.

Shapes: docs.claude.com/en/api/errors, and bodies recorded from the API.
"""

from typing import Any, assert_never

from contracts.errors import ErrorKind
from providers.simulator.behaviour import Fault
from providers.simulator.replies import Reply, Trouble, retry_after_headers

_WINDOW = 200_000
OVERLOADED = 529


def missing_key() -> Reply:
    """No key was sent."""
    return _reply(401, "authentication_error", "x-api-key header is required")


def _body(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_simulated"}


def _reply(status: int, kind: str, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Reply:
    should_retry = b"true" if status in (408, 409, 429) or status >= 500 else b"false"
    return Reply.of(
        status, _body(kind, message), (*headers, (b"x-should-retry", should_retry), (b"request-id", b"req_simulated"))
    )


def _words(kind: ErrorKind, trouble: Trouble) -> tuple[int, str, str]:
    """Status, type and message."""
    match kind:
        case ErrorKind.RATE_LIMITED:
            return (
                429,
                "rate_limit_error",
                "This request would exceed the rate limit for your organization of 30,000 input tokens per minute. For details, "
                "refer to: https://docs.claude.com/en/api/rate-limits. Please reduce the prompt length or the maximum tokens "
                "requested, or try again later.",
            )
        case ErrorKind.OVERLOADED:
            return OVERLOADED, "overloaded_error", "Overloaded"
        case ErrorKind.UNAVAILABLE:
            return 500, "api_error", "Internal server error"
        case ErrorKind.TIMEOUT:
            return 504, "timeout_error", "Request timed out"
        case ErrorKind.CONTEXT_OVERFLOW:
            window, size = trouble.overflow(_WINDOW)
            return 400, "invalid_request_error", f"prompt is too long: {size} tokens > {window} maximum"
        case ErrorKind.CONTENT_REFUSED:
            return 400, "invalid_request_error", "Output blocked by content filtering policy"
        case ErrorKind.AUTHENTICATION:
            return 401, "authentication_error", "invalid x-api-key"
        case ErrorKind.NOT_FOUND:
            return 404, "not_found_error", f"model: {trouble.model}"
        case ErrorKind.INVALID_REQUEST:
            return 400, "invalid_request_error", trouble.message or "temperature: range: 0..1"
        case (
            ErrorKind.BUDGET_EXCEEDED
            | ErrorKind.ACCESS_DENIED
            | ErrorKind.CONFLICT
            | ErrorKind.CANCELLED
            | ErrorKind.TOOL_FAILED
            | ErrorKind.UNFIT_ANSWER
            | ErrorKind.INTERNAL
        ):
            return 500, "api_error", "Internal server error"
        case _:
            assert_never(kind)


def reply(kind: ErrorKind, trouble: Trouble, fault: Fault | None, now: float) -> Reply:
    """The reply for an error of `kind`."""
    status, word, message = _words(kind, trouble)
    return _reply(status, word, message, retry_after_headers(fault, now))


def told_in_stream(kind: ErrorKind, trouble: Trouble) -> dict[str, Any]:
    """The event's data for an error inside a stream."""
    _, word, message = _words(kind, trouble)
    return _body(word, message)
