"""Gemini's finish reasons: which are an end, and which are a failure."""

from typing import NoReturn

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason

_ENDS: dict[str, FinishReason] = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    # The answer is cut at the limit of one request; going on would be another, billed call.
    "CONTINUATION": FinishReason.LENGTH,
    "SAFETY": FinishReason.CONTENT_FILTER,
    "RECITATION": FinishReason.CONTENT_FILTER,
    "LANGUAGE": FinishReason.CONTENT_FILTER,
    "BLOCKLIST": FinishReason.CONTENT_FILTER,
    "PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "SPII": FinishReason.CONTENT_FILTER,
    "IMAGE_SAFETY": FinishReason.CONTENT_FILTER,
    "IMAGE_PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "IMAGE_RECITATION": FinishReason.CONTENT_FILTER,
    "MODEL_ARMOR": FinishReason.CONTENT_FILTER,
    "ESCALATION": FinishReason.CONTENT_FILTER,
}

_MALFORMED = frozenset({"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE"})


def read_finish(word: str, *, has_calls: bool, has_content: bool, provider: str) -> FinishReason:
    """The finish reason for Gemini's word (https://ai.google.dev/api/generate-content#FinishReason).

    Gemini says STOP where it asks for tools. A call that it calls unexpected is still a whole call, and is handed on. Raises
    `ProviderError` where the word says that generation failed: `unavailable`, since the same request often succeeds when
    it is asked again, or `authentication` for an account that was limited.
    """
    if word == "PUP_LIMITED_DISABLED":
        raise ProviderError(
            ErrorKind.AUTHENTICATION,
            f"{provider} stopped the answer because the account is limited or disabled: see the account's own console",
            provider=provider,
            provider_code=word,
        )
    end = _ENDS.get(word)
    if end is not None and end is not FinishReason.STOP:
        return end
    if word in _MALFORMED or not (end or has_content):
        _fail(word, provider)
    return FinishReason.TOOL_CALLS if has_calls else FinishReason.STOP


def _fail(word: str, provider: str) -> NoReturn:
    raise ProviderError(
        ErrorKind.UNAVAILABLE,
        f"{provider} gave up on the answer with {word}: ask again, or another model",
        provider=provider,
        provider_code=word,
    )
