"""Workspaces, their keys, what was done in them, and whom they tell."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    DateTime,
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

from storage.tables.columns import EMPTY_OBJECT, metadata, moment, of_workspace, own_id

workspaces = Table(
    "workspaces", metadata, own_id(), Column("name", Text, nullable=False, unique=True), moment("created_at")
)

api_keys = Table(
    "api_keys",
    metadata,
    own_id(),
    of_workspace(),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False, comment="the key's first characters, fit to be shown"),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the key"),
    Column("scopes", ARRAY(Text), nullable=False, server_default=text("'{admin}'"), comment="what it may do"),
    Column("allowed_models", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="empty for all"),
    Column("user_tier", Text, comment="the policy's tier of whoever uses it"),
    Column("replaces", Uuid, comment="the key that this one was made in place of"),
    moment("created_at"),
    moment("expires_at", nullable=True),
    moment("revoked_at", nullable=True),
)

audit_log = Table(
    "audit_log",
    metadata,
    own_id(),
    of_workspace(),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False, comment="a key's prefix, or the part of Perdure that acted"),
    Column("action", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("detail", JSONB, nullable=False, server_default=EMPTY_OBJECT),
    Index("ix_audit_log_workspace_time", "workspace_id", "at"),
    Index("ix_audit_log_subject", "subject_id"),
)

webhooks = Table(
    "webhooks",
    metadata,
    own_id(),
    of_workspace(),
    Column("url", Text, nullable=False),
    Column(
        "events", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="types of events; empty for all"
    ),
    moment("created_at"),
    moment("ended_at", nullable=True),
    Column("ended_because", Text),
    UniqueConstraint("workspace_id", "url"),
)

outbox = Table(
    "outbox",
    metadata,
    own_id(),
    of_workspace(),
    Column("webhook_id", Uuid, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Uuid, nullable=False, comment="the same whenever it is told"),
    Column("type", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("error", Text),
    moment("created_at"),
    Column("next_at", DateTime(timezone=True), comment="when it is due"),
    moment("delivered_at", nullable=True),
    CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
    UniqueConstraint("webhook_id", "event_id"),
    Index("ix_outbox_due", "next_at", postgresql_where=text("state = 'pending'")),
    Index("ix_outbox_webhook_time", "webhook_id", "created_at"),
)
