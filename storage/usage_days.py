"""Summing the ledger by day. What was summed is never summed again, and what is not yet is read from the ledger itself."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables.usage import USAGE_MEASURES
from storage.usage_months import sum_month_again

SETTLED_AFTER: Final = timedelta(minutes=30)
"""By then an interrupted call's row has its estimate, and every worker's clock has passed its beginning."""
SLICE: Final = timedelta(minutes=10)
"""What one transaction sums."""

OF_A_CALL: Final = """
    1 AS calls,
    (u.state = 'completed')::int AS completed,
    u.estimated::int AS estimated,
    (NOT u.priced)::int AS unpriced,
    u.simulated::int AS simulated,
    u.input_uncached, u.cache_read, u.cache_write, u.output, u.reasoning,
    coalesce(extract(epoch FROM u.finished_at - u.started_at) * 1000, 0)::bigint AS busy_ms,
    coalesce(u.first_token_ms, 0) AS first_token_ms,
    (u.first_token_ms IS NOT NULL)::int AS first_tokens,
    u.cost,
    CASE WHEN u.state = 'completed' THEN 0 ELSE u.cost END AS cost_lost,
    CASE WHEN u.cache_read + u.cache_write > 0 AND u.unit_prices ? 'input_mtok' THEN
      (u.cache_read + u.cache_write) * (u.unit_prices ->> 'input_mtok')::numeric / 1000000
      - coalesce((u.cost_parts ->> 'cache_read')::numeric, 0)
      - coalesce((u.cost_parts ->> 'cache_write_5m')::numeric, 0)
      - coalesce((u.cost_parts ->> 'cache_write_1h')::numeric, 0)
    ELSE 0 END AS cache_saved
"""
"""The measures of one row of the ledger: what the vendor's cache saved is what its tokens would have cost uncached, less what
they did cost."""


def calls(since: str = ":since", *, until: str = ":until", workspace: str = ":workspace_id") -> str:
    """The query of a workspace's closed calls that began in a time, with what they can be asked by; all are SQL expressions."""
    return f"""
        SELECT u.workspace_id, (u.started_at AT TIME ZONE 'UTC')::date AS day, u.provider, u.model,
               coalesce(t.plan ->> 'task', '') AS task,
               coalesce(t.request -> 'knobs' ->> 'user', '') AS by_user,
               coalesce(t.key_id::text, '') AS by_key,
               coalesce(t.request -> 'metadata', '{{}}'::jsonb) AS tags,
               {OF_A_CALL}
          FROM model_usage u LEFT JOIN turns t ON t.id = u.turn_id
         WHERE u.workspace_id = {workspace} AND u.started_at >= {since} AND u.started_at < {until} AND u.state <> 'open'
    """  # noqa: S608 - made of constants


DIMENSIONS: Final = """
    CROSS JOIN LATERAL (
        WITH told(dimension, value) AS (
            VALUES ('user', calls.by_user), ('key', calls.by_key)
            UNION ALL SELECT 'tag', name || '=' || said FROM jsonb_each_text(calls.tags) AS tags(name, said)
        )
        SELECT '' AS dimension, '' AS value, calls.provider, calls.model, calls.task
        UNION ALL SELECT dimension, value, calls.provider, calls.model, calls.task FROM told
        UNION ALL SELECT 'each ' || dimension, value, '', '', '' FROM told
    ) AS of
"""
"""What a call counts for: itself, then its user, key and tags by model and task, and once more without them, since whoever asks
for each user of a year would read all models and tasks of each."""

_SUMS = ", ".join(f"sum({name})" for name in USAGE_MEASURES)
_ADDED = ", ".join(f"{name} = usage_days.{name} + excluded.{name}" for name in USAGE_MEASURES)

_SUM = text(f"""
    WITH calls AS ({calls()})
    INSERT INTO usage_days (workspace_id, dimension, day, value, provider, model, task, {", ".join(USAGE_MEASURES)})
    SELECT workspace_id, of.dimension, day, of.value, of.provider, of.model, of.task, {_SUMS}
      FROM calls {DIMENSIONS}
     GROUP BY workspace_id, of.dimension, day, of.value, of.provider, of.model, of.task
    ON CONFLICT (workspace_id, dimension, day, value, provider, model, task) DO UPDATE SET {_ADDED}
""")  # noqa: S608 - made of constants
_DROP = text("DELETE FROM usage_days WHERE workspace_id = :workspace_id AND day = :day")
_LOCK = text("SELECT until FROM usage_summed WHERE workspace_id = :workspace_id FOR UPDATE SKIP LOCKED")
_BEGIN = text("""
    INSERT INTO usage_summed (workspace_id, until)
    SELECT :workspace_id, date_trunc('hour', min(started_at)) FROM model_usage WHERE workspace_id = :workspace_id
    HAVING min(started_at) IS NOT NULL
    ON CONFLICT DO NOTHING
""")
_OLDEST_OPEN = text("SELECT min(started_at) FROM model_usage WHERE state = 'open' AND workspace_id = :workspace_id")
_NEXT = text("""
    SELECT date_trunc('hour', min(started_at)) FROM model_usage WHERE workspace_id = :workspace_id AND started_at >= :since
""")
_ADVANCE = text("UPDATE usage_summed SET until = :until WHERE workspace_id = :workspace_id")
_WORKSPACES = text("SELECT id FROM workspaces ORDER BY id")


async def workspaces(connection: AsyncConnection) -> list[UUID]:
    """All of them."""
    return list((await connection.execute(_WORKSPACES)).scalars())


async def sum_slice(connection: AsyncConnection, workspace_id: UUID, *, now: datetime) -> bool:
    """Sum the next slice of a workspace's calls, if it has settled; whether there may be another.

    The sums and the mark of how far they go are one transaction, so that a crash neither loses nor repeats a slice; of several
    processes one does it.
    """
    who = {"workspace_id": workspace_id}
    await connection.execute(_BEGIN, who)
    since = (await connection.execute(_LOCK, who)).scalar_one_or_none()
    if since is None:
        return False
    settled = now - SETTLED_AFTER
    oldest = (await connection.execute(_OLDEST_OPEN, who)).scalar_one()
    if oldest is not None:
        settled = min(settled, oldest)
    # Hours in which nothing began need no slices of their own.
    following = (await connection.execute(_NEXT, {**who, "since": since})).scalar_one()
    until = (since if following is None else max(since, following)) + SLICE
    if following is None or until > settled:
        return False
    await connection.execute(_SUM, {**who, "since": since, "until": until})
    await connection.execute(_ADVANCE, {**who, "until": until})
    return True


async def sum_again(connection: AsyncConnection, workspace_id: UUID, day: date) -> bool:
    """Sum a day of a workspace and its month anew, as far as they were; False where it was not, or another process is at it."""
    until = (await connection.execute(_LOCK, {"workspace_id": workspace_id})).scalar_one_or_none()
    begins = datetime.combine(day, time(), UTC)
    if until is None or until <= begins:
        return False
    await connection.execute(_DROP, {"workspace_id": workspace_id, "day": day})
    ends = min(until, begins + timedelta(days=1))
    await connection.execute(_SUM, {"workspace_id": workspace_id, "since": begins, "until": ends})
    await sum_month_again(connection, workspace_id, day)
    return True
