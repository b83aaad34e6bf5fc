"""Gemini's `usageMetadata` in the one normal form."""

from typing import Any

from contracts.usage import Usage


def read_usage(counts: dict[str, Any], web_searches: int = 0) -> Usage:
    """Normalise the merged fields (snake case, as the SDK dumps them) of `usageMetadata`.

    `prompt_token_count` includes what came from the cache; `tool_use_prompt_token_count` (what server tools put before the
    model) comes on top of it. Thoughts are counted beside the candidates, and both are billed as output. So
    prompt + tool use + candidates + thoughts is the vendor's `total_token_count`
    (https://ai.google.dev/api/generate-content#UsageMetadata).
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
        input_audio=_audio(counts, "prompt_tokens_details") + _audio(counts, "tool_use_prompt_tokens_details"),
        output_audio=_audio(counts, "candidates_tokens_details"),
        web_searches=web_searches,
    )


def _count(counts: dict[str, Any], name: str) -> int:
    return int(counts.get(name) or 0)


def _audio(counts: dict[str, Any], name: str) -> int:
    return sum(
        int(detail.get("token_count") or 0)
        for detail in counts.get(name) or ()
        if str(detail.get("modality", "")).upper() == "AUDIO"
    )
