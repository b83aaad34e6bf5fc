"""Converse's usage in the one normal form."""

from typing import Any

from contracts.usage import Usage


def read_usage(counts: dict[str, Any]) -> Usage:
    """Normalise `usage`.

    `inputTokens` counts neither what was read from the cache nor what was written to it; `totalTokens` is the sum of all four
    (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html). Thought is part of `outputTokens`, its
    share untold.
    """
    written = _count(counts, "cacheWriteInputTokens")
    details = [one for one in counts.get("cacheDetails") or () if isinstance(one, dict)]
    for_an_hour = sum(_count(one, "inputTokens") for one in details if one.get("ttl") == "1h")
    return Usage(
        input_uncached=_count(counts, "inputTokens"),
        cache_read=_count(counts, "cacheReadInputTokens"),
        cache_write=written,
        cache_write_1h=min(for_an_hour, written),
        output=_count(counts, "outputTokens"),
    )


def _count(counts: dict[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) else 0
