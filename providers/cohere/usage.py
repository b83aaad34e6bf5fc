"""Cohere's usage in the one normal form."""

from typing import Any

from contracts.usage import Usage


def read_usage(counts: dict[str, Any]) -> Usage:
    """Normalise `usage`: `tokens` are what the model read and wrote, `cached_tokens` the share of its input that the cache held.

    `billed_units`, which leave out Cohere's own preamble, stand in for `tokens` where an old or other server tells no more
    (https://docs.cohere.com/v2/reference/chat). Thought is part of the output, its share untold.
    """
    tokens = _object(counts, "tokens") or _object(counts, "billed_units")
    given = _count(tokens, "input_tokens")
    cached = min(_count(counts, "cached_tokens"), given)
    return Usage(input_uncached=given - cached, cache_read=cached, output=_count(tokens, "output_tokens"))


def _object(counts: dict[str, Any], name: str) -> dict[str, Any]:
    value = counts.get(name)
    return value if isinstance(value, dict) else {}


def _count(counts: dict[str, Any], name: str) -> int:
    value = counts.get(name)
    # Cohere counts in floats.
    return int(value) if isinstance(value, int | float) else 0
