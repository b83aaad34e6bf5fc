"""Finished steps of one run, taken over by another; failed ones, opened again."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_STEPS = text("""
    INSERT INTO steps (run_id, step_id, place, kind, state, attempt, failures, fatal, output, fingerprint, error_kind,
                       error_message, progress, decision, created_at, started_at, finished_at)
    SELECT :to, step_id, place, kind, state, attempt, failures, fatal, output, fingerprint, error_kind, error_message,
           progress || '{"reused": true}', decision, created_at, started_at, finished_at
      FROM steps
     WHERE run_id = :from AND step_id = ANY(:steps) AND NOT fatal AND state IN ('completed', 'failed', 'skipped')
    RETURNING step_id
""")

_ITEMS = text("""
    INSERT INTO run_items (run_id, step_id, place, position, item, state, result, error_kind, error_message)
    SELECT :to, step_id, place, position, item, state, result, error_kind, error_message
      FROM run_items WHERE run_id = :from AND step_id = ANY(:steps)
""")

_REOPEN_OWNERS = text("""
    UPDATE steps SET state = 'running', failures = 0, fatal = false, error_kind = NULL, error_message = NULL, awaits = NULL,
           finished_at = NULL
     WHERE run_id = :run_id AND kind IN ('map', 'loop', 'branch') AND started_at IS NOT NULL
       AND ((state = 'failed' AND fatal) OR state = 'cancelled')
""")

_REOPEN_ITEMS = text("""
    UPDATE run_items i SET state = 'waiting', error_kind = NULL, error_message = NULL
      FROM steps s
     WHERE i.run_id = :run_id AND s.run_id = :run_id AND s.step_id = i.step_id AND s.place = i.place
       AND i.state = 'failed' AND s.state = 'running'
""")

_REOPEN_STEPS = text("""
    UPDATE steps SET state = 'waiting', attempt = attempt + 1, failures = 0, fatal = false, output = NULL,
           error_kind = NULL, error_message = NULL, awaits = NULL, decision = NULL, started_at = NULL, finished_at = NULL,
           progress = jsonb_strip_nulls(jsonb_build_object('threads',
               (SELECT jsonb_object_agg(t.key, t.value) FROM jsonb_each(progress -> 'threads') t WHERE t.value ? 'value')))
     WHERE run_id = :run_id AND kind NOT IN ('map', 'loop', 'branch')
       AND ((state = 'failed' AND fatal) OR state = 'cancelled')
    RETURNING step_id
""")

_REOPEN_UNBEGUN = text("""
    UPDATE steps SET state = 'waiting', finished_at = NULL
     WHERE run_id = :run_id AND state = 'cancelled' AND started_at IS NULL
""")


async def take_over(connection: AsyncConnection, source: UUID, to: UUID, step_ids: Iterable[str]) -> frozenset[str]:
    """Copy finished steps, and the items of maps and loops among them; the ids of those that there were."""
    given = {"from": source, "to": to, "steps": list(step_ids)}
    copied = frozenset(row.step_id for row in await connection.execute(_STEPS, given))
    await connection.execute(_ITEMS, {**given, "steps": list(copied)})
    return copied


async def reopen(connection: AsyncConnection, run_id: UUID) -> frozenset[str]:
    """Let what failed or was stopped begin again, those around it go on; the ids of those that begin again.

    What had been answered already in a step of several agents is kept.
    """
    await connection.execute(_REOPEN_OWNERS, {"run_id": run_id})
    await connection.execute(_REOPEN_ITEMS, {"run_id": run_id})
    again = frozenset(row.step_id for row in await connection.execute(_REOPEN_STEPS, {"run_id": run_id}))
    await connection.execute(_REOPEN_UNBEGUN, {"run_id": run_id})
    return again
