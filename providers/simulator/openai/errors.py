"""OpenAI's errors: status, headers and body as its API sends them.

Shapes: platform.openai.com/docs/guides/error-codes, and bodies recorded from the API.
"""

from typing import Any, assert_never

import orjson

from contracts.errors import ErrorKind
from providers.simulator.behaviour import Fault
from providers.simulator.replies import HTML, Reply, Trouble, retry_after_headers

_WINDOW = 128_000
_GATEWAY_TIMEOUT = (
    b"<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>504 Gateway Time-out</body>\r\n</html>\r\n"
)


def _error(message: str, kind: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def missing_key() -> Reply:
    """No key was sent."""
    message = (
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        "(i.e. Authorization: Bearer YOUR_KEY)."
    )
    return Reply.of(401, _error(message, "invalid_request_error"))


def reply(kind: ErrorKind, trouble: Trouble, fault: Fault | None, now: float) -> Reply:
    """The reply for an error of `kind`."""
    responses = trouble.endpoint == "responses"
    match kind:
        case ErrorKind.RATE_LIMITED:
            message = (
                f"Rate limit reached for {trouble.model} in organization org-simulated on requests per min (RPM): Limit 3, "
                "Used 3, Requested 1. Please try again later. Visit https://platform.openai.com/account/rate-limits to "
                "learn more."
            )
            limits = ((b"x-ratelimit-limit-requests", b"3"), (b"x-ratelimit-remaining-requests", b"0"))
            headers = (*retry_after_headers(fault, now), *limits)
            return Reply.of(429, _error(message, "requests", "rate_limit_exceeded"), headers)
        case ErrorKind.OVERLOADED:
            message = "Our servers are currently overloaded. Please try again later."
            body = _error(message, "service_unavailable_error", "server_is_overloaded")
            return Reply.of(503, body, retry_after_headers(fault, now))
        case ErrorKind.UNAVAILABLE:
            message = "The server had an error while processing your request. Sorry about that!"
            return Reply.of(500, _error(message, "server_error"), retry_after_headers(fault, now))
        case ErrorKind.TIMEOUT:
            return Reply(504, _GATEWAY_TIMEOUT, HTML)
        case ErrorKind.CONTEXT_OVERFLOW:
            window, size = trouble.overflow(_WINDOW)
            message = (
                "Your input exceeds the context window of this model. Please adjust your input and try again."
                if responses
                else f"This model's maximum context length is {window} tokens. However, your messages resulted in {size} tokens. "
                "Please reduce the length of the messages."
            )
            param = "input" if responses else "messages"
            return Reply.of(400, _error(message, "invalid_request_error", "context_length_exceeded", param))
        case ErrorKind.CONTENT_REFUSED:
            message = (
                "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a "
                "different prompt: https://platform.openai.com/docs/guides/reasoning#advice-on-prompting"
            )
            return Reply.of(400, _error(message, "invalid_request_error", "invalid_prompt"))
        case ErrorKind.AUTHENTICATION:
            message = (
                "Incorrect API key provided: the simulator was told to refuse it. You can find your API key at "
                "https://platform.openai.com/account/api-keys."
            )
            return Reply.of(401, _error(message, "invalid_request_error", "invalid_api_key"))
        case ErrorKind.NOT_FOUND if responses:
            message = f"The requested model '{trouble.model}' does not exist."
            return Reply.of(400, _error(message, "invalid_request_error", "model_not_found", "model"))
        case ErrorKind.NOT_FOUND:
            message = f"The model `{trouble.model}` does not exist or you do not have access to it."
            return Reply.of(404, _error(message, "invalid_request_error", "model_not_found"))
        case ErrorKind.INVALID_REQUEST:
            message = (
                trouble.message
                or "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -1 instead."
            )
            field = trouble.param if trouble.message else "temperature"
            word = trouble.code if trouble.message else "decimal_below_min_value"
            return Reply.of(400, _error(message, "invalid_request_error", word, field))
        case (
            ErrorKind.BUDGET_EXCEEDED
            | ErrorKind.ACCESS_DENIED
            | ErrorKind.CONFLICT
            | ErrorKind.CANCELLED
            | ErrorKind.TOOL_FAILED
            | ErrorKind.UNFIT_ANSWER
            | ErrorKind.INTERNAL
        ):
            return Reply.of(500, _error("The server had an error processing your request.", "server_error"))
        case _:
            assert_never(kind)


def told_in_stream(kind: ErrorKind, trouble: Trouble) -> dict[str, Any]:
    """The error object as a stream tells it: the same words, without status or headers."""
    if kind is ErrorKind.TIMEOUT:
        return {"message": "The request timed out.", "type": "server_error", "param": None, "code": "request_timeout"}
    told: dict[str, Any] = orjson.loads(reply(kind, trouble, None, 0).body)["error"]
    return told
