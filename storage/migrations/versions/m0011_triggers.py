"""What starts runs by itself, whose key a run spends as, who is told of its end, and budgets that a run makes for itself."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OF_RUNS = (
    "chain",
    "callback_error",
    "callback_tries",
    "callback_state",
    "callback_url",
    "queued_at",
    "within",
    "end_user",
    "key_id",
    "trigger_id",
)


def upgrade() -> None:
    """Add them. Runs that exist already spend as nobody's key, as before."""
    op.create_table(
        "triggers",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False, comment="the name of what is run"),
        sa.Column("source", sa.Text(), nullable=True, comment="the pipeline whose end it waits for"),
        sa.Column("asked", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="when, and what is run"),
        sa.Column("secret", sa.LargeBinary(), nullable=True, comment="with which a webhook's deliveries are signed"),
        sa.Column("key_id", sa.Uuid(), nullable=True, comment="the API key that its runs spend as"),
        sa.Column("author", sa.Text(), nullable=False, comment="a key's prefix"),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_run_id", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True, comment="why it started nothing the last time"),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('schedule', 'webhook', 'pipeline')", name=op.f("ck_triggers_kind")),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_triggers_key_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_triggers_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triggers")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_triggers_workspace_id_name")),
    )
    op.create_index(
        "ix_triggers_source",
        "triggers",
        ["workspace_id", "source"],
        unique=False,
        postgresql_where=sa.text("source IS NOT NULL"),
    )
    op.add_column("runs", sa.Column("trigger_id", sa.Uuid(), nullable=True))
    op.add_column("runs", sa.Column("key_id", sa.Uuid(), nullable=True, comment="the API key that it spends as"))
    op.add_column("runs", sa.Column("end_user", sa.Text(), nullable=True, comment="for whom it is run"))
    op.add_column(
        "runs",
        sa.Column(
            "within",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
            comment="the runs and steps around it, whose budgets count it too",
        ),
    )
    op.add_column(
        "runs", sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True, comment="it waits for its turn")
    )
    op.add_column("runs", sa.Column("callback_url", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("callback_state", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("callback_tries", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("runs", sa.Column("callback_error", sa.Text(), nullable=True))
    op.add_column(
        "runs",
        sa.Column(
            "chain",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="runs before it, each of which started the next by its end",
        ),
    )
    op.create_foreign_key(op.f("fk_runs_trigger_id"), "runs", "triggers", ["trigger_id"], ["id"], ondelete="SET NULL")
    op.create_foreign_key(op.f("fk_runs_key_id"), "runs", "api_keys", ["key_id"], ["id"])
    op.create_index(
        "ix_runs_at_work",
        "runs",
        ["workspace_id", "name"],
        unique=False,
        postgresql_where=sa.text("state IN ('accepted', 'running')"),
    )
    op.create_index(
        "ix_runs_trigger_id", "runs", ["trigger_id"], unique=False, postgresql_where=sa.text("trigger_id IS NOT NULL")
    )
    op.add_column("budgets", sa.Column("run_id", sa.Uuid(), nullable=True, comment="the run that made it for itself"))
    op.add_column(
        "budgets",
        sa.Column(
            "before",
            sa.Numeric(precision=24, scale=12),
            server_default=sa.text("0"),
            nullable=False,
            comment="of a run's budget: what had been spent before it was set",
        ),
    )
    op.create_foreign_key(op.f("fk_budgets_run_id"), "budgets", "runs", ["run_id"], ["id"], ondelete="SET NULL")
    op.create_index(
        "ix_budgets_run_id", "budgets", ["run_id"], unique=False, postgresql_where=sa.text("run_id IS NOT NULL")
    )


def downgrade() -> None:
    """Drop them. Budgets that runs made for themselves end with them."""
    op.execute("UPDATE budgets SET deleted_at = now() WHERE run_id IS NOT NULL AND deleted_at IS NULL")
    op.drop_index("ix_budgets_run_id", table_name="budgets")
    op.drop_constraint(op.f("fk_budgets_run_id"), "budgets", type_="foreignkey")
    op.drop_column("budgets", "before")
    op.drop_column("budgets", "run_id")
    op.drop_index("ix_runs_trigger_id", table_name="runs")
    op.drop_index("ix_runs_at_work", table_name="runs")
    for column in _OF_RUNS:
        op.drop_column("runs", column)
    op.drop_table("triggers")
