"""A CSV file as rows with numbers, so that every fault is named by its row and column."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from domain.reconciling.faults import quoted, unknown_export, wrong_cell

Value = TypeVar("Value")
_SEPARATORS = ",\t;"


@dataclass(frozen=True, slots=True)
class Row:
    """A row by the names of its columns; the header is row 1."""

    number: int
    cells: Mapping[str, str]

    def read(self, column: str, reader: Callable[[object], Value]) -> Value:
        """The cell as `reader` reads it. Raises `invalid_request` with its row and column where it is wrong or empty."""
        text = self.cells[column]
        try:
            if not text:
                raise ValueError("the cell is empty")
            return reader(text)
        except ValueError as error:
            raise wrong_cell(self.number, column, f"{quoted(text)}: {error}") from None

    def given(self, column: str, reader: Callable[[object], Value]) -> Value | None:
        """The same; None where there is no such column or the cell is empty."""
        return self.read(column, reader) if self.cells.get(column) else None

    def empty(self, columns: Iterable[str]) -> bool:
        """Whether none of these has anything in it."""
        return not any(self.cells.get(column) for column in columns)


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def need(self, columns: Sequence[str]) -> None:
        """Raise `invalid_request` where one of the columns is missing."""
        for column in columns:
            if column not in self.header:
                raise wrong_cell(1, column, f"the header has no such column; it has {', '.join(self.header)[:300]}.")


def read_table(text: str) -> Table:
    """The table that a text is, its columns parted by commas, tabs or semicolons. Raises `invalid_request`."""
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    rows = _rows(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    number, names = next(rows, (1, []))
    header = tuple(name.strip() for name in names)
    if len(header) < 2:
        raise unknown_export("The file is neither JSON nor a table with a header.")
    for name in header:
        if not name or header.count(name) > 1:
            raise wrong_cell(number, name or "(empty)", "every column of the header needs a name of its own.")
    found = []
    for number, cells in rows:
        if not any(cells):
            continue
        if len(cells) != len(header):
            column = header[min(len(cells), len(header) - 1)]
            raise wrong_cell(number, column, f"the row has {len(cells)} cells, the header {len(header)}.")
        found.append(Row(number, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    return Table(header, tuple(found))


def _rows(reader: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    rows, number = iter(reader), 0
    while True:
        number += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise wrong_cell(number, "1", f"this is no CSV: {error}.") from None
        yield number, cells
