"""Batches of turns and runs, and what of them vendors answer in batches of theirs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of what was sent"),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("author", sa.Text(), nullable=False, comment="a key's prefix"),
        sa.Column("metadata", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        _at("cancel_requested_at", nullable=True),
        _at("created_at"),
        _at("started_at", nullable=True),
        _at("finished_at", nullable=True),
        sa.CheckConstraint("state IN ('accepted', 'running', 'completed', 'cancelled')", name="ck_batches_state"),
        sa.CheckConstraint("mode IN ('auto', 'live')", name="ck_batches_mode"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_batches_workspace_id"),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_index(
        "ix_batches_workspace_recent", "batches", ["workspace_id", sa.text("created_at DESC"), sa.text("id DESC")]
    )
    op.create_index(
        "ix_batches_unfinished",
        "batches",
        ["created_at"],
        postgresql_where=sa.text("state IN ('accepted', 'running')"),
    )
    op.create_table(
        "batch_parts",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="from 1"),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False, comment="which requests may go together, in the wire's own words"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes of the requests, about"),
        sa.Column("vendor_id", sa.Text(), comment="the vendor's name of its batch"),
        sa.Column("message", sa.Text(), comment="why it was given up"),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _at("submitting_at", nullable=True),
        _at("submitted_at", nullable=True),
        _at("collected_at", nullable=True),
        sa.CheckConstraint("state IN ('planned', 'submitted', 'collected', 'live')", name="ck_batch_parts_state"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_batch_parts_batch_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id", "number", name="pk_batch_parts"),
    )
    op.create_table(
        "batch_items",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="its line, from 0"),
        sa.Column("custom_id", sa.Text(), nullable=False),
        sa.Column("turn_id", sa.Uuid()),
        sa.Column("run_id", sa.Uuid()),
        sa.Column("way", sa.Text(), server_default=sa.text("'unplanned'"), nullable=False),
        sa.Column("part", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="0: of no vendor's batch"),
        sa.Column("attempt", sa.Integer(), comment="the attempt that the vendor's batch is"),
        sa.Column("bound", sa.Integer(), comment="tokens that were reserved for the answer"),
        sa.CheckConstraint("way IN ('unplanned', 'vendor', 'live', 'done')", name="ck_batch_items_way"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_batch_items_batch_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_batch_items_turn_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_batch_items_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id", "position", name="pk_batch_items"),
        sa.UniqueConstraint("batch_id", "custom_id", name="uq_batch_items_batch_id_custom_id"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_batch_items_turn_id", "batch_items", ["turn_id"])
    op.create_index("ix_batch_items_run_id", "batch_items", ["run_id"])
    op.create_index("ix_batch_items_part", "batch_items", ["batch_id", "part", "way", "position"])


def downgrade() -> None:
    """Drop them; the turns and runs stay."""
    op.drop_table("batch_items")
    op.drop_table("batch_parts")
    op.drop_table("batches")
