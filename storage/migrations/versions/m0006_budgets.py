"""Budgets: accounts in slices, reservations, events, waits; what a key may do; the key that asked for a turn."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables. Keys that exist already may do everything, as before."""

    op.create_table(
        "budget_accounts",
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject", sa.Text(), nullable=False, comment="who it counts, where the budget counts each for himself"
        ),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "amount",
            sa.Numeric(precision=24, scale=12),
            server_default=sa.text("0"),
            nullable=False,
            comment="the limit in this window",
        ),
        sa.Column(
            "free",
            sa.Numeric(precision=24, scale=12),
            server_default=sa.text("0"),
            nullable=False,
            comment="what no slice holds; below 0 after an overrun or where the limit was lowered",
        ),
        sa.PrimaryKeyConstraint("budget_id", "subject", "window_start", name=op.f("pk_budget_accounts")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "budget_slices",
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject", sa.Text(), nullable=False, comment="who it counts, where the budget counts each for himself"
        ),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "room",
            sa.Numeric(precision=24, scale=12),
            server_default=sa.text("0"),
            nullable=False,
            comment="held by this slice and not reserved",
        ),
        sa.Column("reserved", sa.Numeric(precision=24, scale=12), server_default=sa.text("0"), nullable=False),
        sa.Column("spent", sa.Numeric(precision=24, scale=12), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "barred",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="the account owes: what is given back is not to be reserved here",
        ),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_budget_slices_reserved")),
        sa.CheckConstraint("room >= 0", name=op.f("ck_budget_slices_room")),
        sa.PrimaryKeyConstraint("budget_id", "subject", "window_start", "ordinal", name=op.f("pk_budget_slices")),
        postgresql_with={"fillfactor": "10"},
    )
    op.create_table(
        "budget_slots",
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject", sa.Text(), nullable=False, comment="who it counts, where the budget counts each for himself"
        ),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slot_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "spent",
            sa.Numeric(precision=24, scale=12),
            server_default=sa.text("0"),
            nullable=False,
            comment="what the slice has spent in this part of a rolling window",
        ),
        sa.PrimaryKeyConstraint(
            "budget_id", "subject", "window_start", "slot_end", "ordinal", name=op.f("pk_budget_slots")
        ),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "reservations",
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject", sa.Text(), nullable=False, comment="who it counts, where the budget counts each for himself"
        ),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False, comment="the slice that it is taken from"),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("slot_seconds", sa.Integer(), nullable=True, comment="of a rolling window"),
        sa.Column("amount", sa.Numeric(precision=24, scale=12), server_default=sa.text("0"), nullable=False),
        sa.Column("charged", sa.Numeric(precision=24, scale=12), nullable=True, comment="null while it is held"),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint(
            "turn_id", "step", "attempt", "budget_id", "subject", "window_start", name=op.f("pk_reservations")
        ),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_reservations_account", "reservations", ["budget_id", "subject", "window_start"], unique=False)
    op.create_index(
        "ix_reservations_held",
        "reservations",
        ["reserved_at"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "budget_events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="threshold or exhausted"),
        sa.Column("threshold", sa.Numeric(), nullable=False, comment="per cent; 0 where a call was refused"),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('threshold', 'exhausted')", name=op.f("ck_budget_events_kind")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_budget_events_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_events")),
        sa.UniqueConstraint(
            "budget_id",
            "subject",
            "window_start",
            "kind",
            "threshold",
            name=op.f("uq_budget_events_budget_id_subject_window_start_kind_threshold"),
        ),
    )
    op.create_index("ix_budget_events_workspace_time", "budget_events", ["workspace_id", "at"], unique=False)
    op.create_table(
        "budgets",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="who or what; empty for the workspace, * for each"),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=24, scale=12), nullable=False, comment="the limit"),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("rolling", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("thresholds", sa.ARRAY(sa.Numeric()), nullable=False, comment="per cent"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("period IN ('hour', 'day', 'week', 'month', 'total')", name=op.f("ck_budgets_period")),
        sa.CheckConstraint(
            "scope IN ('workspace', 'user', 'key', 'tag', 'model', 'run')", name=op.f("ck_budgets_scope")
        ),
        sa.CheckConstraint("unit IN ('usd', 'tokens', 'requests')", name=op.f("ck_budgets_unit")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_budgets_amount")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_budgets_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budgets")),
    )
    op.create_index(
        "uq_budgets_definition",
        "budgets",
        ["workspace_id", "scope", "value", "unit", "period", "rolling", "hard"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "budget_waits",
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Numeric(precision=24, scale=12), server_default=sa.text("0"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_budget_waits_turn_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_budget_waits_workspace_id")),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_budget_waits")),
    )
    op.create_index("ix_budget_waits_budget", "budget_waits", ["budget_id"], unique=False)
    op.add_column(
        "api_keys",
        sa.Column(
            "scopes", sa.ARRAY(sa.Text()), server_default=sa.text("'{admin}'"), nullable=False, comment="what it may do"
        ),
    )
    op.add_column(
        "api_keys",
        sa.Column(
            "allowed_models",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="empty for all",
        ),
    )
    op.add_column(
        "api_keys", sa.Column("user_tier", sa.Text(), nullable=True, comment="the policy's tier of whoever uses it")
    )
    op.add_column(
        "api_keys",
        sa.Column("replaces", sa.Uuid(), nullable=True, comment="the key that this one was made in place of"),
    )
    op.add_column("api_keys", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("turns", sa.Column("key_id", sa.Uuid(), nullable=True, comment="the API key that asked"))


def downgrade() -> None:
    """Drop them."""

    op.drop_column("turns", "key_id")
    op.drop_column("api_keys", "expires_at")
    op.drop_column("api_keys", "replaces")
    op.drop_column("api_keys", "user_tier")
    op.drop_column("api_keys", "allowed_models")
    op.drop_column("api_keys", "scopes")
    op.drop_index("ix_budget_waits_budget", table_name="budget_waits")
    op.drop_table("budget_waits")
    op.drop_index("uq_budgets_definition", table_name="budgets", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_table("budgets")
    op.drop_index("ix_budget_events_workspace_time", table_name="budget_events")
    op.drop_table("budget_events")
    op.drop_index("ix_reservations_held", table_name="reservations", postgresql_where=sa.text("settled_at IS NULL"))
    op.drop_index("ix_reservations_account", table_name="reservations")
    op.drop_table("reservations")
    op.drop_table("budget_slots")
    op.drop_table("budget_slices")
    op.drop_table("budget_accounts")
