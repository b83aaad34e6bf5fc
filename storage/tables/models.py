"""What is known of providers and their models, and what people think of them."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
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

from storage.tables.columns import EMPTY_LIST, EMPTY_OBJECT, metadata, moment, of_workspace, own_id

# Providers belong to the deployment and not to a workspace, and so does what they list.
discoveries = Table(
    "discoveries",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("revision", Integer, nullable=False, server_default=text("0"), comment="counts its changes"),
    moment("requested_at", nullable=True),
    Column("claimed_until", DateTime(timezone=True), comment="a worker is asking it"),
    Column("checked_at", DateTime(timezone=True), comment="when it was last asked"),
    Column("found_at", DateTime(timezone=True), comment="when it last answered"),
    Column("error_kind", Text),
    Column("error_message", Text),
)

discovered_models = Table(
    "discovered_models",
    metadata,
    Column("provider", Text, ForeignKey("discoveries.provider", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, comment="its place in the provider's list"),
    Column("model", JSONB, nullable=False),
)

model_configurations = Table(
    "model_configurations",
    metadata,
    own_id(),
    of_workspace(),
    Column("number", Integer, nullable=False, comment="counts the workspace's versions from 1"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the text"),
    Column("document", JSONB, nullable=False, comment="what the text says; the newest is in force"),
    Column("source", Text, nullable=False, comment="the text as it was sent"),
    Column("author", Text, nullable=False, comment="a key's prefix"),
    moment("created_at"),
    CheckConstraint("number > 0", name="number"),
    UniqueConstraint("workspace_id", "number"),
)

# Health belongs to the deployment and not to a workspace: all of them call the same providers.
model_performance = Table(
    "model_performance",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("process", Text, primary_key=True, comment="who measured: a row has one writer"),
    Column("at", DateTime(timezone=True), nullable=False, comment="the moment that the decayed sums are true for"),
    Column("calls", Float, nullable=False),
    Column("answered", Float, nullable=False),
    Column("first_token", ARRAY(Float), nullable=False, comment="a histogram of seconds"),
    Column("seconds", Float, nullable=False),
    Column("tokens", Float, nullable=False),
    Column("speaking", Float, nullable=False),
    Column("errors", JSONB, nullable=False, server_default=EMPTY_OBJECT),
    Column("in_flight", Integer, nullable=False),
    moment("updated_at"),
    # No index on updated_at: without one every update stays in its page, and the table is small.
    postgresql_with={"fillfactor": "50"},
)

circuit_breakers = Table(
    "circuit_breakers",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True, comment="empty for the provider as a whole"),
    Column("credential", Text, primary_key=True, comment="empty but for a credential's own"),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("slices", JSONB, nullable=False, server_default=EMPTY_LIST, comment="[second, ok, failed]"),
    Column("reason", Text),
    moment("opened_at", nullable=True),
    moment("open_until", nullable=True),
    moment("closed_at", nullable=True),
    Column("probe_holder", Text),
    moment("probe_until", nullable=True),
    moment("limited_until", nullable=True),
    moment("updated_at"),
    CheckConstraint("state IN ('closed', 'open', 'half_open')", name="state"),
    postgresql_with={"fillfactor": "50"},
)

provider_checks = Table(
    "provider_checks",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("credential", Text, primary_key=True, comment="empty where the provider has one"),
    Column("ok", Boolean),
    Column("kind", Text),
    Column("message", Text),
    Column("latency", Float, comment="seconds"),
    moment("checked_at", nullable=True),
    moment("due_at"),
    Column("holder", Text, comment="the process that checks now"),
    moment("held_until", nullable=True),
)

rate_limits = Table(
    "rate_limits",
    metadata,
    Column("key", Text, primary_key=True, comment="a credential, by a name that is not secret"),
    Column("requests", Float, nullable=False),
    Column("tokens", Float, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    postgresql_with={"fillfactor": "10"},
)

turn_feedback = Table(
    "turn_feedback",
    metadata,
    own_id(),
    of_workspace(),
    Column("turn_id", Uuid, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Text, nullable=False, comment="the caller's own name for a user; empty for nobody in particular"),
    Column("task", Text),
    Column("model", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("comment", Text),
    moment("created_at"),
    CheckConstraint("score BETWEEN -1 AND 1", name="score"),
    UniqueConstraint("turn_id", "user_id"),
    Index("ix_turn_feedback_workspace_time", "workspace_id", "created_at"),
)

user_model_preferences = Table(
    "user_model_preferences",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id"), primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("task", Text, primary_key=True, comment="empty for every task"),
    Column("model", Text, primary_key=True),
    Column("score", Float, nullable=False),
    moment("updated_at"),
    CheckConstraint("score BETWEEN -1 AND 1", name="score"),
)
