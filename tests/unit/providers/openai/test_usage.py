from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from providers.openai.usage import read_usage

counts = st.integers(0, 10_000)


@settings(deadline=None)
@given(counts, counts, counts, counts, counts, counts, st.booleans())
def test_parts_are_disjoint_and_sum_to_the_vendors_total(
    prompt: int, output: int, beyond: int, cached: int, written: int, thought: int, chat: bool
) -> None:
    body = _body(prompt, output, beyond, cached, written, thought, chat)
    usage = read_usage(body)
    assert usage.total == body["total_tokens"]
    assert usage.input == prompt
    assert min(usage.input_uncached, usage.cache_read, usage.cache_write) >= 0
    assert 0 <= usage.reasoning <= usage.output


def _body(prompt: int, output: int, beyond: int, cached: int, written: int, thought: int, chat: bool) -> dict[str, Any]:
    names = ("prompt", "completion") if chat else ("input", "output")
    return {
        f"{names[0]}_tokens": prompt,
        f"{names[1]}_tokens": output,
        "total_tokens": prompt + output + beyond,
        f"{names[0]}_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        f"{names[1]}_tokens_details": {"reasoning_tokens": thought},
    }


def test_deepseek_names_its_cache_beside_the_details() -> None:
    body = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_cache_hit_tokens": 4}
    usage = read_usage(body)
    assert (usage.input_uncached, usage.cache_read) == (6, 4)


def test_thought_beside_the_completion_is_output() -> None:
    body = {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109}
    usage = read_usage(body)
    assert (usage.output, usage.reasoning) == (74, 62)


def test_nulls_and_missing_totals() -> None:
    body = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": None, "prompt_tokens_details": None}
    assert read_usage(body).total == 5
