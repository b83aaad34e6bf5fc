"""Cohere's statuses and words, and their kinds."""

import pytest

from contracts.errors import ErrorKind
from providers.cohere.errors import kind_of


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (
            400,
            "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.",
            ErrorKind.CONTEXT_OVERFLOW,
        ),
        (400, "invalid request: message must be at least 1 token long.", ErrorKind.INVALID_REQUEST),
        (422, "invalid type: parameter p is of type string", ErrorKind.INVALID_REQUEST),
        (401, "invalid api token", ErrorKind.AUTHENTICATION),
        (402, "Please add or update your payment method", ErrorKind.AUTHENTICATION),
        (404, "model 'command-r' was removed on September 15, 2025.", ErrorKind.NOT_FOUND),
        (400, "model 'x' not found, make sure the correct model ID was used", ErrorKind.NOT_FOUND),
        (429, "You are using a Trial key, which is limited to 10 API calls / minute.", ErrorKind.RATE_LIMITED),
        (498, "blocked output", ErrorKind.CONTENT_REFUSED),
        (500, "internal server error", ErrorKind.UNAVAILABLE),
        (501, "not implemented", ErrorKind.INVALID_REQUEST),
        (503, "model overloaded", ErrorKind.OVERLOADED),
        (504, "", ErrorKind.TIMEOUT),
        (None, "something broke", ErrorKind.UNAVAILABLE),
    ],
)
def test_kinds(status: int | None, said: str, kind: ErrorKind) -> None:
    assert kind_of(status, said) is kind
