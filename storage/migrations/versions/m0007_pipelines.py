"""Pipelines, their runs, and what is found out in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables. Versions and artifacts are never changed."""
    op.create_table(
        "pipelines",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="counts the versions of the name from 1; the newest is run"
        ),
        sa.Column("version", sa.Text(), nullable=False, comment="SHA-256 of the definition, in hex"),
        sa.Column("plan", sa.Text(), nullable=False, comment="JSON, whose fields keep their order"),
        sa.Column("source", sa.Text(), nullable=False, comment="the text as it was sent"),
        sa.Column("author", sa.Text(), nullable=False, comment="a key's prefix"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_pipelines_number")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_pipelines_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipelines")),
        sa.UniqueConstraint("workspace_id", "name", "number", name=op.f("uq_pipelines_workspace_id_name_number")),
    )
    op.create_index("ix_pipelines_version", "pipelines", ["workspace_id", "name", "version"], unique=False)
    op.create_table(
        "artifacts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the content"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="JSON, whose fields keep their order"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_artifacts_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "hash", name=op.f("pk_artifacts")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="the pipeline's"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "generation", sa.Integer(), server_default=sa.text("1"), nullable=False, comment="counts its retries"
        ),
        sa.Column("input", sa.LargeBinary(), nullable=False, comment="an artifact"),
        sa.Column("output", sa.LargeBinary(), nullable=True, comment="an artifact"),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_step", sa.Text(), nullable=True),
        sa.Column(
            "budget",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="where it is another than the pipeline's",
        ),
        sa.Column(
            "metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("parent_run_id", sa.Uuid(), nullable=True),
        sa.Column("parent_step", sa.Text(), nullable=True),
        sa.Column("forked_from", sa.Uuid(), nullable=True),
        sa.Column("forked_step", sa.Text(), nullable=True, comment="the first that is not the other run's"),
        sa.Column(
            "plan", sa.Text(), nullable=True, comment="where it is another than the pipeline's: a fork with edits"
        ),
        sa.Column("author", sa.Text(), nullable=False, comment="a key's prefix, or the run that started it"),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('accepted', 'running', 'completed', 'failed', 'cancelled')", name=op.f("ck_runs_state")
        ),
        sa.ForeignKeyConstraint(["parent_run_id"], ["runs.id"], name=op.f("fk_runs_parent_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["forked_from"], ["runs.id"], name=op.f("fk_runs_forked_from"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipelines.id"], name=op.f("fk_runs_pipeline_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_runs_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_runs_parent_run_id", "runs", ["parent_run_id"], unique=False)
    op.create_index("ix_runs_pipeline_id", "runs", ["pipeline_id"], unique=False)
    op.create_index(
        "ix_runs_unfinished",
        "runs",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('accepted', 'running')"),
    )
    op.create_index(
        "ix_runs_workspace_recent",
        "runs",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "steps",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("place", sa.ARRAY(sa.Integer()), nullable=False, comment="items and rounds of what is around it"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "failures",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="attempts that failed since the run began",
        ),
        sa.Column(
            "serial", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="counts what was said of it"
        ),
        sa.Column("fatal", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("output", sa.LargeBinary(), nullable=True, comment="an artifact"),
        sa.Column(
            "fingerprint", sa.LargeBinary(), nullable=True, comment="of what was asked, where results are used again"
        ),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column(
            "progress",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="how far it has come",
        ),
        sa.Column("awaits", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="what it waits for"),
        sa.Column("decision", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="what came of that"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'completed', 'failed', 'skipped', 'cancelled')",
            name=op.f("ck_steps_state"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_steps_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "step_id", "place", name=op.f("pk_steps")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_steps_fingerprint",
        "steps",
        ["fingerprint", sa.literal_column("finished_at DESC")],
        unique=False,
        postgresql_where=sa.text("fingerprint IS NOT NULL"),
    )
    op.create_index(
        "ix_steps_waiting", "steps", ["run_id"], unique=False, postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_table(
        "run_items",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False, comment="a map or a loop"),
        sa.Column("place", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="an item from 0, a round from 1"),
        sa.Column("item", sa.LargeBinary(), nullable=False, comment="JSON: the item, or what the round carries"),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True, comment="JSON"),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'completed', 'failed')", name=op.f("ck_run_items_state")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_items_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "step_id", "place", "position", name=op.f("pk_run_items")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "run_turns",
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("place", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False, comment="which of a step's agents or samples is asked"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_turns_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_run_turns_turn_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_run_turns")),
    )
    op.create_index("ix_run_turns_step", "run_turns", ["run_id", "step_id", "place"], unique=False)
    op.create_table(
        "run_events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False, comment="JSON"),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_events_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_events")),
        sa.UniqueConstraint("run_id", "idempotency_key", name=op.f("uq_run_events_run_id_idempotency_key")),
    )
    op.create_index(
        "ix_run_events_untaken",
        "run_events",
        ["run_id", "name"],
        unique=False,
        postgresql_where=sa.text("taken_at IS NULL"),
    )
    op.create_table(
        "run_log",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_log_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "seq", name=op.f("pk_run_log")),
    )
    for table in ("pipelines", "artifacts"):
        op.execute(f"""
            CREATE TRIGGER {table}_stay BEFORE UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()
        """)


def downgrade() -> None:
    """Drop them."""
    for table in ("run_log", "run_events", "run_turns", "run_items", "steps", "runs", "artifacts", "pipelines"):
        op.drop_table(table)
