"""The two wires' words for an answer's end: which are an end, and which are a failure."""

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason

_CHAT: dict[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
    # Words of servers that only resemble OpenAI: Together, Mistral, Anthropic behind a router, Z.ai, Gemini.
    "eos": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "sensitive": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.CONTENT_FILTER,
    "safety": FinishReason.CONTENT_FILTER,
    "recitation": FinishReason.CONTENT_FILTER,
}
_CHAT_FAILURES: dict[str, ErrorKind] = {
    "error": ErrorKind.UNAVAILABLE,
    "network_error": ErrorKind.UNAVAILABLE,
    "abort": ErrorKind.UNAVAILABLE,
    "malformed_function_call": ErrorKind.UNAVAILABLE,
    # DeepSeek: "interrupted due to insufficient resource of the inference system" (api-docs.deepseek.com).
    "insufficient_system_resource": ErrorKind.OVERLOADED,
}
_INCOMPLETE: dict[str, FinishReason] = {
    "max_output_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}


def read_finish(word: str, provider: str) -> FinishReason:
    """The finish reason for a `finish_reason` of the chat wire; a word that is not known is a stop.

    Raises `ProviderError` where the word says that generation failed.
    """
    failure = _CHAT_FAILURES.get(word.lower())
    if failure is not None:
        raise ProviderError(
            failure,
            f"{provider} gave up on the answer with {word!r}: ask again, or another model",
            provider=provider,
            provider_code=word,
        )
    return _CHAT.get(word.lower(), FinishReason.STOP)


def read_incomplete(reason: str | None) -> FinishReason:
    """The finish reason for `incomplete_details.reason` of the responses wire."""
    return _INCOMPLETE.get(reason or "", FinishReason.LENGTH)


def unfinished(provider: str) -> ProviderError:
    """The error for an answer that was cut: it has no finish reason."""
    return ProviderError(
        ErrorKind.UNAVAILABLE,
        f"{provider} ended its answer without a finish reason: it was cut, ask again",
        provider=provider,
    )
