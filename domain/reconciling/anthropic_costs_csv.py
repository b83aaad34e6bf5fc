"""Anthropic's costs as its console exports them: `claude_api_cost_2026_03.csv`.

Console, Cost, Export (support.claude.com/en/articles/9534590-cost-and-usage-reporting-in-the-claude-console). One row for each
day, model, key and kind of token, each rounded to a cent; models go by the names that people say ("Claude Haiku 4.5").
"""

from decimal import Decimal

from contracts.reconciling import TOOLS, Figures
from domain.reconciling.amounts import amount, day
from domain.reconciling.days import span
from domain.reconciling.export import Export, Line
from domain.reconciling.table import Row, Table

SHAPE = "Anthropic costs, CSV"
MARKS = ("usage_date_utc", "cost_usd")
_NEEDED = ("usage_date_utc", "model", "cost_usd")
_CENT = Decimal("0.01")
_TOKENS = ("", "token", "tokens")


def read(table: Table) -> Export:
    """The export."""
    table.need(_NEEDED)
    lines = [
        Line(row.read("usage_date_utc", day), _model(row), Figures(cost=row.read("cost_usd", amount)))
        for row in table.rows
    ]
    return Export("anthropic", "costs", SHAPE, tuple(lines), *span(one.day for one in lines), rounded_to=_CENT)


def _model(row: Row) -> str | None:
    if row.cells.get("cost_type", "").lower() not in _TOKENS:
        return TOOLS
    return row.cells["model"] or None
