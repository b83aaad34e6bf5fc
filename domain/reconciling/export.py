"""An export of a vendor, in one form for all vendors."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from contracts.reconciling import Figures

Vendor = Literal["openai", "anthropic"]
Kind = Literal["usage", "costs"]


@dataclass(frozen=True, slots=True)
class Line:
    """What the vendor says of a model on a day (UTC). `model` is the vendor's name, `contracts.reconciling.TOOLS`, or None where
    the export is not told apart by models.
    """

    day: date
    model: str | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Export:
    """A vendor's export: what it says of the time from `begins` until `ends`; both are None where it says nothing.

    `shape` names the form that was recognised. `rounded_to` is the step, in USD, that every line's cost is rounded to. `notes`
    say what was left out.
    """

    vendor: Vendor
    kind: Kind
    shape: str
    lines: tuple[Line, ...]
    begins: datetime | None
    ends: datetime | None
    rounded_to: Decimal = Decimal(0)
    notes: tuple[str, ...] = ()
