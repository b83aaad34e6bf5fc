"""What Bedrock's errors mean: by the exception's name, and for the many that are called validation, by their words."""

import re

from contracts.errors import ErrorKind

_OVERFLOW = re.compile(
    r"input is too long|prompt is too long|input length and `?max_tokens`? exceed|input tokens exceeded|"
    r"(?:too many|number of) input tokens|too large for model with|maximum context length|too many total text bytes|"
    r"context (?:window|length|limit)\b.*(?:exceed|maximum|too (?:long|large))|exceed\w* .*(?:context (?:window|length|limit))|"
    r"input (?:length|tokens?) .*exceed|exceed\w* .*maximum (?:number of )?(?:allowed )?(?:input|prompt)|"
    r"expected maxlength: \d+, actual|longer than the model'?s? (?:context|maximum)",
    re.IGNORECASE | re.DOTALL,
)
_NO_MODEL = re.compile(
    r"model identifier is invalid|on-demand throughput isn.t supported|inference profile .*(?:not found|doesn't exist|invalid)|"
    r"(?:could not|couldn't) (?:find|resolve) .*model|"
    r"model .*(?:not found|does not exist|doesn't exist|not supported in this region)|"
    r"end of its life|marked by provider as legacy|unknown model|invocation of model id",
    re.IGNORECASE | re.DOTALL,
)
_ACCESS = re.compile(
    r"security token|api key (?:is |has )?(?:invalid|not valid|expired)|access to the model|not authorized|"
    r"^operation not allowed|bearer token|signature|access denied|INVALID_PAYMENT_INSTRUMENT|subscription",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"content[ -]filter|blocked by .*(?:polic|filter)|violat\w+ .*polic|flagged|responsible ai|content polic",
    re.IGNORECASE | re.DOTALL,
)
_PREFILL = re.compile(
    r"prefill|pre-fill|conversation must end with a user|final assistant (?:message|content)", re.IGNORECASE
)
_STREAMLESS = re.compile(
    r"(?:not support\w*|doesn't support|unsupported for|isn't supported)[^.]*stream|"
    r"stream\w*[^.]*(?:not support|isn't support|unsupported)",
    re.IGNORECASE,
)
_FIELD = re.compile(r"(?:errors: |^)(?:Malformed input request: )?#?/?([a-z_]+(?:[./]\w+)+)\b:? ", re.IGNORECASE)

BY_NAME: dict[str, ErrorKind] = {
    "accessdenied": ErrorKind.AUTHENTICATION,
    "expiredtoken": ErrorKind.AUTHENTICATION,
    "incompletesignature": ErrorKind.AUTHENTICATION,
    "internalserver": ErrorKind.UNAVAILABLE,
    "internalfailure": ErrorKind.UNAVAILABLE,
    "invalidclienttokenid": ErrorKind.AUTHENTICATION,
    "invalidsignature": ErrorKind.AUTHENTICATION,
    "missingauthenticationtoken": ErrorKind.AUTHENTICATION,
    "modelerror": ErrorKind.UNAVAILABLE,
    "modelnotready": ErrorKind.OVERLOADED,
    "modelstreamerror": ErrorKind.UNAVAILABLE,
    "modeltimeout": ErrorKind.TIMEOUT,
    "notauthorized": ErrorKind.AUTHENTICATION,
    "optinrequired": ErrorKind.AUTHENTICATION,
    "requestexpired": ErrorKind.AUTHENTICATION,
    "resourcenotfound": ErrorKind.NOT_FOUND,
    "servicequotaexceeded": ErrorKind.RATE_LIMITED,
    "serviceunavailable": ErrorKind.OVERLOADED,
    "signaturedoesnotmatch": ErrorKind.AUTHENTICATION,
    "throttling": ErrorKind.RATE_LIMITED,
    "toomanyrequests": ErrorKind.RATE_LIMITED,
    "unauthorized": ErrorKind.AUTHENTICATION,
    "unrecognizedclient": ErrorKind.AUTHENTICATION,
    "validation": ErrorKind.INVALID_REQUEST,
}
"""The exceptions of https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html and the errors that
every AWS API has, without `Exception` or `Error` at the end, in small letters."""

_BY_STATUS: dict[int, ErrorKind] = {
    401: ErrorKind.AUTHENTICATION,
    402: ErrorKind.AUTHENTICATION,
    403: ErrorKind.AUTHENTICATION,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    413: ErrorKind.CONTEXT_OVERFLOW,
    424: ErrorKind.UNAVAILABLE,
    429: ErrorKind.RATE_LIMITED,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
}


def kind_of(status: int | None, name: str, said: str) -> ErrorKind:
    """The kind for an exception's name and message; the status counts only where the name says nothing.

    `status` is None or 200 for an error inside a stream.
    """
    known = BY_NAME.get(short_name(name))
    kind = known or _by_status(status)
    # A model's own failure (424) may be a refusal of the request, told in its words.
    judged = kind is ErrorKind.INVALID_REQUEST or short_name(name) in ("modelerror", "modelstreamerror")
    if not judged:
        return kind
    for words, meant in (
        (_OVERFLOW, ErrorKind.CONTEXT_OVERFLOW),
        (_NO_MODEL, ErrorKind.NOT_FOUND),
        (_ACCESS, ErrorKind.AUTHENTICATION),
        (_REFUSED, ErrorKind.CONTENT_REFUSED),
    ):
        if words.search(said):
            return meant
    return kind


def short_name(name: str) -> str:
    """An exception's name as `BY_NAME` has it: `ThrottlingException`, `throttlingException` and `Throttling` are one."""
    bare = name.rpartition("#")[2].partition(":")[0]
    return re.sub(r"(?:exception|error)$", "", bare.lower()) if bare.lower() not in ("error", "exception") else ""


def refuses_prefill(kind: ErrorKind, said: str) -> bool:
    """Whether the model declined to go on from the beginning of an answer."""
    return kind is ErrorKind.INVALID_REQUEST and bool(_PREFILL.search(said))


def refuses_streaming(said: str) -> bool:
    """Whether the model answers, but not in a stream (some do so where tools are offered)."""
    return bool(_STREAMLESS.search(said))


def field_of(kind: ErrorKind, said: str) -> str | None:
    """The request's field that a message names (`messages.2.content.2…: Field required`)."""
    found = _FIELD.search(said) if kind is ErrorKind.INVALID_REQUEST else None
    return found[1].replace("/", ".") if found else None


def _by_status(status: int | None) -> ErrorKind:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is not None and 400 <= status < 500:
        return ErrorKind.INVALID_REQUEST
    return ErrorKind.UNAVAILABLE
