"""Budgets, what is reserved and spent in them, and what they had to say."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.tables.columns import EMPTY_OBJECT, metadata, moment, of_workspace, own_id


def _account() -> list[Column[object]]:
    """What names an account. No foreign keys: they would lock the budget's row for every reservation."""
    return [
        Column("budget_id", Uuid, primary_key=True),
        Column("subject", Text, primary_key=True, comment="who it counts, where the budget counts each for himself"),
        Column("window_start", DateTime(timezone=True), primary_key=True),
    ]


def _amount(name: str, *, nullable: bool = False, comment: str | None = None) -> Column[object]:
    default = None if nullable else text("0")
    return Column(name, Numeric(24, 12), nullable=nullable, server_default=default, comment=comment)


budgets = Table(
    "budgets",
    metadata,
    own_id(),
    of_workspace(),
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("value", Text, nullable=False, comment="who or what; empty for the workspace, * for each"),
    Column("unit", Text, nullable=False),
    Column("amount", Numeric(24, 12), nullable=False, comment="the limit"),
    Column("hard", Boolean, nullable=False),
    Column("period", Text, nullable=False),
    Column("rolling", Boolean, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("thresholds", ARRAY(Numeric), nullable=False, comment="per cent"),
    moment("created_at"),
    moment("updated_at"),
    moment("deleted_at", nullable=True),
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="SET NULL"), comment="the run that made it for itself"),
    Column(
        "before",
        Numeric(24, 12),
        nullable=False,
        server_default=text("0"),
        comment="of a run's budget: what had been spent before it was set",
    ),
    Index("ix_budgets_run_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
    CheckConstraint("scope IN ('workspace', 'user', 'key', 'tag', 'model', 'run')", name="scope"),
    CheckConstraint("unit IN ('usd', 'tokens', 'requests')", name="unit"),
    CheckConstraint("period IN ('hour', 'day', 'week', 'month', 'total')", name="period"),
    CheckConstraint("amount > 0", name="amount"),
    Index(
        "uq_budgets_definition",
        "workspace_id",
        "scope",
        "value",
        "unit",
        "period",
        "rolling",
        "hard",
        unique=True,
        postgresql_where=text("deleted_at IS NULL"),
    ),
)

# free + sum of the slices' (room + reserved + spent) = amount, in every hard account and after every transaction.
budget_accounts = Table(
    "budget_accounts",
    metadata,
    *_account(),
    Column("window_end", DateTime(timezone=True)),
    _amount("amount", comment="the limit in this window"),
    _amount("free", comment="what no slice holds; below 0 after an overrun or where the limit was lowered"),
    _amount("purged", comment="what reservations that were dropped had been charged"),
    postgresql_with={"fillfactor": "50"},
)

budget_slices = Table(
    "budget_slices",
    metadata,
    *_account(),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    _amount("room", comment="held by this slice and not reserved"),
    _amount("reserved"),
    _amount("spent"),
    Column(
        "barred",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the account owes: what is given back is not to be reserved here",
    ),
    CheckConstraint("room >= 0", name="room"),
    CheckConstraint("reserved >= 0", name="reserved"),
    postgresql_with={"fillfactor": "10"},
)

budget_slots = Table(
    "budget_slots",
    metadata,
    *_account(),
    Column("slot_end", DateTime(timezone=True), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    _amount("spent", comment="what the slice has spent in this part of a rolling window"),
    postgresql_with={"fillfactor": "50"},
)

reservations = Table(
    "reservations",
    metadata,
    Column("turn_id", Uuid, primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    *_account(),
    Column("workspace_id", Uuid, nullable=False),
    Column("ordinal", Integer, nullable=False, comment="the slice that it is taken from"),
    Column("unit", Text, nullable=False),
    Column("hard", Boolean, nullable=False),
    Column("slot_seconds", Integer, comment="of a rolling window"),
    _amount("amount"),
    _amount("charged", nullable=True, comment="null while it is held"),
    moment("reserved_at"),
    moment("settled_at", nullable=True),
    Index("ix_reservations_held", "reserved_at", postgresql_where=text("settled_at IS NULL")),
    Index("ix_reservations_age", "reserved_at", postgresql_using="brin"),
    postgresql_with={"fillfactor": "70"},
)

budget_events = Table(
    "budget_events",
    metadata,
    own_id(),
    of_workspace(),
    Column("budget_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    Column("window_start", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False, comment="threshold or exhausted"),
    Column("threshold", Numeric, nullable=False, comment="per cent; 0 where a call was refused"),
    Column("detail", JSONB, nullable=False, server_default=EMPTY_OBJECT),
    moment("at"),
    CheckConstraint("kind IN ('threshold', 'exhausted')", name="kind"),
    UniqueConstraint("budget_id", "subject", "window_start", "kind", "threshold"),
    Index("ix_budget_events_workspace_time", "workspace_id", "at"),
)

budget_waits = Table(
    "budget_waits",
    metadata,
    Column("turn_id", Uuid, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    of_workspace(),
    Column("budget_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    _amount("wanted"),
    moment("since"),
    Index("ix_budget_waits_budget", "budget_id"),
)
