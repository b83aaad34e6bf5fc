"""Usage of a message: here the input excludes what the cache read and wrote."""

from typing import Any

from contracts.usage import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """The one normal form of a `usage` object, or of those of a stream laid over each other."""
    created = raw.get("cache_creation") or {}
    details = raw.get("output_tokens_details") or {}
    tools = raw.get("server_tool_use") or {}
    output = raw.get("output_tokens") or 0
    return Usage(
        input_uncached=raw.get("input_tokens") or 0,
        cache_read=raw.get("cache_read_input_tokens") or 0,
        cache_write=raw.get("cache_creation_input_tokens") or 0,
        cache_write_1h=created.get("ephemeral_1h_input_tokens") or 0,
        output=output,
        reasoning=min(output, details.get("thinking_tokens") or details.get("reasoning_tokens") or 0),
        web_searches=tools.get("web_search_requests") or 0,
    )


def laid_over(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """`later` over `earlier`: a stream's last event repeats some counts and leaves others out."""
    return {**earlier, **{name: value for name, value in later.items() if value is not None}}
