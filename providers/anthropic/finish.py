"""Anthropic's stop reasons in our words."""

from contracts.events import FinishReason

_ENDS: dict[str, FinishReason] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "tool_use": FinishReason.TOOL_CALLS,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    # The answer is cut at the limit of one request; going on would be another, billed call.
    "pause_turn": FinishReason.LENGTH,
    "compaction": FinishReason.LENGTH,
    "refusal": FinishReason.CONTENT_FILTER,
}


def read_finish(word: str | None, *, has_calls: bool) -> FinishReason:
    """The finish reason for a `stop_reason` (https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons).

    A word that is newer than this table is an ordinary end, since the API says failures in other ways.
    """
    known = _ENDS.get(word or "")
    if known is not None:
        return known
    return FinishReason.TOOL_CALLS if has_calls else FinishReason.STOP
