"""Every way in which a turn can fail, as one kind, and what each kind implies."""

from dataclasses import dataclass
from enum import StrEnum


class ErrorKind(StrEnum):
    """The kinds of failure. The comment column of the design's table lives in `RULES`."""

    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    CONTEXT_OVERFLOW = "context_overflow"
    CONTENT_REFUSED = "content_refused"
    AUTHENTICATION = "authentication"
    INVALID_REQUEST = "invalid_request"
    BUDGET_EXCEEDED = "budget_exceeded"
    ACCESS_DENIED = "access_denied"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    CANCELLED = "cancelled"
    TOOL_FAILED = "tool_failed"
    UNFIT_ANSWER = "unfit_answer"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What follows from a kind.

    `retry_same`: Temporal may ask the same candidate again. `fallback`: the next candidate may be asked.
    `http_status`: what the HTTP door answers. `sentence`: the message's first half, fit for a user.
    """

    retry_same: bool
    fallback: bool
    http_status: int
    sentence: str


RULES: dict[ErrorKind, ErrorRule] = {
    ErrorKind.RATE_LIMITED: ErrorRule(True, True, 429, "The provider's quota for us is used up for now."),
    ErrorKind.OVERLOADED: ErrorRule(True, True, 503, "The provider is up and refuses work for now."),
    ErrorKind.UNAVAILABLE: ErrorRule(True, True, 502, "The provider could not be reached, failed, or cut its stream."),
    ErrorKind.TIMEOUT: ErrorRule(True, True, 504, "The provider sent no token within its limit."),
    ErrorKind.CONTEXT_OVERFLOW: ErrorRule(False, True, 400, "The request does not fit the model's context window."),
    ErrorKind.CONTENT_REFUSED: ErrorRule(False, False, 400, "The provider declined the content."),
    ErrorKind.AUTHENTICATION: ErrorRule(False, True, 502, "Our key for the provider is wrong, expired or unpaid."),
    ErrorKind.INVALID_REQUEST: ErrorRule(False, False, 400, "The request is not valid."),
    ErrorKind.BUDGET_EXCEEDED: ErrorRule(False, False, 402, "A budget would be exceeded."),
    ErrorKind.ACCESS_DENIED: ErrorRule(False, False, 403, "This key may not do that."),
    ErrorKind.NOT_FOUND: ErrorRule(False, True, 404, "There is no such thing."),
    ErrorKind.CONFLICT: ErrorRule(False, False, 409, "The request conflicts with the present state."),
    ErrorKind.CANCELLED: ErrorRule(False, False, 499, "The turn was cancelled."),
    ErrorKind.TOOL_FAILED: ErrorRule(False, False, 422, "A tool failed."),
    ErrorKind.UNFIT_ANSWER: ErrorRule(False, False, 422, "No answer of the model follows the schema."),
    ErrorKind.INTERNAL: ErrorRule(False, False, 500, "Something failed on our side."),
}

NON_RETRYABLE: tuple[str, ...] = tuple(kind.value for kind, rule in RULES.items() if not rule.retry_same)
"""Temporal's `non_retryable_error_types` for every activity."""


class PerdureError(Exception):
    """The root of the one error tree. `message` says what happened, to which thing, and what to do.

    `field` is the path of the request's field at fault, where there is one. `detail` carries ids that
    a caller can act upon (never prompts, never secrets).
    """

    def __init__(
        self, kind: ErrorKind, message: str, *, field: str | None = None, detail: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.field = field
        self.detail = detail or {}


class ProviderError(PerdureError):
    """A provider's failure, translated by its adapter.

    `retry_after` is in seconds, as the provider asked. `status` is the provider's HTTP status where the failure
    had one. `provider_code` is the provider's own code or type, for the ledger.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        provider: str,
        status: int | None = None,
        retry_after: float | None = None,
        provider_code: str | None = None,
        field: str | None = None,
        prefill_refused: bool = False,
    ) -> None:
        super().__init__(kind, message, field=field)
        self.provider = provider
        self.status = status
        self.retry_after = retry_after
        self.provider_code = provider_code
        self.prefill_refused = prefill_refused
