"""Converse's stop reasons in our words."""

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason

_ENDS: dict[str, FinishReason] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "tool_use": FinishReason.TOOL_CALLS,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "guardrail_intervened": FinishReason.CONTENT_FILTER,
    "content_filtered": FinishReason.CONTENT_FILTER,
    # Not in the API's list, but handed through from Claude.
    "refusal": FinishReason.CONTENT_FILTER,
    "pause_turn": FinishReason.LENGTH,
}
_MALFORMED = frozenset({"malformed_model_output", "malformed_tool_use"})


def read_finish(word: str, *, has_calls: bool, provider: str) -> FinishReason:
    """The finish reason for a `stopReason`
    (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html).

    A word that is newer than this table is an ordinary end. Raises `ProviderError(unavailable)` where the model wrote what
    Bedrock could not read: asked again it may do better.
    """
    if word in _MALFORMED:
        raise ProviderError(
            ErrorKind.UNAVAILABLE,
            f"{provider} gave up on the answer with {word}: ask again, or another model",
            provider=provider,
            provider_code=word,
        )
    known = _ENDS.get(word)
    if known is not None:
        return known
    return FinishReason.TOOL_CALLS if has_calls else FinishReason.STOP
