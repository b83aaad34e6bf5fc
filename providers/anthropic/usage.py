"""Anthropic's usage in the one normal form."""

from typing import Any

from contracts.usage import Usage


def read_usage(counts: dict[str, Any]) -> Usage:
    """Normalise the fields of `usage`, merged over a stream.

    `input_tokens` counts neither what was read from the cache nor what was written to it; `output_tokens` includes thought, of
    which newer models tell the share (https://platform.claude.com/docs/en/api/messages). The tokens of iterations that the
    API keeps apart (compaction, an advisor) are not among these.
    """
    creation = _object(counts, "cache_creation")
    written = max(_count(counts, "cache_creation_input_tokens"), sum(_count(creation, name) for name in creation))
    output = _count(counts, "output_tokens")
    return Usage(
        input_uncached=_count(counts, "input_tokens"),
        cache_read=_count(counts, "cache_read_input_tokens"),
        cache_write=written,
        cache_write_1h=min(_count(creation, "ephemeral_1h_input_tokens"), written),
        output=output,
        reasoning=min(_count(_object(counts, "output_tokens_details"), "thinking_tokens"), output),
        web_searches=_count(_object(counts, "server_tool_use"), "web_search_requests"),
        speed=_word(counts, "speed", plain=("standard",)),
        geo=_word(counts, "inference_geo", plain=("global", "not_available")),
    )


def _word(counts: dict[str, Any], name: str, *, plain: tuple[str, ...]) -> str:
    """The word under `name`, or nothing where it is one that changes no price."""
    value = counts.get(name)
    return value if isinstance(value, str) and value not in plain else ""


def _object(counts: dict[str, Any], name: str) -> dict[str, Any]:
    value = counts.get(name)
    return value if isinstance(value, dict) else {}


def _count(counts: dict[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) else 0
