"""The table of the stream log, as DDL that a migration executes."""

CREATE_STREAM_LOG = """
CREATE UNLOGGED TABLE stream_log (
    turn_id uuid NOT NULL,
    attempt integer NOT NULL,
    seq_first integer NOT NULL,
    seq_last integer NOT NULL,
    records bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (turn_id, attempt, seq_first),
    CHECK (seq_first > 0 AND seq_last >= seq_first)
)
"""
"""Unlogged: the message is the truth and the stream a view of it, which a crash of PostgreSQL may empty.

A row is a batch of records of one attempt. `records` is bytes, because neither jsonb nor text takes a NUL.
"""

CREATE_STREAM_LOG_AGE = "CREATE INDEX ix_stream_log_created_at ON stream_log USING brin (created_at)"
"""For the purge by age; a BRIN index costs the hot path next to nothing."""

DROP_STREAM_LOG = "DROP TABLE stream_log"

STATEMENTS = (CREATE_STREAM_LOG, CREATE_STREAM_LOG_AGE)
"""What an upgrade executes, in order."""
