"""Sums of whole months, so that a year of many users is a dozen sums of each."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, with the columns of usage_days. The workers fill it, from the first day that is summed on."""
    op.execute("CREATE TABLE usage_months (LIKE usage_days INCLUDING COMMENTS)")
    op.alter_column("usage_months", "day", new_column_name="month", comment="its first day")
    op.create_primary_key(
        "pk_usage_months",
        "usage_months",
        ["workspace_id", "dimension", "month", "value", "provider", "model", "task"],
    )
    op.create_foreign_key("fk_usage_months_workspace_id", "usage_months", "workspaces", ["workspace_id"], ["id"])
    op.add_column(
        "usage_summed",
        sa.Column("months_until", sa.Date(), nullable=True, comment="earlier days are in usage_months too"),
    )


def downgrade() -> None:
    """Drop it; the days have all that it sums."""
    op.drop_column("usage_summed", "months_until")
    op.drop_table("usage_months")
