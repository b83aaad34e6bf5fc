"""What Anthropic's error messages mean beyond their type. Its types are coarse: most refusals are `invalid_request_error`."""

import re

from contracts.errors import ErrorKind

_OVERFLOW = re.compile(
    r"prompt is too long|input is too long|input length and `?max_tokens`? exceed|exceeds? (?:the )?context|"
    r"context (?:window|length|limit)\b.*(?:exceed|maximum|too (?:long|large))|maximum context length|"
    r"exceed\w* .*(?:context (?:window|length|limit)|maximum (?:number of )?(?:input )?tokens)|too many (?:input )?tokens",
    re.IGNORECASE | re.DOTALL,
)
_ACCOUNT = re.compile(
    r"credit balance|purchase credits|plans & billing|billing (?:issue|problem|account|error)|api usage limits|"
    r"spend(?:ing)? limit|"
    r"organization has been disabled|account (?:has been|is) (?:disabled|suspended)|extra usage is required",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"x-api-key|api[ -]key (?:is |has )?(?:invalid|not valid|expired|revoked|disabled)|invalid (?:api key|bearer token)|"
    r"(?:oauth|bearer) (?:token|authentication)|token has expired",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"content[ -]filter|blocked by .*polic|usage polic|violat\w+ .*polic|flagged .*(?:safety|harm|polic)",
    re.IGNORECASE | re.DOTALL,
)
_PREFILL = re.compile(
    r"prefill|pre-fill|conversation must end with a user|final assistant (?:message|content)", re.IGNORECASE
)
_FIELD = re.compile(r"^`?([a-z_][\w.\-]*)`?: ")

BY_TYPE: dict[str, ErrorKind] = {
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
"""The types of https://platform.claude.com/docs/en/api/errors."""

_BY_STATUS: dict[int, ErrorKind] = {
    401: ErrorKind.AUTHENTICATION,
    402: ErrorKind.AUTHENTICATION,
    403: ErrorKind.AUTHENTICATION,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    413: ErrorKind.CONTEXT_OVERFLOW,
    429: ErrorKind.RATE_LIMITED,
    499: ErrorKind.UNAVAILABLE,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
    529: ErrorKind.OVERLOADED,
}


def kind_of(status: int | None, word: str, said: str) -> ErrorKind:
    """The kind for an error's type and message; the status counts only where the type is none of Anthropic's.

    `status` is None or 200 for an error inside a stream.
    """
    kind = BY_TYPE.get(word) or _by_status(status)
    if kind is ErrorKind.RATE_LIMITED:
        return ErrorKind.AUTHENTICATION if re.search(r"extra usage is required", said, re.IGNORECASE) else kind
    if kind in (ErrorKind.INVALID_REQUEST, ErrorKind.AUTHENTICATION):
        for words, meant in (
            (_OVERFLOW, ErrorKind.CONTEXT_OVERFLOW),
            (_ACCOUNT, ErrorKind.AUTHENTICATION),
            (_KEY, ErrorKind.AUTHENTICATION),
            (_REFUSED, ErrorKind.CONTENT_REFUSED),
        ):
            if words.search(said):
                return meant
    return kind


def refuses_prefill(kind: ErrorKind, said: str) -> bool:
    """Whether the model declined to go on from the beginning of an answer."""
    return kind is ErrorKind.INVALID_REQUEST and bool(_PREFILL.search(said))


def field_of(kind: ErrorKind, said: str) -> str | None:
    """The request's field that a message begins with (`messages.2.content.0: …`)."""
    found = _FIELD.match(said) if kind is ErrorKind.INVALID_REQUEST else None
    return found[1] if found else None


def _by_status(status: int | None) -> ErrorKind:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is not None and 400 <= status < 500:
        return ErrorKind.INVALID_REQUEST
    return ErrorKind.UNAVAILABLE
