"""What providers list themselves: when each was asked and is to be asked again, and the models that it named."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "discoveries",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="counts its changes"),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True, comment="a worker is asking it"),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True, comment="when it was last asked"),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=True, comment="when it last answered"),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_discoveries")),
    )
    op.create_table(
        "discovered_models",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="its place in the provider's list"),
        sa.Column("model", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider"],
            ["discoveries.provider"],
            name=op.f("fk_discovered_models_provider"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("provider", "position", name=op.f("pk_discovered_models")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("discovered_models")
    op.drop_table("discoveries")
