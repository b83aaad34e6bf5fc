"""Sums of the ledger."""

from sqlalchemy import BigInteger, Column, Date, DateTime, ForeignKey, Numeric, Table, Text, Uuid

from storage.tables.columns import metadata

USAGE_COUNTS = (
    "calls",
    "completed",
    "estimated",
    "unpriced",
    "simulated",
    "input_uncached",
    "cache_read",
    "cache_write",
    "output",
    "reasoning",
    "busy_ms",
    "first_token_ms",
    "first_tokens",
)
USAGE_AMOUNTS = ("cost", "cost_lost", "cache_saved")
USAGE_MEASURES = (*USAGE_COUNTS, *USAGE_AMOUNTS)


def _sums(name: str, of: str, comment: str) -> Table:
    return Table(
        name,
        metadata,
        Column("workspace_id", Uuid, ForeignKey("workspaces.id"), primary_key=True),
        Column("dimension", Text, primary_key=True, comment="user, key or tag; each of them; empty for all calls"),
        Column(of, Date, primary_key=True, comment=comment),
        Column("value", Text, primary_key=True, comment="who, or name=value of a tag; empty where none is told"),
        Column("provider", Text, primary_key=True, comment="as model and task, empty for each user, key or tag"),
        Column("model", Text, primary_key=True),
        Column("task", Text, primary_key=True, comment="what the request was taken for; empty where unknown"),
        *(Column(name, BigInteger, nullable=False) for name in USAGE_COUNTS),
        *(Column(name, Numeric, nullable=False) for name in USAGE_AMOUNTS),
    )


# Sums of the ledger's closed calls before usage_summed.until, and of the days before usage_summed.months_until.
usage_days = _sums("usage_days", "day", "in UTC, by the call's beginning")
usage_months = _sums("usage_months", "month", "its first day")

usage_summed = Table(
    "usage_summed",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id"), primary_key=True),
    Column("until", DateTime(timezone=True), nullable=False, comment="earlier calls are in usage_days"),
    Column("months_until", Date, comment="earlier days are in usage_months too"),
)
