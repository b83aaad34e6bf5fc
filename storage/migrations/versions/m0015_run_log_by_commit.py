"""What happened in a run is read in an order in which nothing turns up late.

Numbers are given before their transactions commit, so that one may be seen after a higher one. The transaction's own number
says until where all of them have ended.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each row has its transaction, those there are come first."""
    column = sa.Column(
        "tx", sa.BigInteger(), nullable=False, server_default=sa.text("0"), comment="the transaction that wrote it"
    )
    op.add_column("run_log", column)
    op.alter_column("run_log", "tx", server_default=sa.text("(pg_current_xact_id()::text)::bigint"))
    op.drop_constraint("pk_run_log", "run_log", type_="primary")
    op.create_primary_key("pk_run_log", "run_log", ["run_id", "tx", "seq"])


def downgrade() -> None:
    """By number alone."""
    op.drop_constraint("pk_run_log", "run_log", type_="primary")
    op.create_primary_key("pk_run_log", "run_log", ["run_id", "seq"])
    op.drop_column("run_log", "tx")
