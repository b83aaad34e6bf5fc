"""The first tables: workspaces, keys, conversations, turns, messages, the ledger, the audit trail, the stream log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""

    op.create_table(
        "workspaces",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("name", name=op.f("uq_workspaces_name")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False, comment="the key's first characters, fit to be shown"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_api_keys_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="a key's prefix, or the part of Perdure that acted"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_audit_log_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_subject", "audit_log", ["subject_id"], unique=False)
    op.create_index("ix_audit_log_workspace_time", "audit_log", ["workspace_id", "at"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column(
            "models",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="default models of its turns",
        ),
        sa.Column(
            "metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "model_history",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "context_metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "cost_tracking",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("next_turn", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_conversations_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_index(
        "ix_conversations_context_metadata", "conversations", ["context_metadata"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_conversations_cost_tracking", "conversations", ["cost_tracking"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_conversations_model_history", "conversations", ["model_history"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_conversations_workspace_recent",
        "conversations",
        ["workspace_id", sa.literal_column("updated_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "model_usage",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("candidate", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("served_model", sa.Text(), nullable=True),
        sa.Column("service_tier", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("provider_code", sa.Text(), nullable=True),
        sa.Column("input_uncached", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("cache_read", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("cache_write", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("cache_write_1h", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("input_audio", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("output", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reasoning", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("output_audio", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("web_searches", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("estimated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("cost", sa.Numeric(precision=24, scale=12), server_default=sa.text("0"), nullable=False),
        sa.Column("priced", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("price_source", sa.Text(), nullable=True),
        sa.Column(
            "unit_prices",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("simulated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("response_id", sa.Text(), nullable=True),
        sa.Column("first_token_ms", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'completed', 'failed', 'cancelled', 'interrupted')", name=op.f("ck_model_usage_state")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_model_usage_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_usage")),
        sa.UniqueConstraint("turn_id", "step", "attempt", name=op.f("uq_model_usage_turn_id_step_attempt")),
    )
    op.create_index("ix_model_usage_conversation", "model_usage", ["conversation_id"], unique=False)
    op.create_index(
        "ix_model_usage_open", "model_usage", ["turn_id"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index("ix_model_usage_workspace_time", "model_usage", ["workspace_id", "started_at"], unique=False)
    op.create_table(
        "turns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("turn_no", sa.Integer(), nullable=True, comment="the turn's place in its conversation"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "attempt",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="the newest attempt: the fence",
        ),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('accepted', 'running', 'completed', 'failed', 'cancelled')", name=op.f("ck_turns_state")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_turns_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_turns_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint("conversation_id", "turn_no", name=op.f("uq_turns_conversation_id_turn_no")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_turns_unfinished",
        "turns",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('accepted', 'running')"),
    )
    op.create_index(
        "ix_turns_workspace_recent", "turns", ["workspace_id", sa.literal_column("created_at DESC")], unique=False
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("turn_no", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False, comment="the message's place in its turn"),
        sa.Column(
            "step",
            sa.Integer(),
            nullable=True,
            comment="the step that this message answers; null for what the caller said",
        ),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("finish_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_messages_turn_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_messages_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("turn_id", "position", name=op.f("uq_messages_turn_id_position")),
        sa.UniqueConstraint("turn_id", "step", name=op.f("uq_messages_turn_id_step")),
    )
    op.create_index(
        "ix_messages_conversation_order", "messages", ["conversation_id", "turn_no", "position"], unique=False
    )

    # Unlogged, because the message is the truth and the stream a view of it; bytes, because jsonb and text take no NUL.
    op.execute("""
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
    """)
    op.execute("CREATE INDEX ix_stream_log_created_at ON stream_log USING brin (created_at)")


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE stream_log")

    op.drop_index("ix_messages_conversation_order", table_name="messages")
    op.drop_table("messages")
    op.drop_index("ix_turns_workspace_recent", table_name="turns")
    op.drop_index(
        "ix_turns_unfinished", table_name="turns", postgresql_where=sa.text("state IN ('accepted', 'running')")
    )
    op.drop_table("turns")
    op.drop_index("ix_model_usage_workspace_time", table_name="model_usage")
    op.drop_index("ix_model_usage_open", table_name="model_usage", postgresql_where=sa.text("state = 'open'"))
    op.drop_index("ix_model_usage_conversation", table_name="model_usage")
    op.drop_table("model_usage")
    op.drop_index("ix_conversations_workspace_recent", table_name="conversations")
    op.drop_index("ix_conversations_model_history", table_name="conversations", postgresql_using="gin")
    op.drop_index("ix_conversations_cost_tracking", table_name="conversations", postgresql_using="gin")
    op.drop_index("ix_conversations_context_metadata", table_name="conversations", postgresql_using="gin")
    op.drop_table("conversations")
    op.drop_index("ix_audit_log_workspace_time", table_name="audit_log")
    op.drop_index("ix_audit_log_subject", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_table("api_keys")
    op.drop_table("workspaces")
