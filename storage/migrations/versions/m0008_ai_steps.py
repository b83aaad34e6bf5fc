"""AI steps, the turns that answer in them, and the named templates and schemas that they use."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "ai_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", _JSONB, nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("result", _JSONB, nullable=True),
        sa.Column("callback_state", sa.Text(), nullable=True, comment="pending, delivered or failed; null without one"),
        sa.Column("callback_tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("callback_error", sa.Text(), nullable=True, comment="why the last try failed"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('running', 'completed', 'failed', 'cancelled')", name=op.f("ck_ai_steps_state")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_ai_steps_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_steps")),
    )
    op.create_index("ix_ai_steps_unfinished", "ai_steps", ["created_at"], postgresql_where=sa.text("state = 'running'"))
    op.create_index(
        "ix_ai_steps_workspace_recent", "ai_steps", ["workspace_id", sa.text("created_at DESC"), sa.text("id DESC")]
    )
    op.create_table(
        "ai_step_turns",
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column(
            "native", sa.Boolean(), nullable=False, comment="the vendor was asked to hold the model to the schema"
        ),
        sa.Column("verdict", _JSONB, nullable=True, comment="the data, or what was wrong"),
        sa.ForeignKeyConstraint(
            ["step_id"], ["ai_steps.id"], name=op.f("fk_ai_step_turns_step_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_ai_step_turns_turn_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_ai_step_turns")),
        sa.UniqueConstraint("step_id", "sample", "attempt", name=op.f("uq_ai_step_turns_step_id_sample_attempt")),
    )
    for name, comment in (("templates", "the template without name and version"), ("answer_schemas", "a JSON Schema")):
        op.create_table(
            name,
            sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
            sa.Column("workspace_id", sa.Uuid(), nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
            sa.Column("document", _JSONB, nullable=False, comment=comment),
            sa.Column("digest", sa.LargeBinary(), nullable=False),
            sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
            sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f(f"fk_{name}_workspace_id")),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
            sa.UniqueConstraint("workspace_id", "name", "version", name=op.f(f"uq_{name}_workspace_id_name_version")),
        )


def downgrade() -> None:
    """Drop them."""
    for name in ("answer_schemas", "templates", "ai_step_turns", "ai_steps"):
        op.drop_table(name)
