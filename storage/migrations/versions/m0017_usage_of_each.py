"""Sums of each user, key and tag over all models and tasks, so that asking for each of many users reads one row of each."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_MEASURES = (
    "calls, completed, estimated, unpriced, simulated, input_uncached, cache_read, cache_write, output, reasoning, busy_ms, "
    "first_token_ms, first_tokens, cost, cost_lost, cache_saved"
)
_SUMS = ", ".join(f"sum({name})" for name in _MEASURES.split(", "))
_OF = "dimension IN ('user', 'key', 'tag')"


def upgrade() -> None:
    """Add them for what is summed already, while nobody sums."""
    op.execute("LOCK TABLE usage_summed IN EXCLUSIVE MODE")
    for table, time in (("usage_days", "day"), ("usage_months", "month")):
        op.execute(
            f"""INSERT INTO {table} (workspace_id, dimension, {time}, value, provider, model, task, {_MEASURES})
                SELECT workspace_id, 'each ' || dimension, {time}, value, '', '', '', {_SUMS} FROM {table} WHERE {_OF}
                 GROUP BY workspace_id, dimension, {time}, value"""  # noqa: S608 - made of constants
        )
        op.execute(f"COMMENT ON COLUMN {table}.dimension IS 'user, key or tag; each of them; empty for all calls'")
        op.execute(f"COMMENT ON COLUMN {table}.provider IS 'as model and task, empty for each user, key or tag'")


def downgrade() -> None:
    """Drop them; the others have all that they sum."""
    for table in ("usage_days", "usage_months"):
        op.execute(f"DELETE FROM {table} WHERE starts_with(dimension, 'each ')")  # noqa: S608 - made of constants
        op.execute(f"COMMENT ON COLUMN {table}.dimension IS 'user, key or tag; empty for all calls'")
        op.execute(f"COMMENT ON COLUMN {table}.provider IS NULL")
