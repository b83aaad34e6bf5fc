"""Bedrock's words and their kinds."""

import pytest

from contracts.errors import ErrorKind
from providers.bedrock.error_words import field_of, kind_of, refuses_prefill, refuses_streaming

_INVALID = ErrorKind.INVALID_REQUEST
_OVERFLOW = ErrorKind.CONTEXT_OVERFLOW


@pytest.mark.parametrize(
    ("status", "name", "said", "kind"),
    [
        (
            400,
            "ValidationException",
            "The model returned the following errors: Input is too long for requested model.",
            _OVERFLOW,
        ),
        (
            400,
            "",
            "Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input",
            _OVERFLOW,
        ),
        (
            400,
            "",
            "The model returned the following errors: prompt is too long: 215000 tokens > 200000 maximum",
            _OVERFLOW,
        ),
        (400, "", "input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000", _OVERFLOW),
        (
            400,
            "",
            "This model's maximum context length is 8192 tokens. Please reduce the length of the prompt",
            _OVERFLOW,
        ),
        (400, "", "Malformed input request: expected maxLength: 50000, actual: 62000", _OVERFLOW),
        (400, "", "The maximum tokens you requested exceeds the model limit of 4096.", _INVALID),
        (400, "", "Malformed input request: #: extraneous key [max_tokens] is not permitted", _INVALID),
        (400, "", "The provided model identifier is invalid.", ErrorKind.NOT_FOUND),
        (400, "", "Invocation of model ID x with on-demand throughput isn't supported.", ErrorKind.NOT_FOUND),
        (404, "ResourceNotFoundException", "This model version has reached the end of its life.", ErrorKind.NOT_FOUND),
        (400, "ValidationException", "Operation not allowed", ErrorKind.AUTHENTICATION),
        (403, "", "You don't have access to the model with the specified model ID.", ErrorKind.AUTHENTICATION),
        (
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            ErrorKind.AUTHENTICATION,
        ),
        (
            403,
            "ExpiredTokenException",
            "The security token included in the request is expired",
            ErrorKind.AUTHENTICATION,
        ),
        (400, "", "Output blocked by content filtering policy", ErrorKind.CONTENT_REFUSED),
        (400, "ServiceQuotaExceededException", "Your request exceeds a service quota", ErrorKind.RATE_LIMITED),
        (429, "", "Too many tokens per day, please wait before trying again.", ErrorKind.RATE_LIMITED),
        (429, "ModelNotReadyException", "The model is not ready", ErrorKind.OVERLOADED),
        (408, "ModelTimeoutException", "Processing exceeded the model timeout length", ErrorKind.TIMEOUT),
        (424, "ModelErrorException", "The model failed", ErrorKind.UNAVAILABLE),
        (424, "ModelErrorException", "Input is too long for requested model.", _OVERFLOW),
        (
            503,
            "com.amazon#ServiceUnavailableException:http://x",
            "Bedrock is unable to process your request.",
            ErrorKind.OVERLOADED,
        ),
        (502, "", "Bad gateway", ErrorKind.UNAVAILABLE),
        (None, "validationException", "Input is too long for requested model", _OVERFLOW),
    ],
)
def test_kinds(status: int | None, name: str, said: str, kind: ErrorKind) -> None:
    assert kind_of(status, name, said) is kind


def test_fields_and_refusals() -> None:
    said = "The model returned the following errors: messages.2.content.2.document.source.type: Field required"
    assert field_of(_INVALID, said) == "messages.2.content.2.document.source.type"
    assert field_of(_OVERFLOW, said) is None
    assert refuses_prefill(_INVALID, "This model does not support assistant message prefill.")
    assert refuses_streaming("This model doesn't support tool use in streaming mode.")
    assert refuses_streaming("The model is unsupported for streaming")
    assert not refuses_streaming("This model doesn't support the video content block that you provided.")
