"""What Cohere and its SDK raise, as error kinds."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from contracts.errors import RULES, ErrorKind, ProviderError
from providers.retry_after import retry_after
from providers.unforeseen import unforeseen

_OVERFLOW = re.compile(
    r"too many tokens|(?:number of )?tokens .*(?:cannot|must not|can't) exceed|size limit exceeded|"
    r"exceed\w* .*(?:context|maximum (?:number of )?(?:input )?tokens)|maximum context length|prompt is too long",
    re.IGNORECASE | re.DOTALL,
)
_NO_MODEL = re.compile(
    r"model '?[^']*'? (?:not found|was removed|does not exist|is not available)|finetuned model .*not", re.IGNORECASE
)
_KEY = re.compile(r"api (?:token|key)|payment method|billing|invalid token|unauthori[sz]ed", re.IGNORECASE)
_REFUSED = re.compile(r"blocked|content (?:polic|filter|moderation)|safety|deny-?list|usage polic", re.IGNORECASE)

_BY_STATUS: dict[int, ErrorKind] = {
    401: ErrorKind.AUTHENTICATION,
    402: ErrorKind.AUTHENTICATION,
    403: ErrorKind.AUTHENTICATION,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    413: ErrorKind.CONTEXT_OVERFLOW,
    429: ErrorKind.RATE_LIMITED,
    # A deny-listed word in the request or the answer.
    498: ErrorKind.CONTENT_REFUSED,
    499: ErrorKind.UNAVAILABLE,
    501: ErrorKind.INVALID_REQUEST,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
}
"""https://docs.cohere.com/reference/errors"""

_LONG_QUOTE = re.compile(r"""(["'])[^"']{81,}(?:\1|$)""")


def translate_body(
    status: int | None, body: Any, headers: Mapping[str, str], *, provider: str, secret: str
) -> ProviderError:
    """The error for an HTTP answer that is not a success, or for an error inside a stream (then `status` is None).

    `body` is the decoded JSON where there was any, else the text. `secret` is our key, taken out of every message.
    """
    said = _message(body)
    kind = kind_of(status, said)
    shown = _clean(said, secret)
    wait = retry_after(headers, now=datetime.now(UTC), message=said) if RULES[kind].retry_same else None
    called = f"HTTP {status}" if status is not None else "an error"
    return ProviderError(
        kind,
        f"{provider} answered {called}" + (f": {shown}" if shown else ""),
        provider=provider,
        status=status,
        retry_after=wait,
        provider_code=None if status is None else str(status),
    )


def kind_of(status: int | None, said: str) -> ErrorKind:
    """The kind for a status and a message; Cohere's bodies have no type. The words count for refusals of the request only."""
    if status is None:
        kind = ErrorKind.UNAVAILABLE
    elif status in _BY_STATUS:
        kind = _BY_STATUS[status]
    else:
        kind = ErrorKind.INVALID_REQUEST if 400 <= status < 500 else ErrorKind.UNAVAILABLE
    if kind is not ErrorKind.INVALID_REQUEST and status is not None:
        return kind
    for words, meant in (
        (_OVERFLOW, ErrorKind.CONTEXT_OVERFLOW),
        (_NO_MODEL, ErrorKind.NOT_FOUND),
        (_KEY, ErrorKind.AUTHENTICATION),
        (_REFUSED, ErrorKind.CONTENT_REFUSED),
    ):
        if words.search(said):
            return meant
    return kind


def translate(error: Exception, *, provider: str, secret: str) -> ProviderError:
    """The error for whatever was raised while we called or read. Keeps no text of a prompt or an answer."""
    import httpx
    from cohere.core.api_error import ApiError

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, ApiError):
        return translate_body(error.status_code, error.body, error.headers or {}, provider=provider, secret=secret)
    if isinstance(error, httpx.ConnectTimeout):
        message = f"{provider} took no connection in time: see that it is reachable"
        return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        message = f"{provider} did not answer in time ({type(error).__name__}): ask again, or another provider"
        return ProviderError(ErrorKind.TIMEOUT, message, provider=provider)
    if isinstance(error, httpx.TransportError | OSError):
        message = f"the connection to {provider} failed ({type(error).__name__}): see that it is reachable"
        return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
    return unforeseen(error, provider=provider)


def _message(body: Any) -> str:
    if isinstance(body, str) and body.lstrip().startswith("{"):
        with suppress(ValueError):
            body = json.loads(body)
    if isinstance(body, dict):
        inner = body.get("message") or body.get("error") or body.get("detail") or ""
        return str(inner.get("message") or "") if isinstance(inner, dict) else str(inner)
    return str(body or "")


def _clean(said: str, secret: str) -> str:
    """The vendor's words in one short line, without our key; nothing of a page of HTML."""
    if "<html" in said.lower() or "<!doctype" in said.lower():
        return "(a page of HTML)"
    if len(secret) >= 8:
        said = said.replace(secret, "[key]")
    # A value that is quoted back at this length is the caller's content.
    said = " ".join(_LONG_QUOTE.sub('"…"', said).split())
    return said if len(said) <= 300 else f"{said[:299]}…"
