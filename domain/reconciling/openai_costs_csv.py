"""OpenAI's costs as its dashboard exports them: `cost_2026-03-01_2026-03-31.csv`.

platform.openai.com/usage, Export. The columns are the fields of the costs interface, flattened (`amount_value`,
`amount_currency`, `line_item`); a day without costs is a row without an amount.
"""

from contracts.reconciling import Figures
from domain.reconciling.amounts import amount, day_of, second
from domain.reconciling.export import Export, Line
from domain.reconciling.faults import quoted, wrong_cell
from domain.reconciling.openai_costs import model_of
from domain.reconciling.table import Row, Table

SHAPE = "OpenAI costs, CSV"
MARKS = ("start_time", "end_time", "amount_value")
_NEEDED = ("start_time", "end_time", "amount_value", "amount_currency")


def read(table: Table) -> Export:
    """The export."""
    table.need(_NEEDED)
    spans = [(row.read("start_time", second), row.read("end_time", second)) for row in table.rows]
    lines = []
    for row, (begins, ends) in zip(table.rows, spans, strict=True):
        try:
            day = day_of(begins, ends)
        except ValueError as error:
            raise wrong_cell(row.number, "end_time", f"{error}.") from None
        if not row.empty(("amount_value",)):
            lines.append(Line(day, model_of(row.cells.get("line_item")), _figures(row)))
    begin, end = min((one for one, _ in spans), default=None), max((one for _, one in spans), default=None)
    return Export("openai", "costs", SHAPE, tuple(lines), begin, end)


def _figures(row: Row) -> Figures:
    currency = row.cells["amount_currency"]
    if currency.lower() != "usd":
        raise wrong_cell(row.number, "amount_currency", f"{quoted(currency)}: amounts are compared in usd.")
    return Figures(cost=row.read("amount_value", amount))
