"""OpenAI's usage as its dashboard exports it: `completions_usage_2026-03-01_2026-03-31.csv`.

platform.openai.com/usage, Export. The columns are the fields of the usage interface, flattened, after `start_time`, `end_time`
and the same two as ISO 8601; a stretch of time without use is a row in which nothing follows these.
"""

from contracts.reconciling import Figures
from domain.reconciling.amounts import count, day_of, second
from domain.reconciling.export import Export, Line
from domain.reconciling.faults import wrong_cell
from domain.reconciling.table import Row, Table

SHAPE = "OpenAI usage, CSV"
MARKS = ("start_time", "end_time", "input_tokens")
_NEEDED = ("start_time", "end_time", "num_model_requests", "input_tokens", "output_tokens")
_COUNTS = ("num_model_requests", "input_tokens", "output_tokens")


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
        if not row.empty(_COUNTS):
            lines.append(Line(day, row.cells.get("model") or None, _figures(row)))
    begin, end = min((one for one, _ in spans), default=None), max((one for _, one in spans), default=None)
    return Export("openai", "usage", SHAPE, tuple(lines), begin, end)


def _figures(row: Row) -> Figures:
    return Figures(
        requests=row.read("num_model_requests", count),
        input=row.read("input_tokens", count),
        cache_read=row.given("input_cached_tokens", count),
        cache_write=row.given("input_cache_write_tokens", count),
        output=row.read("output_tokens", count),
    )
