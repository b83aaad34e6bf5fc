"""In every vendor's usage the parts of the normal form sum to the vendor's own total."""

from hypothesis import given
from hypothesis import strategies as st

from providers.anthropic.usage import read_usage as read_anthropic
from providers.bedrock.usage import read_usage as read_bedrock
from providers.cohere.usage import read_usage as read_cohere
from providers.google.usage import read_usage as read_google
from providers.openai.usage import read_usage as read_openai

counts = st.integers(0, 5_000_000)


@given(prompt=counts, cached=counts, written=counts, output=counts, thought=counts, beside=st.booleans())
def test_openai_and_its_kin(prompt: int, cached: int, written: int, output: int, thought: int, beside: bool) -> None:
    # `beside`: the server leaves thought out of the completion, and counts it in the total alone.
    total = prompt + output + (thought if beside else 0)
    usage = read_openai(
        {
            "prompt_tokens": prompt,
            "completion_tokens": output,
            "total_tokens": total,
            "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
            "completion_tokens_details": {"reasoning_tokens": thought},
        }
    )
    assert usage.total == total
    assert usage.input == prompt
    assert 0 <= usage.reasoning <= usage.output


@given(uncached=counts, read=counts, five=counts, hour=counts, output=counts, thought=counts)
def test_anthropic(uncached: int, read: int, five: int, hour: int, output: int, thought: int) -> None:
    usage = read_anthropic(
        {
            "input_tokens": uncached,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": five + hour,
            "cache_creation": {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour},
            "output_tokens": output,
            "output_tokens_details": {"thinking_tokens": thought},
        }
    )
    assert usage.total == uncached + read + five + hour + output
    assert (usage.cache_write_1h, usage.cache_write - usage.cache_write_1h) == (hour, five)


@given(uncached=counts, read=counts, written=counts, hour=counts, output=counts)
def test_bedrock(uncached: int, read: int, written: int, hour: int, output: int) -> None:
    usage = read_bedrock(
        {
            "inputTokens": uncached,
            "cacheReadInputTokens": read,
            "cacheWriteInputTokens": written,
            "cacheDetails": [{"ttl": "1h", "inputTokens": hour}],
            "outputTokens": output,
        }
    )
    assert usage.total == uncached + read + written + output
    assert usage.cache_write_1h <= usage.cache_write


@given(prompt=counts, cached=counts, tools=counts, output=counts, thought=counts)
def test_google(prompt: int, cached: int, tools: int, output: int, thought: int) -> None:
    usage = read_google(
        {
            "prompt_token_count": prompt,
            "cached_content_token_count": cached,
            "tool_use_prompt_token_count": tools,
            "candidates_token_count": output,
            "thoughts_token_count": thought,
        }
    )
    assert usage.total == prompt + tools + output + thought
    assert usage.reasoning == thought


@given(given_tokens=counts, cached=counts, output=counts)
def test_cohere(given_tokens: int, cached: int, output: int) -> None:
    usage = read_cohere({"tokens": {"input_tokens": given_tokens, "output_tokens": output}, "cached_tokens": cached})
    assert usage.total == given_tokens + output
