"""Usage bodies of the two wires, and of the servers that speak them, in the one normal form."""

from typing import Any

from contracts.usage import Usage


def read_usage(body: dict[str, Any], *, web_searches: int = 0) -> Usage:
    """Normalise `usage` of a chat completion or a response.

    Cached and written tokens are shares of the input, thought a share of the output
    (platform.openai.com/docs/api-reference/chat/object). Some servers leave thought out of `completion_tokens` and count it in
    `total_tokens` alone (xAI, Gemini behind this wire); whatever the total holds beyond input and output is output that was
    thought. DeepSeek and Moonshot name cached tokens beside the details. So the parts sum to the vendor's total.
    """
    given = _details(body, "prompt_tokens_details", "input_tokens_details")
    made = _details(body, "completion_tokens_details", "output_tokens_details")
    prompt = _count(body, "prompt_tokens", "input_tokens")
    output = _count(body, "completion_tokens", "output_tokens")
    unnamed = max(0, _count(body, "total_tokens") - prompt - output)
    output += unnamed
    cached = min(_count(given, "cached_tokens") or _count(body, "prompt_cache_hit_tokens", "cached_tokens"), prompt)
    written = min(_count(given, "cache_write_tokens"), prompt - cached)
    return Usage(
        input_uncached=prompt - cached - written,
        cache_read=cached,
        cache_write=written,
        output=output,
        reasoning=min(max(_count(made, "reasoning_tokens"), unnamed), output),
        input_audio=_count(given, "audio_tokens"),
        output_audio=_count(made, "audio_tokens"),
        web_searches=web_searches,
    )


def _details(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return next((value for name in names if isinstance(value := body.get(name), dict)), {})


def _count(body: dict[str, Any], *names: str) -> int:
    """The first of `names` that holds a number."""
    return next((int(value) for name in names if isinstance(value := body.get(name), int | float)), 0)
