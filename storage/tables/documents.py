"""What is looked up: texts of a workspace, and the passages that are found in them."""

from sqlalchemy import ARRAY, REAL, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from storage.tables.columns import EMPTY_OBJECT, metadata, moment, of_workspace

documents = Table(
    "documents",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_workspace(),
    Column("collection", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text),
    Column("media_type", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of what was sent"),
    Column("passages", Integer, nullable=False),
    Column("metadata", JSONB, nullable=False, server_default=EMPTY_OBJECT),
    Column("author", Text, nullable=False, comment="a key's prefix"),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("workspace_id", "collection", "name"),
)

passages = Table(
    "passages",
    metadata,
    Column("document_id", Uuid, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False, comment="from 0"),
    Column("heading", Text, nullable=False),
    Column("start", Integer, nullable=False, comment="the character that it begins with"),
    Column("text", Text, nullable=False),
    Column("words", TSVECTOR, nullable=False),
    Column("embedding", ARRAY(REAL), nullable=False, comment="a unit vector of 512 numbers"),
    Index("ix_passages_words", "words", postgresql_using="gin"),
)
