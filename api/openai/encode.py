"""From a turn to a chat completion, whole or in chunks."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from contracts.events import FinishReason
from contracts.parts import Part, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from contracts.turns import TurnResult
from contracts.usage import Usage

_FINISH = {
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CONTENT_FILTER: "content_filter",
    # A stopped answer is a true beginning that ends early; OpenAI's word for that is `length`.
    FinishReason.CANCELLED: "length",
}


def completion_id(turn_id: UUID) -> str:
    """The id that a client sees; it holds the turn's."""
    return f"chatcmpl-{turn_id}"


def finish_reason(result: TurnResult) -> str:
    """OpenAI's word for how the answer ended."""
    return _FINISH[result.finish_reason or FinishReason.STOP]


def usage(used: Usage) -> dict[str, Any]:
    """Usage in OpenAI's shape, where the prompt includes what was cached."""
    return {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.total,
        "prompt_tokens_details": {"cached_tokens": used.cache_read, "audio_tokens": used.input_audio},
        "completion_tokens_details": {"reasoning_tokens": used.reasoning, "audio_tokens": used.output_audio},
    }


def perdure(result: TurnResult, ignored: tuple[str, ...]) -> dict[str, Any]:
    """What we add: who served, after how many attempts, at which cost, and what was not carried."""
    return {
        "turn_id": str(result.turn_id),
        "state": result.state.value,
        "model": str(result.model) if result.model else None,
        "attempts": result.attempts,
        "cost_usd": str(result.cost.total) if result.cost else None,
        "priced": result.cost.priced if result.cost else None,
        "simulated": result.simulated,
        "ignored": [*ignored, *result.ignored],
        "dropped": list(result.dropped),
    }


def tool_call(part: ToolCallPart) -> dict[str, Any]:
    """A tool call."""
    if part.kind == "custom":
        return {"id": part.id, "type": "custom", "custom": {"name": part.name, "input": part.arguments}}
    return {"id": part.id, "type": "function", "function": {"name": part.name, "arguments": part.arguments}}


def annotations(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """The sources that a vendor names, as OpenAI's URL citations; those without a URL have no place there."""
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "url": citation.url,
                "title": citation.title or citation.url,
                "start_index": citation.start or 0,
                "end_index": citation.end if citation.end is not None else len(part.text),
            },
        }
        for part in parts
        if isinstance(part, TextPart)
        for citation in part.citations
        if citation.url
    ]


def assistant_message(parts: tuple[Part, ...]) -> dict[str, Any]:
    """The answer as one message."""
    text = "".join(part.text for part in parts if isinstance(part, TextPart))
    refusal = "".join(part.text for part in parts if isinstance(part, RefusalPart))
    thought = "".join(part.text for part in parts if isinstance(part, ReasoningPart))
    calls = [tool_call(part) for part in parts if isinstance(part, ToolCallPart)]
    message: dict[str, Any] = {
        "role": "assistant",
        "content": text if text or not calls else None,
        "refusal": refusal or None,
    }
    if calls:
        message["tool_calls"] = calls
    if thought:
        message["reasoning_content"] = thought
    if cited := annotations(parts):
        message["annotations"] = cited
    return message


def completion(
    result: TurnResult, parts: tuple[Part, ...], *, created: int, model: str, ignored: tuple[str, ...]
) -> dict[str, Any]:
    """A whole chat completion. `created` is in seconds since 1970."""
    return {
        "id": completion_id(result.turn_id),
        "object": "chat.completion",
        "created": created,
        "model": result.served_model or model,
        "system_fingerprint": "simulated" if result.simulated else None,
        "choices": [
            {
                "index": 0,
                "message": assistant_message(parts),
                "logprobs": None,
                "finish_reason": finish_reason(result),
            }
        ],
        "usage": usage(result.usage or Usage()),
        "perdure": perdure(result, ignored),
    }
