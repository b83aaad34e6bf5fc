"""What Gemini and its SDK raise, as error kinds: read from the body first, from the status only where the body is silent."""

import re
import time
from collections.abc import Mapping
from typing import Any

from contracts.errors import ErrorKind, ProviderError
from providers.google.retry_delay import retry_delay
from providers.unforeseen import unforeseen

_OVERFLOW = re.compile(
    r"exceeds the maximum number of tokens|input token count|input is too long|"
    r"(?:context|token)[ -](?:length|window|limit)\b.*exceed|exceed.*(?:context|token)[ -](?:length|window|limit)|"
    r"too many tokens|prompt is too long",
    re.IGNORECASE | re.DOTALL,
)
_KEY = re.compile(
    r"api key (?:not valid|not found|expired|invalid)|api_key_invalid|api key expired|pass a valid api key|"
    r"reported as leaked|has been suspended|credentials",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"location is not supported|enable billing|billing (?:account|has)|"
    r"prepay(?:ment)?\b.*(?:credit|depleted)|credits? (?:are|is) depleted|"
    r"free tier is not available",
    re.IGNORECASE | re.DOTALL,
)
_PREFILL = re.compile(r"end with a user role|prefill|last (?:turn|content|message).*must be.*user", re.IGNORECASE)
_REFUSED = re.compile(r"\bprohibited use policy|violat\w+ .*polic|blocked (?:by|due to|for) .*safety", re.IGNORECASE)
_GOOGLE_KEY = re.compile(r"\bAIza[\w-]{10,}|\bAQ\.[\w-]{10,}")
_LONG_QUOTE = re.compile(r'"[^"]{61,}(?:"|$)')

_BY_WORD: dict[str, ErrorKind] = {
    "INVALID_ARGUMENT": ErrorKind.INVALID_REQUEST,
    "FAILED_PRECONDITION": ErrorKind.INVALID_REQUEST,
    "OUT_OF_RANGE": ErrorKind.INVALID_REQUEST,
    "UNIMPLEMENTED": ErrorKind.INVALID_REQUEST,
    "UNAUTHENTICATED": ErrorKind.AUTHENTICATION,
    "PERMISSION_DENIED": ErrorKind.AUTHENTICATION,
    "NOT_FOUND": ErrorKind.NOT_FOUND,
    "RESOURCE_EXHAUSTED": ErrorKind.RATE_LIMITED,
    "UNAVAILABLE": ErrorKind.OVERLOADED,
    "DEADLINE_EXCEEDED": ErrorKind.TIMEOUT,
    "INTERNAL": ErrorKind.UNAVAILABLE,
    "UNKNOWN": ErrorKind.UNAVAILABLE,
    "ABORTED": ErrorKind.UNAVAILABLE,
    "CANCELLED": ErrorKind.UNAVAILABLE,
    "DATA_LOSS": ErrorKind.UNAVAILABLE,
}
"""google.rpc.Code, the canonical words of Google's errors (https://cloud.google.com/apis/design/errors)."""

_BY_STATUS: dict[int, ErrorKind] = {
    401: ErrorKind.AUTHENTICATION,
    402: ErrorKind.AUTHENTICATION,
    403: ErrorKind.AUTHENTICATION,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    429: ErrorKind.RATE_LIMITED,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
    529: ErrorKind.OVERLOADED,
}


def translate_status(
    status: int | None, body: Any, headers: Mapping[str, str], *, provider: str, secret: str
) -> ProviderError:
    """The error for an HTTP answer that is not a success, or for an error inside a stream.

    `body` is the decoded JSON where there was any, else the text. `secret` is our key, taken out of every message.
    """
    error = _error_of(body)
    said = str(error.get("message") or "")
    word = str(error.get("status") or "").upper()
    code = error.get("code")
    status = status or (code if isinstance(code, int) else None)
    details = [detail for detail in error.get("details") or () if isinstance(detail, dict)]
    reasons = {str(detail.get("reason")) for detail in details if detail.get("reason")}
    kind = _kind(status, word, said, reasons)
    name = word if word in _BY_WORD else f"HTTP {status}" if status else "an error"
    shown = _clean(said, secret)
    return ProviderError(
        kind,
        f"{provider} answered {name}" + (f": {shown}" if shown else ""),
        provider=provider,
        status=status,
        retry_after=retry_delay(details, headers, now=time.time()),
        provider_code=next(iter(sorted(reasons)), None) or (word if word in _BY_WORD else None),
        field=_field(details) if kind is ErrorKind.INVALID_REQUEST else None,
        prefill_refused=kind is ErrorKind.INVALID_REQUEST and bool(_PREFILL.search(said)),
    )


