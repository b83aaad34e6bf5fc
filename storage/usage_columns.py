"""A usage and its cost as columns of the ledger, and back."""

from typing import Any

import orjson

from contracts.usage import Cost, Usage

COUNTED = (
    "input_uncached",
    "cache_read",
    "cache_write",
    "output",
    "reasoning",
    "cache_write_1h",
    "input_audio",
    "output_audio",
    "web_searches",
    "estimated",
)
"""Fields of a usage that have a column each; `stated_cost` has one too, and all others are in `usage_details`."""

_DETAILED = tuple(name for name in Usage.model_fields if name not in COUNTED and name != "stated_cost")


def usage_columns(usage: Usage) -> dict[str, Any]:
    """The usage as parameters of a statement."""
    details = {name: value for name in _DETAILED if (value := getattr(usage, name))}
    return {
        **{name: getattr(usage, name) for name in COUNTED},
        "stated_cost": usage.stated_cost,
        "usage_details": _json(details),
    }


def cost_columns(cost: Cost) -> dict[str, Any]:
    """The cost as parameters of a statement; amounts in JSON are text, since money is never a float."""
    return {
        "cost": cost.total,
        "computed_cost": cost.computed,
        "priced": cost.priced,
        "price_source": cost.price_source,
        "unit_prices": _json({name: str(price) for name, price in cost.unit_prices.items()}),
        "cost_parts": _json({name: str(amount) for name, amount in cost.parts.items()}),
        "unpriced": _json(cost.unpriced),
    }


def usage_of(row: Any) -> Usage:
    """The usage of a ledger row."""
    return Usage(
        **{name: getattr(row, name) for name in COUNTED}, stated_cost=row.stated_cost, **(row.usage_details or {})
    )


def cost_of(row: Any) -> Cost:
    """The cost of a ledger row, as it was charged."""
    return Cost(
        total=row.cost,
        priced=row.priced,
        price_source=row.price_source or "",
        unit_prices=row.unit_prices or {},
        parts=row.cost_parts or {},
        unpriced=tuple(row.unpriced or ()),
        stated=row.stated_cost,
        computed=row.computed_cost,
    )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
