"""Which export a file is, found by what it holds."""

from collections.abc import Callable, Sequence

from domain.reconciling import (
    anthropic_costs_csv,
    anthropic_costs_json,
    anthropic_usage_csv,
    anthropic_usage_json,
    openai_costs_csv,
    openai_costs_json,
    openai_usage_csv,
    openai_usage_json,
)
from domain.reconciling.export import Export
from domain.reconciling.faults import unknown_export
from domain.reconciling.pages import Node, read_pages
from domain.reconciling.table import Table, read_table

_TABLES: tuple[tuple[tuple[str, ...], Callable[[Table], Export]], ...] = (
    (openai_usage_csv.MARKS, openai_usage_csv.read),
    (openai_costs_csv.MARKS, openai_costs_csv.read),
    (anthropic_usage_csv.MARKS, anthropic_usage_csv.read),
    (anthropic_costs_csv.MARKS, anthropic_costs_csv.read),
)
_KNOWN = "Known are OpenAI's and Anthropic's usage and cost, as their interfaces answer in JSON and their consoles export in CSV"


def read_export(text: str) -> Export:
    """The export that a file's text is. Raises `invalid_request`, naming the row and column, or the place in JSON."""
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise unknown_export(f"The file is empty. {_KNOWN}.")
    if text.lstrip()[0] in "{[":
        pages = read_pages(text)
        return _pages_reader(pages)(pages)
    table = read_table(text)
    for marks, read in _TABLES:
        if all(mark in table.header for mark in marks):
            return read(table)
    raise unknown_export(f"No export with the columns {', '.join(table.header)[:300]} is known. {_KNOWN}.")


def _pages_reader(pages: Sequence[Node]) -> Callable[[Sequence[Node]], Export]:
    """By the first bucket, and by its first result where there is one: without results, usage and cost look alike."""
    buckets = [bucket for page in pages for bucket in page.children("data")]
    results = [result for bucket in buckets for result in bucket.children("results")]
    first = buckets[0].value if buckets else {}
    if "start_time" in first:
        costs = bool(results) and results[0].value.get("object") == openai_costs_json.RESULT
        return openai_costs_json.read if costs else openai_usage_json.read
    if "starting_at" in first:
        costs = bool(results) and "amount" in results[0].value
        return anthropic_costs_json.read if costs else anthropic_usage_json.read
    raise unknown_export(f"The JSON has no buckets of time (`data` with `start_time` or `starting_at`). {_KNOWN}.")
