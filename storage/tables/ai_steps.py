"""AI steps, and what they are made of."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.tables.columns import metadata, moment, of_workspace, own_id

ai_steps = Table(
    "ai_steps",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_workspace(),
    Column("state", Text, nullable=False),
    Column("request", JSONB, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("result", JSONB),
    Column("callback_state", Text, comment="pending, delivered or failed; null without one"),
    Column("callback_tries", Integer, nullable=False, server_default=text("0")),
    Column("callback_error", Text, comment="why the last try failed"),
    moment("created_at"),
    moment("finished_at", nullable=True),
    CheckConstraint("state IN ('running', 'completed', 'failed', 'cancelled')", name="state"),
    Index("ix_ai_steps_unfinished", "created_at", postgresql_where=text("state = 'running'")),
    Index("ix_ai_steps_workspace_recent", "workspace_id", text("created_at DESC"), text("id DESC")),
)

ai_step_turns = Table(
    "ai_step_turns",
    metadata,
    Column("turn_id", Uuid, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("step_id", Uuid, ForeignKey("ai_steps.id", ondelete="CASCADE"), nullable=False),
    Column("sample", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("native", Boolean, nullable=False, comment="the vendor was asked to hold the model to the schema"),
    Column("verdict", JSONB, comment="the data, or what was wrong"),
    UniqueConstraint("step_id", "sample", "attempt"),
)


def _documents(name: str, comment: str) -> Table:
    return Table(
        name,
        metadata,
        own_id(),
        of_workspace(),
        Column("name", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("document", JSONB, nullable=False, comment=comment),
        Column("digest", LargeBinary, nullable=False),
        moment("created_at"),
        UniqueConstraint("workspace_id", "name", "version"),
    )


templates = _documents("templates", "the template without name and version")
answer_schemas = _documents("answer_schemas", "a JSON Schema")
