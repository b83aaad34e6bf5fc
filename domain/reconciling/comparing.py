"""What a vendor says against what the ledger says, by model and day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.reconciling import NAMES, TOOLS, Figures, LedgerSum
from domain.reconciling.export import Export, Kind, Line
from domain.reconciling.naming import labelling

ALL = "all models"
"""The name under which everything is summed where an export is not told apart by models."""
_LEAST: dict[Kind, tuple[str, ...]] = {"usage": ("input", "output"), "costs": ("cost",)}
"""What is compared where an export is empty, or no figure is in all of its lines."""
_NOTHING = Decimal("0.000001")
"""USD; a vendor's interface says amounts as binary fractions, which are not exact."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A model on a day, or a sum of these. `difference` is the vendor's less ours, in the figures that the export has.

    `tolerance`, in USD, is what rounding can explain. `because` is what is known of a difference.
    """

    day: date | None
    model: str
    theirs: Figures
    ours: Figures
    difference: Figures
    tolerance: Decimal
    agrees: bool
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Every model and day that either side knows, those that agree included, and all of them together."""

    export: Export
    rows: tuple[Compared, ...]
    total: Compared
    notes: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing differs by more than rounding."""
        return all(row.agrees for row in self.rows)


@dataclass(slots=True)
class _Side:
    """What falls under one name on one day; `ours` are the figures of `sums`, tools taken out."""

    lines: list[Line] = field(default_factory=list)
    sums: list[LedgerSum] = field(default_factory=list)
    ours: list[Figures] = field(default_factory=list)


def compare(export: Export, sums: Sequence[LedgerSum]) -> Reconciliation:
    """The export against the ledger's sums of the same time."""
    names = _known(line.figures for line in export.lines) or _LEAST[export.kind]
    notes = list(export.notes)
    by_model = all(line.model is not None for line in export.lines)
    if not by_model:
        notes.append("The export is not told apart by models throughout, so that days are compared as a whole.")
    label = labelling((line.model for line in export.lines if line.model), (one.model for one in sums))
    groups: dict[tuple[date, str], _Side] = defaultdict(_Side)
    for line in export.lines:
        groups[line.day, label(line.model) if by_model and line.model else ALL].lines.append(line)
    for one in sums:
        group = groups[one.day, label(one.model) if by_model else ALL]
        group.sums.append(one)
        apart = by_model and export.kind == "costs" and one.tools
        group.ours.append(_without_tools(one) if apart else one.figures)
        if apart:
            groups[one.day, TOOLS].ours.append(Figures(cost=one.tools))
    rows = [_row(day, model, group, names, export) for (day, model), group in sorted(groups.items())]
    kept = tuple(row for row in rows if not row.agrees or _anything(row.theirs) or _anything(row.ours))
    return Reconciliation(export, kept, _total(kept, names), tuple(notes))


def _row(day: date, model: str, group: _Side, names: Sequence[str], export: Export) -> Compared:
    theirs = _sum((line.figures for line in group.lines), names)
    ours = _sum(group.ours, names)
    tolerance = _NOTHING + export.rounded_to / 2 * len(group.lines)
    difference = _less(theirs, ours)
    agrees = _agree(difference, tolerance)
    because = () if agrees else tuple(_because(group))
    return Compared(day, model, theirs, ours, difference, tolerance, agrees, because)


def _because(group: _Side) -> Iterable[str]:
    if not group.ours:
        yield "The ledger has nothing of it: it was not called through Perdure, or not in this workspace."
    if not group.lines:
        yield "The export has nothing of it: it leaves out a project, workspace or key, or was made too early."
    if estimated := sum(one.estimated for one in group.sums):
        yield f"Calls that were cut off before the vendor told their usage, which was counted here: {estimated:,}."
    if unpriced := sum(one.unpriced for one in group.sums):
        yield f"Calls without a price here, in whole or in part: {unpriced:,}."


def _total(rows: Sequence[Compared], names: Sequence[str]) -> Compared:
    theirs, ours = _sum((row.theirs for row in rows), names), _sum((row.ours for row in rows), names)
    tolerance, difference = sum((row.tolerance for row in rows), Decimal(0)), _less(theirs, ours)
    return Compared(None, ALL, theirs, ours, difference, tolerance, _agree(difference, tolerance))


def _known(figures: Iterable[Figures]) -> tuple[str, ...]:
    """The figures that the export has in every line: only these can be compared."""
    given = list(figures)
    return tuple(name for name in NAMES if given and all(getattr(one, name) is not None for one in given))


def _sum(figures: Iterable[Figures], names: Sequence[str]) -> Figures:
    given = list(figures)
    sums: dict[str, Any] = {name: sum((getattr(one, name) or 0 for one in given), _zero(name)) for name in names}
    return Figures(**sums)


def _less(theirs: Figures, ours: Figures) -> Figures:
    both = [name for name in NAMES if getattr(theirs, name) is not None and getattr(ours, name) is not None]
    return Figures(**{name: getattr(theirs, name) - getattr(ours, name) for name in both})


def _agree(difference: Figures, tolerance: Decimal) -> bool:
    counts = (getattr(difference, name) for name in NAMES if name != "cost")
    return not any(counts) and (difference.cost is None or abs(difference.cost) <= tolerance)


def _without_tools(one: LedgerSum) -> Figures:
    return Figures(cost=(one.figures.cost or Decimal(0)) - one.tools)


def _anything(figures: Figures) -> bool:
    return any(getattr(figures, name) for name in NAMES)


def _zero(name: str) -> Decimal | int:
    return Decimal(0) if name == "cost" else 0
