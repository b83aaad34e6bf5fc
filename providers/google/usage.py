"""Gemini's `usageMetadata` in the one normal form."""

from typing import Any

from contracts.usage import Usage

_GIVEN = ("prompt_tokens_details", "tool_use_prompt_tokens_details")
_MADE = "candidates_tokens_details"
_HELD = "cache_tokens_details"


def read_usage(counts: dict[str, Any], web_searches: int = 0) -> Usage:
    """Normalise the merged fields (snake case, as the SDK dumps them) of `usageMetadata`.

    `prompt_token_count` includes what came from the cache; `tool_use_prompt_token_count` (what server tools put before the
    model) comes on top of it. Thoughts are counted beside the candidates, and both are billed as output. So
    prompt + tool use + candidates + thoughts is the vendor's `total_token_count`
    (https://ai.google.dev/api/generate-content#UsageMetadata). Pages of documents are billed as images.
    """
    prompt = _count(counts, "prompt_token_count")
    cached = min(_count(counts, "cached_content_token_count"), prompt)
    tool_use = _count(counts, "tool_use_prompt_token_count")
    thoughts = _count(counts, "thoughts_token_count")
    return Usage(
        input_uncached=prompt - cached + tool_use,
        cache_read=cached,
        output=_count(counts, "candidates_token_count") + thoughts,
        reasoning=thoughts,
        input_audio=_of(counts, "AUDIO", *_GIVEN),
        input_image=_of(counts, "IMAGE", *_GIVEN) + _of(counts, "DOCUMENT", *_GIVEN),
        input_video=_of(counts, "VIDEO", *_GIVEN),
        output_audio=_of(counts, "AUDIO", _MADE),
        output_image=_of(counts, "IMAGE", _MADE),
        cache_read_audio=_of(counts, "AUDIO", _HELD),
        cache_read_image=_of(counts, "IMAGE", _HELD) + _of(counts, "DOCUMENT", _HELD),
        cache_read_video=_of(counts, "VIDEO", _HELD),
        web_searches=web_searches,
    )


def _count(counts: dict[str, Any], name: str) -> int:
    return int(counts.get(name) or 0)


def _of(counts: dict[str, Any], modality: str, *names: str) -> int:
    return sum(
        int(detail.get("token_count") or 0)
        for name in names
        for detail in counts.get(name) or ()
        if str(detail.get("modality", "")).upper() == modality
    )