def translate(error: Exception, *, provider: str, secret: str) -> ProviderError:
    """The error for whatever the SDK raised while it called or read. Keeps no text of a prompt or an answer."""
    import httpx2
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.genai import errors

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, errors.APIError):
        headers = getattr(error.response, "headers", None) or {}
        return translate_status(error.code, error.details, headers, provider=provider, secret=secret)
    if isinstance(error, httpx2.TimeoutException | TimeoutError):
        message = f"{provider} did not answer in time ({type(error).__name__}): ask again, or another provider"
        return ProviderError(ErrorKind.TIMEOUT, message, provider=provider)
    if isinstance(error, httpx2.TransportError | OSError):
        message = f"the connection to {provider} failed ({type(error).__name__}): see that it is reachable"
        return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
    if isinstance(error, GoogleAuthError):
        # Its text may hold what it was given: an account, an answer of the token's server.
        if isinstance(error, TransportError):
            message = f"{provider}: Google's token service could not be reached: see that this machine can reach it"
            return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
        message = (
            f"{provider}: no Google credentials could be found or used ({type(error).__name__}): "
            "set GOOGLE_APPLICATION_CREDENTIALS, or an API key"
        )
        return ProviderError(ErrorKind.AUTHENTICATION, message, provider=provider)
    return unforeseen(error, provider=provider)


def _kind(status: int | None, word: str, said: str, reasons: set[str]) -> ErrorKind:
    if reasons & {"API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "ACCESS_TOKEN_EXPIRED", "CONSUMER_SUSPENDED"}:
        return ErrorKind.AUTHENTICATION
    if _ACCOUNT.search(said):
        return ErrorKind.AUTHENTICATION
    if status in (400, 401, 403) or word in ("INVALID_ARGUMENT", "FAILED_PRECONDITION"):
        if _OVERFLOW.search(said):
            return ErrorKind.CONTEXT_OVERFLOW
        if _KEY.search(said):
            return ErrorKind.AUTHENTICATION
        if _REFUSED.search(said):
            return ErrorKind.CONTENT_REFUSED
    if word == "PERMISSION_DENIED" and re.search(r"\bfile\b", said, re.IGNORECASE):
        # A file of another account, or one that has expired: the request names it, our key is fine.
        return ErrorKind.INVALID_REQUEST
    if word in _BY_WORD:
        return _BY_WORD[word]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is not None and 400 <= status < 500:
        return ErrorKind.INVALID_REQUEST
    return ErrorKind.UNAVAILABLE


def _error_of(body: Any) -> dict[str, Any]:
    """The `error` object of a body; a streamed error may come as a list of one."""
    if isinstance(body, list):
        body = body[0] if body else {}
    if not isinstance(body, dict):
        return {"message": str(body)} if body else {}
    inner = body.get("error", body)
    return inner if isinstance(inner, dict) else {"message": str(inner)}


def _field(details: list[dict[str, Any]]) -> str | None:
    for detail in details:
        for violation in detail.get("fieldViolations") or ():
            if isinstance(violation, dict) and violation.get("field"):
                return str(violation["field"])
    return None


def _clean(said: str, secret: str) -> str:
    """The vendor's words in one short line, without our key; nothing of a page of HTML."""
    if "<html" in said.lower() or "<!doctype" in said.lower():
        return "(a page of HTML)"
    if len(secret) >= 8:
        said = said.replace(secret, "[key]")
    # A value that Google quotes back at this length is the caller's content.
    said = _LONG_QUOTE.sub('"…"', said)
    said = " ".join(_GOOGLE_KEY.sub("[key]", said).split())
    return said if len(said) <= 300 else f"{said[:299]}…"
