"""Sums of the ledger by day, so that a year can be asked for at once."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COUNTS = (
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
_AMOUNTS = ("cost", "cost_lost", "cache_saved")


def upgrade() -> None:
    """Add the tables. They are filled by the workers, from the ledger's first row on."""
    op.create_table(
        "usage_days",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False, comment="user, key or tag; empty for all calls"),
        sa.Column("day", sa.Date(), nullable=False, comment="in UTC, by the call's beginning"),
        sa.Column("value", sa.Text(), nullable=False, comment="who, or name=value of a tag; empty where none is told"),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False, comment="what the request was taken for; empty where unknown"),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        *(sa.Column(name, sa.Numeric(), nullable=False) for name in _AMOUNTS),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_usage_days_workspace_id"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "dimension", "day", "value", "provider", "model", "task", name="pk_usage_days"
        ),
    )
    op.create_table(
        "usage_summed",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False, comment="earlier calls are in usage_days"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_usage_summed_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_usage_summed"),
    )


def downgrade() -> None:
    """Drop them; the ledger has all that they sum."""
    op.drop_table("usage_summed")
    op.drop_table("usage_days")
