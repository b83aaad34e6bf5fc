"""Google's errors: `google.rpc.Status` as JSON.

Shapes: ai.google.dev/gemini-api/docs/troubleshooting, google/rpc/error_details.proto, and bodies recorded from the API.
A wrong key is a 400 there. The time to wait is told in the body (RetryInfo); the header is sent only where a fault names
its format.
"""

from typing import Any, assert_never

import orjson

from contracts.errors import ErrorKind
from providers.simulator.behaviour import Fault
from providers.simulator.replies import Reply, Trouble, retry_after_headers

_WINDOW = 1_048_576
_TYPES = "type.googleapis.com/google.rpc."
_JSON = ((b"content-type", b"application/json; charset=UTF-8"),)


def _status(code: int, status: str, message: str, details: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = details
    return {"error": error}


def missing_key() -> Reply:
    """No key was sent."""
    message = (
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form "
        "of API consumer identity to call this API."
    )
    return Reply.of(403, _status(403, "PERMISSION_DENIED", message), _JSON)


def _content(kind: ErrorKind, trouble: Trouble, fault: Fault | None) -> dict[str, Any]:
    match kind:
        case ErrorKind.RATE_LIMITED:
            details: list[dict[str, Any]] = [
                {
                    "@type": f"{_TYPES}QuotaFailure",
                    "violations": [
                        {
                            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                            "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
                            "quotaDimensions": {"location": "global", "model": trouble.model},
                            "quotaValue": "10",
                        }
                    ],
                },
            ]
            message = "You exceeded your current quota, please check your plan and billing details."
            if fault is not None and fault.retry_after is not None:
                details.append({"@type": f"{_TYPES}RetryInfo", "retryDelay": f"{fault.retry_after:g}s"})
                message += f"\nPlease retry in {fault.retry_after:g}s."
            return _status(429, "RESOURCE_EXHAUSTED", message, details)
        case ErrorKind.OVERLOADED:
            return _status(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
        case ErrorKind.UNAVAILABLE:
            message = (
                "An internal error has occurred. Please retry or report in "
                "https://developers.generativeai.google/guide/troubleshooting"
            )
            return _status(500, "INTERNAL", message)
        case ErrorKind.TIMEOUT:
            return _status(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete.")
        case ErrorKind.CONTEXT_OVERFLOW:
            window, size = trouble.overflow(_WINDOW)
            message = f"The input token count ({size}) exceeds the maximum number of tokens allowed ({window})."
            return _status(400, "INVALID_ARGUMENT", message)
        case ErrorKind.CONTENT_REFUSED:
            return blocked_prompt(trouble)
        case ErrorKind.AUTHENTICATION:
            message = "API key not valid. Please pass a valid API key."
            service = {"service": "generativelanguage.googleapis.com"}
            info = {
                "@type": f"{_TYPES}ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": service,
            }
            told = {"@type": f"{_TYPES}LocalizedMessage", "locale": "en-US", "message": message}
            return _status(400, "INVALID_ARGUMENT", message, [info, told])
        case ErrorKind.NOT_FOUND:
            message = (
                f"models/{trouble.model} is not found for API version v1beta, or is not supported for {trouble.endpoint}. Call "
                "ListModels to see the list of available models and their supported methods."
            )
            return _status(404, "NOT_FOUND", message)
        case ErrorKind.INVALID_REQUEST:
            return _status(400, "INVALID_ARGUMENT", trouble.message or "Request contains an invalid argument.")
        case (
            ErrorKind.BUDGET_EXCEEDED
            | ErrorKind.ACCESS_DENIED
            | ErrorKind.CONFLICT
            | ErrorKind.CANCELLED
            | ErrorKind.TOOL_FAILED
            | ErrorKind.UNFIT_ANSWER
            | ErrorKind.INTERNAL
        ):
            return _status(500, "INTERNAL", "An internal error has occurred.")
        case _:
            assert_never(kind)


def blocked_prompt(trouble: Trouble) -> dict[str, Any]:
    """A prompt that was refused is no error at Google: status 200, no candidate, and why."""
    usage = {"promptTokenCount": trouble.input_tokens, "totalTokenCount": trouble.input_tokens}
    return {
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
        "usageMetadata": usage,
        "modelVersion": trouble.model,
    }


def reply(kind: ErrorKind, trouble: Trouble, fault: Fault | None, now: float) -> Reply:
    """The reply for an error of `kind`."""
    content = _content(kind, trouble, fault)
    if "error" not in content and trouble.stream:
        return Reply(200, b"data: " + orjson.dumps(content) + b"\r\n\r\n", ((b"content-type", b"text/event-stream"),))
    status: int = content["error"]["code"] if "error" in content else 200
    return Reply.of(status, content, (*_JSON, *retry_after_headers(fault, now, usual=None)))


def told_in_stream(kind: ErrorKind, trouble: Trouble) -> dict[str, Any]:
    """The chunk for an error inside a stream."""
    return _content(kind, trouble, None)
