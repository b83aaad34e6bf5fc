"""Usage bodies of the two wires, and of the servers that speak them, in the one normal form."""

from typing import Any

from contracts.usage import Usage
from providers.openai.stated_cost import stated_cost


def read_usage(body: dict[str, Any], *, web_searches: int = 0, file_searches: int = 0) -> Usage:
    """Normalise `usage` of a chat completion or a response.

    Cached and written tokens are shares of the input, thought a share of the output
    (platform.openai.com/docs/api-reference/chat/object). Some servers leave thought out of `completion_tokens` and count it in
    `total_tokens` alone (xAI, Gemini behind this wire); whatever the total holds beyond input and output is output that was
    thought. DeepSeek and Moonshot name cached tokens beside the details; Mistral's `num_cached_tokens`, which its
    reference does not name, is charged in full. So the parts sum to the vendor's total, but for
    Perplexity's, which leaves out the thought and the citations that it bills. The searches given are those that the
    answer shows, where the body counts none.
    """
    given = _details(body, "prompt_tokens_details", "input_tokens_details")
    made = _details(body, "completion_tokens_details", "output_tokens_details")
    prompt = _count(body, "prompt_tokens", "input_tokens")
    output = _count(body, "completion_tokens", "output_tokens")
    thought, cited = _beside(body)
    unnamed = max(0, _count(body, "total_tokens") - prompt - output, thought + cited)
    output += unnamed
    cached = min(
        _count(given, "cached_tokens", "cache_read_input_tokens")
        or _count(body, "prompt_cache_hit_tokens", "cached_tokens"),
        prompt,
    )
    written = min(_count(given, "cache_write_tokens"), prompt - cached)
    tools = _details(body, "server_side_tool_usage_details")
    held = _details(given, "cached_tokens_details")
    return Usage(
        input_uncached=prompt - cached - written,
        cache_read=cached,
        cache_write=written,
        output=output,
        reasoning=min(max(_count(made, "reasoning_tokens"), unnamed - cited), output),
        citation=cited,
        input_audio=_count(given, "audio_tokens"),
        input_image=_count(given, "image_tokens"),
        input_video=_count(given, "video_tokens"),
        output_audio=_count(made, "audio_tokens"),
        output_image=_count(made, "image_tokens"),
        cache_read_audio=_count(held, "audio_tokens"),
        cache_read_image=_count(held, "image_tokens"),
        web_searches=_searches(body, tools) or web_searches,
        social_searches=_count(tools, "x_search_calls"),
        file_searches=_count(tools, "file_search_calls", "collections_search_calls") or file_searches,
        attachment_searches=_count(tools, "document_search_calls", "attachment_search_calls"),
        code_executions=_count(tools, "code_interpreter_calls", "code_execution_calls"),
        search_context=_text(body, "search_context_size"),
        stated_cost=stated_cost(body),
    )


def read_embedding_usage(body: dict[str, Any]) -> Usage:
    """Normalise `usage` of embeddings: nothing is written, and no cache is read."""
    return Usage(input_uncached=_count(body, "prompt_tokens", "input_tokens"), stated_cost=stated_cost(body))


def _beside(body: dict[str, Any]) -> tuple[int, int]:
    """Perplexity's thought and citations, which its deep research bills beside the completion (docs.perplexity.ai, pricing).

    Elsewhere a count of thought at this place is a share of the completion.
    """
    if not any(name in body for name in ("citation_tokens", "num_search_queries", "search_context_size")):
        return 0, 0
    return _count(body, "reasoning_tokens"), _count(body, "citation_tokens")


def _searches(body: dict[str, Any], tools: dict[str, Any]) -> int:
    """Searches of the web that the body counts: Perplexity's queries, xAI's calls, the invocations of Perplexity's agent."""
    invoked = _details(_details(body, "tool_calls_details"), "search_web")
    return _count(body, "num_search_queries") or _count(tools, "web_search_calls") or _count(invoked, "invocation")


def _details(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return next((value for name in names if isinstance(value := body.get(name), dict)), {})


def _count(body: dict[str, Any], *names: str) -> int:
    """The first of `names` that holds a number."""
    return next((max(0, int(value)) for name in names if isinstance(value := body.get(name), int | float)), 0)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
