"""What Anthropic's wire and SDK raise, as error kinds: read from the body first (docs.anthropic.com, "Errors")."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.errors import RULES, ErrorKind, ProviderError
from providers.retry_after import retry_after

_LONGEST = 300
_KEYS = re.compile(r"\bsk-[\w-]{6,}")
_BY_TYPE = {
    "invalid_request_error": ErrorKind.INVALID_REQUEST,
    "authentication_error": ErrorKind.AUTHENTICATION,
    "billing_error": ErrorKind.AUTHENTICATION,
    "permission_error": ErrorKind.AUTHENTICATION,
    "not_found_error": ErrorKind.NOT_FOUND,
    "request_too_large": ErrorKind.CONTEXT_OVERFLOW,
    "rate_limit_error": ErrorKind.RATE_LIMITED,
    "timeout_error": ErrorKind.TIMEOUT,
    "api_error": ErrorKind.UNAVAILABLE,
    "overloaded_error": ErrorKind.OVERLOADED,
}
_BY_SENTENCE = (
    (re.compile(r"prompt is too long|exceeds? (?:the )?(?:context|maximum)|context (?:window|limit|length)"
                r"|input length and .max_tokens. exceed", re.I), ErrorKind.CONTEXT_OVERFLOW),
    (re.compile(r"credit balance|purchase credits|billing|usage limits?\b.*regain", re.I), ErrorKind.AUTHENTICATION),
    (re.compile(r"content filter|usage polic|violat", re.I), ErrorKind.CONTENT_REFUSED),
    (re.compile(r"invalid (?:x-)?api[- ]key|invalid bearer", re.I), ErrorKind.AUTHENTICATION),
)  # fmt: skip
_PREFILL = re.compile(r"prefill|conversation must end with a user message|final assistant", re.I)
_BY_STATUS = {
    400: ErrorKind.INVALID_REQUEST,
    401: ErrorKind.AUTHENTICATION,
    402: ErrorKind.AUTHENTICATION,
    403: ErrorKind.AUTHENTICATION,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    413: ErrorKind.CONTEXT_OVERFLOW,
    422: ErrorKind.INVALID_REQUEST,
    429: ErrorKind.RATE_LIMITED,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
    529: ErrorKind.OVERLOADED,
}
_WAITING_HELPS = frozenset({ErrorKind.RATE_LIMITED, ErrorKind.OVERLOADED, ErrorKind.UNAVAILABLE})


def translate(error: Exception, *, provider: str, secret: str) -> ProviderError:
    """The error for whatever was raised while the SDK called. `secret` is our key, taken out of every message."""
    import anthropic
    import httpx2

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, anthropic.APIStatusError):
        response = error.response
        # An error inside a stream arrives with the stream's own status, which was a success.
        status = response.status_code if response.status_code >= 400 else None
        body = error.body if error.body is not None else _body(response)
        return translate_body(status, body, response.headers, provider=provider, secret=secret)
    if isinstance(error, anthropic.APITimeoutError | httpx2.TimeoutException | TimeoutError):
        kind = ErrorKind.UNAVAILABLE if isinstance(error.__cause__, httpx2.ConnectTimeout) else ErrorKind.TIMEOUT
        return ProviderError(kind, f"{provider} did not answer in time ({type(error).__name__}).", provider=provider)
    if isinstance(error, anthropic.APIConnectionError | httpx2.TransportError | OSError):
        cause = error.__cause__ or error
        message = f"The connection to {provider} failed ({type(cause).__name__}): see that it is reachable."
        return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
    message = f"{provider} sent something that could not be read ({type(error).__name__}): ask again."
    return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)


def translate_body(
    status: int | None, body: Any, headers: Mapping[str, str], *, provider: str, secret: str
) -> ProviderError:
    """The error for an answer that is not a success (`status`), or that is told inside a stream (`status` None)."""
    told, code = _told(body)
    kind = _kind(status, code, told)
    message = _KEYS.sub("…", told.replace(secret, "…") if secret else told)[:_LONGEST]
    shown = f"{provider} says: {message}" if message else f"{provider} answered {status or 'an error'}."
    wait = None
    if kind in _WAITING_HELPS:
        wait = retry_after(headers, now=datetime.now(UTC), message=told)
    return ProviderError(
        kind,
        f"{RULES[kind].sentence} {shown}",
        provider=provider,
        status=status,
        retry_after=wait,
        provider_code=code,
        prefill_refused=kind is ErrorKind.INVALID_REQUEST and bool(_PREFILL.search(told)),
    )


def _kind(status: int | None, code: str | None, told: str) -> ErrorKind:
    by_type = _BY_TYPE.get(code or "")
    if by_type in (None, ErrorKind.INVALID_REQUEST):
        for words, kind in _BY_SENTENCE:
            if words.search(told):
                return kind
    if by_type is not None:
        return by_type
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ErrorKind.INVALID_REQUEST if status is not None and 400 <= status < 500 else ErrorKind.UNAVAILABLE


def _told(body: Any) -> tuple[str, str | None]:
    """The message and the type of an error body; a body that is no JSON is not repeated, as it is a page for people."""
    if not isinstance(body, dict):
        return "", None
    inner = body.get("error", body)
    if not isinstance(inner, dict):
        return str(inner), None
    code = inner.get("type")
    return str(inner.get("message") or ""), code if isinstance(code, str) else None


def _body(response: Any) -> Any:
    try:
        return json.loads(response.text)
    except (ValueError, RuntimeError):
        return None
