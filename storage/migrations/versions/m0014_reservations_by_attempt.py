"""Reservations are found by their attempt alone.

Where one budget counts everything, an index by account named all of its reservations at once, and PostgreSQL, as long as its
statistics were young, looked for one of them among all: each settlement took longer than the one before it.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_reservations_account", table_name="reservations")


def downgrade() -> None:
    """Make it again."""
    op.create_index("ix_reservations_account", "reservations", ["budget_id", "subject", "window_start"])
