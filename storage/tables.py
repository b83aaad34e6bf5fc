"""The tables. Those of discovery and health are the deployment's, every other has a workspace. The stream log is apart."""

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EMPTY_OBJECT = text("'{}'::jsonb")
_EMPTY_LIST = text("'[]'::jsonb")
_NEW_ID = text("uuidv7()")


def _id() -> Column[object]:
    return Column("id", Uuid, primary_key=True, server_default=_NEW_ID)


def _workspace() -> Column[object]:
    return Column("workspace_id", Uuid, ForeignKey("workspaces.id"), nullable=False)


def _at(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


workspaces = Table("workspaces", metadata, _id(), Column("name", Text, nullable=False, unique=True), _at("created_at"))

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _workspace(),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False, comment="the key's first characters, fit to be shown"),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the key"),
    Column("scopes", ARRAY(Text), nullable=False, server_default=text("'{admin}'"), comment="what it may do"),
    Column("allowed_models", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="empty for all"),
    Column("user_tier", Text, comment="the policy's tier of whoever uses it"),
    Column("replaces", Uuid, comment="the key that this one was made in place of"),
    _at("created_at"),
    _at("expires_at", nullable=True),
    _at("revoked_at", nullable=True),
)

conversations = Table(
    "conversations",
    metadata,
    _id(),
    _workspace(),
    Column("title", Text),
    Column("models", JSONB, nullable=False, server_default=_EMPTY_LIST, comment="default models of its turns"),
    Column("metadata", JSONB, nullable=False, server_default=_EMPTY_OBJECT),
    Column("model_history", JSONB, nullable=False, server_default=_EMPTY_LIST),
    Column("context_metadata", JSONB, nullable=False, server_default=_EMPTY_OBJECT),
    Column("cost_tracking", JSONB, nullable=False, server_default=_EMPTY_OBJECT),
    Column("next_turn", Integer, nullable=False, server_default=text("1")),
    _at("created_at"),
    _at("updated_at"),
    Index("ix_conversations_workspace_recent", "workspace_id", text("updated_at DESC"), text("id DESC")),
    Index("ix_conversations_model_history", "model_history", postgresql_using="gin"),
    Index("ix_conversations_context_metadata", "context_metadata", postgresql_using="gin"),
    Index("ix_conversations_cost_tracking", "cost_tracking", postgresql_using="gin"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Uuid, primary_key=True),
    _workspace(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE")),
    Column("turn_no", Integer, comment="the turn's place in its conversation"),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0"), comment="the newest attempt: the fence"),
    Column("request", JSONB, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("idempotency_key", Text),
    Column("key_id", Uuid, comment="the API key that asked"),
    Column("plan", JSONB),
    Column("result", JSONB),
    Column("cancel_requested_at", DateTime(timezone=True)),
    _at("created_at"),
    _at("started_at", nullable=True),
    _at("finished_at", nullable=True),
    CheckConstraint("state IN ('accepted', 'running', 'completed', 'failed', 'cancelled')", name="state"),
    UniqueConstraint("conversation_id", "turn_no"),
    Index(
        "ix_turns_unfinished",
        "created_at",
        postgresql_where=text("state IN ('accepted', 'running')"),
    ),
    Index("ix_turns_workspace_recent", "workspace_id", text("created_at DESC")),
    # The queue of turns churns: leave room for updates in place.
    postgresql_with={"fillfactor": "70"},
)

messages = Table(
    "messages",
    metadata,
    _id(),
    _workspace(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE")),
    Column("turn_id", Uuid, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("turn_no", Integer),
    Column("position", Integer, nullable=False, comment="the message's place in its turn"),
    Column("step", Integer, comment="the step that this message answers; null for what the caller said"),
    Column("role", Text, nullable=False),
    Column("name", Text),
    Column("parts", JSONB, nullable=False),
    Column("model", Text),
    Column("finish_reason", Text),
    _at("created_at"),
    UniqueConstraint("turn_id", "position"),
    UniqueConstraint("turn_id", "step"),
    Index("ix_messages_conversation_order", "conversation_id", "turn_no", "position"),
)

model_usage = Table(
    "model_usage",
    metadata,
    _id(),
    _workspace(),
    Column("conversation_id", Uuid),
    Column("turn_id", Uuid, nullable=False),
    Column("step", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("candidate", Integer, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("served_model", Text),
    Column("service_tier", Text),
    Column("state", Text, nullable=False),
    Column("error_kind", Text),
    Column("error_message", Text),
    Column("provider_code", Text),
    Column("input_uncached", Integer, nullable=False, server_default=text("0")),
    Column("cache_read", Integer, nullable=False, server_default=text("0")),
    Column("cache_write", Integer, nullable=False, server_default=text("0")),
    Column("cache_write_1h", Integer, nullable=False, server_default=text("0")),
    Column("input_audio", Integer, nullable=False, server_default=text("0")),
    Column("output", Integer, nullable=False, server_default=text("0")),
    Column("reasoning", Integer, nullable=False, server_default=text("0")),
    Column("output_audio", Integer, nullable=False, server_default=text("0")),
    Column("web_searches", Integer, nullable=False, server_default=text("0")),
    Column("estimated", Boolean, nullable=False, server_default=text("false")),
    Column("usage_details", JSONB, nullable=False, server_default=_EMPTY_OBJECT, comment="what no column counts"),
    Column("cost", Numeric, nullable=False, server_default=text("0"), comment="USD, exact"),
    Column("stated_cost", Numeric, comment="USD, by the provider's own word"),
    Column("computed_cost", Numeric, comment="USD by our prices, where the provider's word was charged"),
    Column("cost_parts", JSONB, nullable=False, server_default=_EMPTY_OBJECT, comment="USD by share of the usage"),
    Column("unpriced", JSONB, nullable=False, server_default=_EMPTY_LIST, comment="shares without a price"),
    Column("priced", Boolean, nullable=False, server_default=text("true")),
    Column("price_source", Text),
    Column("unit_prices", JSONB, nullable=False, server_default=_EMPTY_OBJECT),
    Column("simulated", Boolean, nullable=False, server_default=text("false")),
    Column("response_id", Text),
    Column("first_token_ms", Integer),
    _at("started_at"),
    _at("finished_at", nullable=True),
    CheckConstraint("state IN ('open', 'completed', 'failed', 'cancelled', 'interrupted')", name="state"),
    UniqueConstraint("turn_id", "step", "attempt"),
    Index("ix_model_usage_workspace_time", "workspace_id", "started_at"),
    Index("ix_model_usage_conversation", "conversation_id"),
    Index("ix_model_usage_open", "turn_id", postgresql_where=text("state = 'open'")),
)

audit_log = Table(
    "audit_log",
    metadata,
    _id(),
    _workspace(),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False, comment="a key's prefix, or the part of Perdure that acted"),
    Column("action", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("detail", JSONB, nullable=False, server_default=_EMPTY_OBJECT),
    Index("ix_audit_log_workspace_time", "workspace_id", "at"),
    Index("ix_audit_log_subject", "subject_id"),
)

# Providers belong to the deployment and not to a workspace, and so does what they list.
discoveries = Table(
    "discoveries",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("revision", Integer, nullable=False, server_default=text("0"), comment="counts its changes"),
    _at("requested_at", nullable=True),
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
    _id(),
    _workspace(),
    Column("number", Integer, nullable=False, comment="counts the workspace's versions from 1"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the text"),
    Column("document", JSONB, nullable=False, comment="what the text says; the newest is in force"),
    Column("source", Text, nullable=False, comment="the text as it was sent"),
    Column("author", Text, nullable=False, comment="a key's prefix"),
    _at("created_at"),
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
    Column("errors", JSONB, nullable=False, server_default=_EMPTY_OBJECT),
    Column("in_flight", Integer, nullable=False),
    _at("updated_at"),
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
    Column("slices", JSONB, nullable=False, server_default=_EMPTY_LIST, comment="[second, ok, failed]"),
    Column("reason", Text),
    _at("opened_at", nullable=True),
    _at("open_until", nullable=True),
    _at("closed_at", nullable=True),
    Column("probe_holder", Text),
    _at("probe_until", nullable=True),
    _at("limited_until", nullable=True),
    _at("updated_at"),
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
    _at("checked_at", nullable=True),
    _at("due_at"),
    Column("holder", Text, comment="the process that checks now"),
    _at("held_until", nullable=True),
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
    _id(),
    _workspace(),
    Column("turn_id", Uuid, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Text, nullable=False, comment="the caller's own name for a user; empty for nobody in particular"),
    Column("task", Text),
    Column("model", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("comment", Text),
    _at("created_at"),
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
    _at("updated_at"),
    CheckConstraint("score BETWEEN -1 AND 1", name="score"),
)


def _account() -> list[Column[object]]:
    """What names an account. No foreign keys: they would lock the budget's row for every reservation."""
    return [
        Column("budget_id", Uuid, primary_key=True),
        Column("subject", Text, primary_key=True, comment="who it counts, where the budget counts each for himself"),
        Column("window_start", DateTime(timezone=True), primary_key=True),
    ]


def _amount(name: str, *, nullable: bool = False, comment: str | None = None) -> Column[object]:
    default = None if nullable else text("0")
    return Column(name, Numeric(24, 12), nullable=nullable, server_default=default, comment=comment)


budgets = Table(
    "budgets",
    metadata,
    _id(),
    _workspace(),
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("value", Text, nullable=False, comment="who or what; empty for the workspace, * for each"),
    Column("unit", Text, nullable=False),
    Column("amount", Numeric(24, 12), nullable=False, comment="the limit"),
    Column("hard", Boolean, nullable=False),
    Column("period", Text, nullable=False),
    Column("rolling", Boolean, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("thresholds", ARRAY(Numeric), nullable=False, comment="per cent"),
    _at("created_at"),
    _at("updated_at"),
    _at("deleted_at", nullable=True),
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="SET NULL"), comment="the run that made it for itself"),
    Column(
        "before",
        Numeric(24, 12),
        nullable=False,
        server_default=text("0"),
        comment="of a run's budget: what had been spent before it was set",
    ),
    Index("ix_budgets_run_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
    CheckConstraint("scope IN ('workspace', 'user', 'key', 'tag', 'model', 'run')", name="scope"),
    CheckConstraint("unit IN ('usd', 'tokens', 'requests')", name="unit"),
    CheckConstraint("period IN ('hour', 'day', 'week', 'month', 'total')", name="period"),
    CheckConstraint("amount > 0", name="amount"),
    Index(
        "uq_budgets_definition",
        "workspace_id",
        "scope",
        "value",
        "unit",
        "period",
        "rolling",
        "hard",
        unique=True,
        postgresql_where=text("deleted_at IS NULL"),
    ),
)

# free + sum of the slices' (room + reserved + spent) = amount, in every hard account and after every transaction.
budget_accounts = Table(
    "budget_accounts",
    metadata,
    *_account(),
    Column("window_end", DateTime(timezone=True)),
    _amount("amount", comment="the limit in this window"),
    _amount("free", comment="what no slice holds; below 0 after an overrun or where the limit was lowered"),
    _amount("purged", comment="what reservations that were dropped had been charged"),
    postgresql_with={"fillfactor": "50"},
)

budget_slices = Table(
    "budget_slices",
    metadata,
    *_account(),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    _amount("room", comment="held by this slice and not reserved"),
    _amount("reserved"),
    _amount("spent"),
    Column(
        "barred",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the account owes: what is given back is not to be reserved here",
    ),
    CheckConstraint("room >= 0", name="room"),
    CheckConstraint("reserved >= 0", name="reserved"),
    postgresql_with={"fillfactor": "10"},
)

budget_slots = Table(
    "budget_slots",
    metadata,
    *_account(),
    Column("slot_end", DateTime(timezone=True), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    _amount("spent", comment="what the slice has spent in this part of a rolling window"),
    postgresql_with={"fillfactor": "50"},
)

reservations = Table(
    "reservations",
    metadata,
    Column("turn_id", Uuid, primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    *_account(),
    Column("workspace_id", Uuid, nullable=False),
    Column("ordinal", Integer, nullable=False, comment="the slice that it is taken from"),
    Column("unit", Text, nullable=False),
    Column("hard", Boolean, nullable=False),
    Column("slot_seconds", Integer, comment="of a rolling window"),
    _amount("amount"),
    _amount("charged", nullable=True, comment="null while it is held"),
    _at("reserved_at"),
    _at("settled_at", nullable=True),
    Index("ix_reservations_held", "reserved_at", postgresql_where=text("settled_at IS NULL")),
    Index("ix_reservations_age", "reserved_at", postgresql_using="brin"),
    postgresql_with={"fillfactor": "70"},
)

budget_events = Table(
    "budget_events",
    metadata,
    _id(),
    _workspace(),
    Column("budget_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    Column("window_start", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False, comment="threshold or exhausted"),
    Column("threshold", Numeric, nullable=False, comment="per cent; 0 where a call was refused"),
    Column("detail", JSONB, nullable=False, server_default=_EMPTY_OBJECT),
    _at("at"),
    CheckConstraint("kind IN ('threshold', 'exhausted')", name="kind"),
    UniqueConstraint("budget_id", "subject", "window_start", "kind", "threshold"),
    Index("ix_budget_events_workspace_time", "workspace_id", "at"),
)

budget_waits = Table(
    "budget_waits",
    metadata,
    Column("turn_id", Uuid, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    _workspace(),
    Column("budget_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    _amount("wanted"),
    _at("since"),
    Index("ix_budget_waits_budget", "budget_id"),
)

USAGE_COUNTS = (
    "calls",
    "completed",
    "estimated",
    "unpriced",
    "simulated",
    "input_uncached",
    "cache_read",
    "cache_write",
    "output",
    "reasoning",
    "busy_ms",
    "first_token_ms",
    "first_tokens",
)
USAGE_AMOUNTS = ("cost", "cost_lost", "cache_saved")

# Sums of the ledger's closed calls before usage_summed.until.
usage_days = Table(
    "usage_days",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id"), primary_key=True),
    Column("dimension", Text, primary_key=True, comment="user, key or tag; empty for all calls"),
    Column("day", Date, primary_key=True, comment="in UTC, by the call's beginning"),
    Column("value", Text, primary_key=True, comment="who, or name=value of a tag; empty where none is told"),
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("task", Text, primary_key=True, comment="what the request was taken for; empty where unknown"),
    *(Column(name, BigInteger, nullable=False) for name in USAGE_COUNTS),
    *(Column(name, Numeric, nullable=False) for name in USAGE_AMOUNTS),
)

usage_summed = Table(
    "usage_summed",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id"), primary_key=True),
    Column("until", DateTime(timezone=True), nullable=False, comment="earlier calls are in usage_days"),
)
ai_steps = Table(
    "ai_steps",
    metadata,
    Column("id", Uuid, primary_key=True),
    _workspace(),
    Column("state", Text, nullable=False),
    Column("request", JSONB, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("result", JSONB),
    Column("callback_state", Text, comment="pending, delivered or failed; null without one"),
    Column("callback_tries", Integer, nullable=False, server_default=text("0")),
    Column("callback_error", Text, comment="why the last try failed"),
    _at("created_at"),
    _at("finished_at", nullable=True),
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
        _id(),
        _workspace(),
        Column("name", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("document", JSONB, nullable=False, comment=comment),
        Column("digest", LargeBinary, nullable=False),
        _at("created_at"),
        UniqueConstraint("workspace_id", "name", "version"),
    )


templates = _documents("templates", "the template without name and version")
answer_schemas = _documents("answer_schemas", "a JSON Schema")

# Pipelines, their runs, and what is found out in them.
pipelines = Table(
    "pipelines",
    metadata,
    _id(),
    _workspace(),
    Column("name", Text, nullable=False),
    Column("number", Integer, nullable=False, comment="counts the versions of the name from 1; the newest is run"),
    Column("version", Text, nullable=False, comment="SHA-256 of the definition, in hex"),
    Column("plan", Text, nullable=False, comment="JSON, whose fields keep their order"),
    Column("source", Text, nullable=False, comment="the text as it was sent"),
    Column("author", Text, nullable=False, comment="a key's prefix"),
    _at("created_at"),
    CheckConstraint("number > 0", name="number"),
    UniqueConstraint("workspace_id", "name", "number"),
    Index("ix_pipelines_version", "workspace_id", "name", "version"),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id"), primary_key=True),
    Column("hash", LargeBinary, primary_key=True, comment="SHA-256 of the content"),
    Column("content", LargeBinary, nullable=False, comment="JSON, whose fields keep their order"),
    _at("created_at"),
)

triggers = Table(
    "triggers",
    metadata,
    _id(),
    _workspace(),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("pipeline", Text, nullable=False, comment="the name of what is run"),
    Column("source", Text, comment="the pipeline whose end it waits for"),
    Column("asked", JSONB, nullable=False, comment="when, and what is run"),
    Column("secret", LargeBinary, comment="with which a webhook's deliveries are signed"),
    Column("key_id", Uuid, ForeignKey("api_keys.id"), comment="the API key that its runs spend as"),
    Column("author", Text, nullable=False, comment="a key's prefix"),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("last_run_id", Uuid),
    Column("last_error", Text, comment="why it started nothing the last time"),
    _at("last_at", nullable=True),
    _at("created_at"),
    _at("updated_at"),
    CheckConstraint("kind IN ('schedule', 'webhook', 'pipeline')", name="kind"),
    UniqueConstraint("workspace_id", "name"),
    Index("ix_triggers_source", "workspace_id", "source", postgresql_where=text("source IS NOT NULL")),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Uuid, primary_key=True),
    _workspace(),
    Column("pipeline_id", Uuid, ForeignKey("pipelines.id"), nullable=False),
    Column("name", Text, nullable=False, comment="the pipeline's"),
    Column("state", Text, nullable=False),
    Column("generation", Integer, nullable=False, server_default=text("1"), comment="counts its retries"),
    Column("input", LargeBinary, nullable=False, comment="an artifact"),
    Column("output", LargeBinary, comment="an artifact"),
    Column("error_kind", Text),
    Column("error_message", Text),
    Column("error_step", Text),
    Column("budget", JSONB, comment="where it is another than the pipeline's"),
    Column("metadata", JSONB, nullable=False, server_default=_EMPTY_OBJECT),
    Column("request_digest", LargeBinary, nullable=False),
    Column("idempotency_key", Text),
    Column("parent_run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE")),
    Column("parent_step", Text),
    Column("forked_from", Uuid, ForeignKey("runs.id", ondelete="SET NULL")),
    Column("forked_step", Text, comment="the first that is not the other run's"),
    Column("plan", Text, comment="where it is another than the pipeline's: a fork with edits"),
    Column("author", Text, nullable=False, comment="a key's prefix, or the run that started it"),
    _at("paused_at", nullable=True),
    _at("cancel_requested_at", nullable=True),
    _at("created_at"),
    _at("started_at", nullable=True),
    _at("finished_at", nullable=True),
    Column("trigger_id", Uuid, ForeignKey("triggers.id", ondelete="SET NULL")),
    Column("key_id", Uuid, ForeignKey("api_keys.id"), comment="the API key that it spends as"),
    Column("end_user", Text, comment="for whom it is run"),
    Column(
        "within",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'::text[]"),
        comment="the runs and steps around it, whose budgets count it too",
    ),
    Column("queued_at", DateTime(timezone=True), comment="it waits for its turn"),
    Column("callback_url", Text),
    Column("callback_state", Text),
    Column("callback_tries", Integer, nullable=False, server_default=text("0")),
    Column("callback_error", Text),
    Column(
        "chain",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="runs before it, each of which started the next by its end",
    ),
    CheckConstraint("state IN ('accepted', 'running', 'completed', 'failed', 'cancelled')", name="state"),
    Index("ix_runs_at_work", "workspace_id", "name", postgresql_where=text("state IN ('accepted', 'running')")),
    Index("ix_runs_trigger_id", "trigger_id", postgresql_where=text("trigger_id IS NOT NULL")),
    Index("ix_runs_unfinished", "created_at", postgresql_where=text("state IN ('accepted', 'running')")),
    Index("ix_runs_workspace_recent", "workspace_id", text("created_at DESC"), text("id DESC")),
    Index("ix_runs_parent_run_id", "parent_run_id"),
    Index("ix_runs_pipeline_id", "pipeline_id"),
    postgresql_with={"fillfactor": "70"},
)

steps = Table(
    "steps",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("step_id", Text, primary_key=True),
    Column("place", ARRAY(Integer), primary_key=True, comment="items and rounds of what is around it"),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column(
        "failures",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="attempts that failed since the run began",
    ),
    Column("serial", Integer, nullable=False, server_default=text("0"), comment="counts what was said of it"),
    Column("fatal", Boolean, nullable=False, server_default=text("false")),
    Column("output", LargeBinary, comment="an artifact"),
    Column("fingerprint", LargeBinary, comment="of what was asked, where results are used again"),
    Column("error_kind", Text),
    Column("error_message", Text),
    Column("progress", JSONB, nullable=False, server_default=_EMPTY_OBJECT, comment="how far it has come"),
    Column("awaits", JSONB, comment="what it waits for"),
    Column("decision", JSONB, comment="what came of that"),
    _at("created_at"),
    _at("started_at", nullable=True),
    _at("finished_at", nullable=True),
    CheckConstraint("state IN ('waiting', 'running', 'completed', 'failed', 'skipped', 'cancelled')", name="state"),
    Index("ix_steps_waiting", "run_id", postgresql_where=text("state = 'waiting'")),
    Index(
        "ix_steps_fingerprint",
        "fingerprint",
        text("finished_at DESC"),
        postgresql_where=text("fingerprint IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": "70"},
)

run_items = Table(
    "run_items",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("step_id", Text, primary_key=True, comment="a map or a loop"),
    Column("place", ARRAY(Integer), primary_key=True),
    Column("position", Integer, primary_key=True, comment="an item from 0, a round from 1"),
    Column("item", LargeBinary, nullable=False, comment="JSON: the item, or what the round carries"),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("result", LargeBinary, comment="JSON"),
    Column("error_kind", Text),
    Column("error_message", Text),
    CheckConstraint("state IN ('waiting', 'completed', 'failed')", name="state"),
    postgresql_with={"fillfactor": "70"},
)

run_turns = Table(
    "run_turns",
    metadata,
    Column("turn_id", Uuid, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("step_id", Text, nullable=False),
    Column("place", ARRAY(Integer), nullable=False),
    Column("thread", Text, nullable=False, comment="which of a step's agents or samples is asked"),
    Index("ix_run_turns_step", "run_id", "step_id", "place"),
)

run_events = Table(
    "run_events",
    metadata,
    _id(),
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False, comment="JSON"),
    Column("idempotency_key", Text),
    _at("created_at"),
    _at("taken_at", nullable=True),
    UniqueConstraint("run_id", "idempotency_key"),
    Index("ix_run_events_untaken", "run_id", "name", postgresql_where=text("taken_at IS NULL")),
)

run_log = Table(
    "run_log",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    _at("at"),
)

webhooks = Table(
    "webhooks",
    metadata,
    _id(),
    _workspace(),
    Column("url", Text, nullable=False),
    Column(
        "events", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="types of events; empty for all"
    ),
    _at("created_at"),
    _at("ended_at", nullable=True),
    Column("ended_because", Text),
    UniqueConstraint("workspace_id", "url"),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _workspace(),
    Column("webhook_id", Uuid, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Uuid, nullable=False, comment="the same whenever it is told"),
    Column("type", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("error", Text),
    _at("created_at"),
    Column("next_at", DateTime(timezone=True), comment="when it is due"),
    _at("delivered_at", nullable=True),
    CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
    UniqueConstraint("webhook_id", "event_id"),
    Index("ix_outbox_due", "next_at", postgresql_where=text("state = 'pending'")),
    Index("ix_outbox_webhook_time", "webhook_id", "created_at"),
)

# Batches of turns and runs, and what of them vendors answer in batches of theirs.
batches = Table(
    "batches",
    metadata,
    Column("id", Uuid, primary_key=True),
    _workspace(),
    Column("name", Text),
    Column("state", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("request_digest", LargeBinary, nullable=False, comment="SHA-256 of what was sent"),
    Column("idempotency_key", Text),
    Column("author", Text, nullable=False, comment="a key's prefix"),
    Column("metadata", JSONB, nullable=False, server_default=_EMPTY_OBJECT),
    _at("cancel_requested_at", nullable=True),
    _at("created_at"),
    _at("started_at", nullable=True),
    _at("finished_at", nullable=True),
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
    _at("submitting_at", nullable=True),
    _at("submitted_at", nullable=True),
    _at("collected_at", nullable=True),
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

# What is looked up: texts of a workspace, and the passages that are found in them.
documents = Table(
    "documents",
    metadata,
    Column("id", Uuid, primary_key=True),
    _workspace(),
    Column("collection", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text),
    Column("media_type", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of what was sent"),
    Column("passages", Integer, nullable=False),
    Column("metadata", JSONB, nullable=False, server_default=_EMPTY_OBJECT),
    Column("author", Text, nullable=False, comment="a key's prefix"),
    _at("created_at"),
    _at("updated_at"),
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
