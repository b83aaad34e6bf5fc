"""Anthropic's usage as its console exports it: `claude_api_tokens_2026_03.csv`.

Console, Usage, Export (support.claude.com/en/articles/9534590-cost-and-usage-reporting-in-the-claude-console). One row for each
day, model, key and kind of use, days in UTC. Before caches were kept for an hour one column
said what was written to them.
"""

from contracts.reconciling import Figures
from domain.reconciling.amounts import count, day
from domain.reconciling.days import span
from domain.reconciling.export import Export, Line
from domain.reconciling.table import Row, Table

SHAPE = "Anthropic usage, CSV"
MARKS = ("usage_date_utc", "usage_output_tokens")
_NEEDED = (
    "usage_date_utc",
    "model_version",
    "usage_input_tokens_no_cache",
    "usage_input_tokens_cache_read",
    "usage_output_tokens",
)
_WRITES = (
    "usage_input_tokens_cache_write_5m",
    "usage_input_tokens_cache_write_1h",
    "usage_input_tokens_cache_write",
)


def read(table: Table) -> Export:
    """The export."""
    table.need(_NEEDED)
    if not any(name in table.header for name in _WRITES):
        table.need(_WRITES[:1])
    lines = [
        Line(row.read("usage_date_utc", day), row.cells["model_version"] or None, _figures(row)) for row in table.rows
    ]
    return Export("anthropic", "usage", SHAPE, tuple(lines), *span(one.day for one in lines))


def _figures(row: Row) -> Figures:
    cached = row.read("usage_input_tokens_cache_read", count)
    written = sum(row.given(name, count) or 0 for name in _WRITES)
    return Figures(
        input=row.read("usage_input_tokens_no_cache", count) + cached + written,
        cache_read=cached,
        cache_write=written,
        output=row.read("usage_output_tokens", count),
        searches=row.given("web_search_count", count),
    )
