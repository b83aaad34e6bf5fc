"""What was measured of models, breakers, checks, limits, feedback and preferences."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""

    op.create_table(
        "model_performance",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False, comment="who measured: a row has one writer"),
        sa.Column(
            "at", sa.DateTime(timezone=True), nullable=False, comment="the moment that the decayed sums are true for"
        ),
        sa.Column("calls", sa.Float(), nullable=False),
        sa.Column("answered", sa.Float(), nullable=False),
        sa.Column("first_token", sa.ARRAY(sa.Float()), nullable=False, comment="a histogram of seconds"),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("speaking", sa.Float(), nullable=False),
        sa.Column(
            "errors", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("in_flight", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "model", "process", name=op.f("pk_model_performance")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "circuit_breakers",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False, comment="empty for the provider as a whole"),
        sa.Column("credential", sa.Text(), nullable=False, comment="empty but for a credential's own"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column(
            "slices",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="[second, ok, failed]",
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_holder", sa.Text(), nullable=True),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("limited_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('closed', 'open', 'half_open')", name=op.f("ck_circuit_breakers_state")),
        sa.PrimaryKeyConstraint("provider", "model", "credential", name=op.f("pk_circuit_breakers")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "provider_checks",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False, comment="empty where the provider has one"),
        sa.Column("ok", sa.Boolean(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("latency", sa.Float(), nullable=True, comment="seconds"),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True, comment="the process that checks now"),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("provider", "credential", name=op.f("pk_provider_checks")),
    )
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.Text(), nullable=False, comment="a credential, by a name that is not secret"),
        sa.Column("requests", sa.Float(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_limits")),
        postgresql_with={"fillfactor": "10"},
    )
    op.create_table(
        "turn_feedback",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column(
            "user_id",
            sa.Text(),
            nullable=False,
            comment="the caller's own name for a user; empty for nobody in particular",
        ),
        sa.Column("task", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score BETWEEN -1 AND 1", name=op.f("ck_turn_feedback_score")),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_turn_feedback_turn_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_turn_feedback_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turn_feedback")),
        sa.UniqueConstraint("turn_id", "user_id", name=op.f("uq_turn_feedback_turn_id_user_id")),
    )
    op.create_index("ix_turn_feedback_workspace_time", "turn_feedback", ["workspace_id", "created_at"], unique=False)
    op.create_table(
        "user_model_preferences",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False, comment="empty for every task"),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score BETWEEN -1 AND 1", name=op.f("ck_user_model_preferences_score")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_user_model_preferences_workspace_id")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", "task", "model", name=op.f("pk_user_model_preferences")),
    )


def downgrade() -> None:
    """Drop them."""

    op.drop_table("user_model_preferences")
    op.drop_index("ix_turn_feedback_workspace_time", table_name="turn_feedback")
    op.drop_table("turn_feedback")
    op.drop_table("rate_limits")
    op.drop_table("provider_checks")
    op.drop_table("circuit_breakers")
    op.drop_table("model_performance")
