"""Recorded usage bodies of many providers: each normalises, and costs what the price list's own tests expect of it."""

import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from contracts.usage import Cost
from domain.pricing import price
from tests.conformance.costs.rows import Row, day_of, expected_of, model_of, place_of, read_rows, usage_of

INPUT = ("input", "cache_")

_LATER = "the list has since been told a dearer rate of this provider (cache writes, long prompts) or a new price"
_THOUGHT = "the total holds thought that the completion leaves out, and Google bills it as output"
EXCEPTIONS = {
    ("google", "anthropic", "models/cassettes/test_anthropic/test_pause_turn_web_search_vcr.yaml"): _LATER,
    (
        "azure",
        "responses",
        "models/cassettes/test_openai_prompt_cache/test_openai_responses_prompt_cache_e2e.yaml",
    ): _LATER,
    ("azure", "chat", "models/cassettes/test_openai_prompt_cache/test_openai_chat_prompt_cache_e2e.yaml"): _LATER,
    (
        "azure",
        "responses",
        "models/cassettes/test_openai_responses/test_openai_responses_model_web_search_tool_without_external_access.yaml",
    ): _LATER,
    ("mistral", "default", "cassettes/test_settings/test_stop_settings[mistral].yaml"): _LATER,
    ("google", "chat", "models/cassettes/test_openai/test_compatible_api_with_tool_calls_without_id.yaml"): _THOUGHT,
}
"""Records whose price is no longer, or was never, what is charged: by provider, wire and file. Each has to differ."""
MOST_EXCEPTIONS = 8


@pytest.mark.recordings
def test_recorded_usage_costs_what_is_expected(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_rows(recordings)
    assert rows
    found = [(row, told) for row in rows if (told := differences(row))]
    failures = [f"{place_of(row)}: {told}" for row, told in found if key_of(row) not in EXCEPTIONS]
    excepted = [key_of(row) for row, _ in found if key_of(row) in EXCEPTIONS]
    with capsys.disabled():
        by = Counter(row["provider_id"] for row in rows)
        sys.stdout.write(f"\nCosts: {len(rows) - len(found)} of {len(rows)} agree, of {len(by)} providers\n")
    assert not failures, f"{len(failures)} differ\n" + "\n".join(failures[:40])
    assert set(excepted) == EXCEPTIONS.keys()
    assert len(excepted) <= MOST_EXCEPTIONS


def key_of(row: Row) -> tuple[str, str, str]:
    """What an exception is found by."""
    return row["provider_id"], row["api_flavor"], row["file"]


def differences(row: Row) -> str:
    """How the row's cost departs from what is expected; empty where it does not."""
    usage = usage_of(row)
    cost = price(usage, model_of(row), at=day_of(row))
    given, made, total = expected_of(row)
    tokens = [
        amount for name, amount in cost.parts.items() if not name.endswith(("searches", "executions", "requests"))
    ]
    found = {"input": _input(cost), "output": sum(tokens, Decimal(0)) - _input(cost)}
    wanted = {"input": given, "output": made}
    if row["total_usd"] is not None:
        found["total"], wanted["total"] = cost.total, total
    if sum(cost.parts.values(), Decimal(0)) != cost.total:
        return f"the parts do not sum: {cost}"
    return "" if found == wanted else f"found {found}, expected {wanted}, of {usage!r}, {cost.price_source}"


def _input(cost: Cost) -> Decimal:
    return sum((amount for name, amount in cost.parts.items() if name.startswith(INPUT)), Decimal(0))
