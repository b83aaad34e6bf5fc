"""What a call cost, in parts: exact amounts, the provider's own charge beside ours, and counts that have no column."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_JSONB = postgresql.JSONB(astext_type=sa.Text())
_OBJECT = sa.text("'{}'::jsonb")
_LIST = sa.text("'[]'::jsonb")


def upgrade() -> None:
    """Add the columns, each with a default so that no row is rewritten and older workers go on writing."""
    for column in (
        sa.Column("usage_details", _JSONB, server_default=_OBJECT, nullable=False, comment="what no column counts"),
        sa.Column("stated_cost", sa.Numeric(), nullable=True, comment="USD, by the provider's own word"),
        sa.Column(
            "computed_cost",
            sa.Numeric(),
            nullable=True,
            comment="USD by our prices, where the provider's word was charged",
        ),
        sa.Column("cost_parts", _JSONB, server_default=_OBJECT, nullable=False, comment="USD by share of the usage"),
        sa.Column("unpriced", _JSONB, server_default=_LIST, nullable=False, comment="shares without a price"),
    ):
        op.add_column("model_usage", column)
    # Without a limit of digits no amount is rounded; PostgreSQL changes the type without touching the rows.
    op.alter_column(
        "model_usage",
        "cost",
        type_=sa.Numeric(),
        existing_type=sa.Numeric(24, 12),
        existing_nullable=False,
        existing_server_default=sa.text("0"),
        comment="USD, exact",
    )


def downgrade() -> None:
    """Drop them; amounts are rounded to twelve places again."""
    op.alter_column(
        "model_usage",
        "cost",
        type_=sa.Numeric(24, 12),
        existing_type=sa.Numeric(),
        existing_nullable=False,
        existing_server_default=sa.text("0"),
        comment=None,
        existing_comment="USD, exact",
    )
    for name in ("unpriced", "cost_parts", "computed_cost", "stated_cost", "usage_details"):
        op.drop_column("model_usage", name)
