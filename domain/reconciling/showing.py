"""A reconciliation in JSON, as the door and the command show it."""

from decimal import Decimal
from typing import Any

from contracts.reconciling import NAMES, Figures
from domain.reconciling.comparing import Compared, Reconciliation


def shown(found: Reconciliation) -> dict[str, Any]:
    """What was recognised, what differs and what agrees. Costs are texts, in USD; `difference` is the vendor's less ours."""
    export = found.export
    return {
        "vendor": export.vendor,
        "shape": export.shape,
        "kind": export.kind,
        "from": export.begins.isoformat() if export.begins else None,
        "until": export.ends.isoformat() if export.ends else None,
        "agrees": found.agrees,
        "differing": sum(not row.agrees for row in found.rows),
        "rows": [_row(row) for row in found.rows],
        "total": _row(found.total),
        "notes": list(found.notes),
    }


def _row(row: Compared) -> dict[str, Any]:
    return {
        "day": row.day.isoformat() if row.day else None,
        "model": row.model,
        "vendor": _figures(row.theirs),
        "ledger": _figures(row.ours),
        "difference": _figures(row.difference),
        "tolerance_usd": _usd(row.tolerance),
        "agrees": row.agrees,
        "because": list(row.because),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    known = {name: value for name in NAMES if (value := getattr(figures, name)) is not None}
    cost = known.pop("cost", None)
    return known if cost is None else {**known, "cost_usd": _usd(cost)}


def _usd(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount else "0"
