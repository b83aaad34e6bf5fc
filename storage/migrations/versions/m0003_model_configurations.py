"""Versions of workspaces' policies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, whose rows nobody changes."""
    op.create_table(
        "model_configurations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counts the workspace's versions from 1"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the text"),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what the text says; the newest is in force",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="the text as it was sent"),
        sa.Column("author", sa.Text(), nullable=False, comment="a key's prefix"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_model_configurations_number")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_model_configurations_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_configurations")),
        sa.UniqueConstraint("workspace_id", "number", name=op.f("uq_model_configurations_workspace_id_number")),
    )
    # A version that a running turn was planned with has to say the same for ever.
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a row of % is never changed; add a version', TG_TABLE_NAME;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER model_configurations_stay BEFORE UPDATE ON model_configurations
        FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("model_configurations")
    op.execute("DROP FUNCTION refuse_change()")
