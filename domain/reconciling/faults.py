"""What is wrong with an export: each fault says where it is."""

from contracts.errors import ErrorKind, PerdureError

_SHOWN = 40


def wrong_cell(row: int, column: str, message: str) -> PerdureError:
    """A fault in a table; the first row, the header, is row 1."""
    return PerdureError(
        ErrorKind.INVALID_REQUEST,
        f"row {row}, column {column}: {message}",
        field="file",
        detail={"row": str(row), "column": column},
    )


def wrong_place(place: str, message: str) -> PerdureError:
    """A fault in JSON; `place` is the path to it, as data.0.results.2.model."""
    return PerdureError(ErrorKind.INVALID_REQUEST, f"{place}: {message}", field="file", detail={"place": place})


def unknown_export(message: str) -> PerdureError:
    """Not an export that is known."""
    return PerdureError(ErrorKind.INVALID_REQUEST, message, field="file")


def quoted(value: object) -> str:
    """A value as a message may show it."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
