"""Documents, and the passages that are found in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables. Nothing here needs pgvector: vectors are kept as arrays, which it can read once it is there."""
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of what was sent"),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("metadata", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("author", sa.Text(), nullable=False, comment="a key's prefix"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_documents_workspace_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("workspace_id", "collection", "name", name="uq_documents_workspace_id_collection_name"),
    )
    op.create_table(
        "passages",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="from 0"),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False, comment="the character that it begins with"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", TSVECTOR(), nullable=False),
        sa.Column("embedding", sa.ARRAY(sa.REAL()), nullable=False, comment="a unit vector of 512 numbers"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_passages_document_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document_id", "position", name="pk_passages"),
    )
    op.create_index("ix_passages_words", "passages", ["words"], postgresql_using="gin")
    # Read far more often than written, all of a workspace at once: fetching each from elsewhere would take ten times as long.
    op.execute("ALTER TABLE passages ALTER COLUMN embedding SET STORAGE PLAIN")


def downgrade() -> None:
    """Drop them. The extension stays: others may use it."""
    op.drop_table("passages")
    op.drop_table("documents")
