"""Batches of turns and runs, and what of them vendors answer in batches of theirs."""

from sqlalchemy import (
    BigInteger,
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

from storage.tables.columns import EMPTY_OBJECT, metadata, moment, of_workspace

batches = Table(
    "batches",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_workspace(),
    Column("name", Text),
    Column("state", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("request_digest", LargeBinary, nullable=False, comment="SHA-256 of what was sent"),
    Column("idempotency_key", Text),
    Column("author", Text, nullable=False, comment="a key's prefix"),
    Column("metadata", JSONB, nullable=False, server_default=EMPTY_OBJECT),
    moment("cancel_requested_at", nullable=True),
    moment("created_at"),
    moment("started_at", nullable=True),
    moment("finished_at", nullable=True),
    CheckConstraint("state IN ('accepted', 'running', 'completed', 'cancelled')", name="state"),
    CheckConstraint("mode IN ('auto', 'live')", name="mode"),
    Index("ix_batches_workspace_recent", "workspace_id", text("created_at DESC"), text("id DESC")),
    Index("ix_batches_unfinished", "created_at", postgresql_where=text("state IN ('accepted', 'running')")),
)

batch_parts = Table(
    "batch_parts",
    metadata,
    Column("batch_id", Uuid, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="from 1"),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("sort", Text, nullable=False, comment="which requests may go together, in the wire's own words"),
    Column("state", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("size", BigInteger, nullable=False, comment="bytes of the requests, about"),
    Column("vendor_id", Text, comment="the vendor's name of its batch"),
    Column("message", Text, comment="why it was given up"),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    moment("submitting_at", nullable=True),
    moment("submitted_at", nullable=True),
    moment("collected_at", nullable=True),
    CheckConstraint("state IN ('planned', 'submitted', 'collected', 'live')", name="state"),
)

batch_items = Table(
    "batch_items",
    metadata,
    Column("batch_id", Uuid, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False, comment="its line, from 0"),
    Column("custom_id", Text, nullable=False),
    Column("turn_id", Uuid, ForeignKey("turns.id", ondelete="CASCADE")),
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE")),
    Column("way", Text, nullable=False, server_default=text("'unplanned'")),
    Column("part", Integer, nullable=False, server_default=text("0"), comment="0: of no vendor's batch"),
    Column("attempt", Integer, comment="the attempt that the vendor's batch is"),
    Column("bound", Integer, comment="tokens that were reserved for the answer"),
    CheckConstraint("way IN ('unplanned', 'vendor', 'live', 'done')", name="way"),
    UniqueConstraint("batch_id", "custom_id"),
    Index("ix_batch_items_turn_id", "turn_id"),
    Index("ix_batch_items_run_id", "run_id"),
    Index("ix_batch_items_part", "batch_id", "part", "way", "position"),
    postgresql_with={"fillfactor": "80"},
)
