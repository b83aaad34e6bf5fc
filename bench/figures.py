"""Figures and how they are printed."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `aim` is what the design asks for; `ratio` compares it with the baseline of the same run."""

    name: str
    value: str
    baseline: str = ""
    ratio: str = ""
    aim: str = ""


def quantile(samples: list[float], share: float) -> float:
    """The sample below which `share` of all lie."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(seconds: float) -> str:
    """Seconds as text in milliseconds."""
    return f"{seconds * 1000:.1f} ms"


def show(title: str, figures: list[Figure], console: Console) -> None:
    """Print a table."""
    table = Table(title=title, title_justify="left")
    for column in ("what", "measured", "baseline", "ratio", "aim"):
        table.add_column(column)
    for figure in figures:
        table.add_row(figure.name, figure.value, figure.baseline, figure.ratio, figure.aim)
    console.print(table)
