"""Cohere's finish reasons in our words."""

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason

_ENDS: dict[str, FinishReason] = {
    "COMPLETE": FinishReason.STOP,
    "STOP_SEQUENCE": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "ERROR_LIMIT": FinishReason.LENGTH,
    "TOOL_CALL": FinishReason.TOOL_CALLS,
    "ERROR_TOXIC": FinishReason.CONTENT_FILTER,
}


def read_finish(word: str, *, has_calls: bool, provider: str) -> FinishReason:
    """The finish reason for a `finish_reason` (https://docs.cohere.com/v2/reference/chat).

    A word that is newer than this table is an ordinary end. Raises `ProviderError` where the word says that generation failed:
    `timeout` for Cohere's own, else `unavailable`.
    """
    known = _ENDS.get(word)
    if known is not None:
        return known
    if word == "TIMEOUT" or word.startswith("ERROR"):
        kind = ErrorKind.TIMEOUT if word == "TIMEOUT" else ErrorKind.UNAVAILABLE
        raise ProviderError(
            kind,
            f"{provider} gave up on the answer with {word}: ask again, or another model",
            provider=provider,
            provider_code=word,
        )
    return FinishReason.TOOL_CALLS if has_calls else FinishReason.STOP
