"""Steps of runs: how far each has come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.pipelines.plan import StepState
from contracts.runs import Place

ENDED: frozenset[StepState] = frozenset({"completed", "failed", "skipped", "cancelled"})


@dataclass(slots=True)
class StepRow:
    """A step of a run. `output` is an artifact; `progress` is its kind's own account of how far it has come.

    `attempt` counts from 1 and never goes back, `failures` counts those that failed since the run was last started. `awaits` is
    what a waiting step waits for, `decision` what came of it.
    """

    run_id: UUID
    step_id: str
    place: Place
    kind: str
    state: StepState = "waiting"
    attempt: int = 1
    failures: int = 0
    serial: int = 0
    fatal: bool = False
    output: bytes | None = None
    fingerprint: bytes | None = None
    error_kind: str | None = None
    error_message: str | None = None
    progress: dict[str, Any] = field(default_factory=dict)
    awaits: dict[str, Any] | None = None
    decision: dict[str, Any] | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """The step is over."""
        return self.state in ENDED


_COLUMNS = """run_id, step_id, place, kind, state, attempt, failures, serial, fatal, output, fingerprint, error_kind,
    error_message, progress, awaits, decision, started_at, finished_at"""

_MEET = text("""
    INSERT INTO steps (run_id, step_id, place, kind, state, created_at)
    VALUES (:run_id, :step_id, :place, :kind, 'waiting', :now) ON CONFLICT DO NOTHING
""")

# The statements below splice in nothing but the constant above.
_LOCK = text(f"""
    SELECT {_COLUMNS} FROM steps WHERE run_id = :run_id AND step_id = :step_id AND place = :place FOR NO KEY UPDATE
""")  # noqa: S608

_SOME = text(f"""
    SELECT {_COLUMNS} FROM steps
     WHERE run_id = :run_id
       AND (step_id, place) IN (SELECT w.step_id, ARRAY(SELECT jsonb_array_elements_text(w.place)::int)
                                  FROM jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w(step_id text, place jsonb))
""")  # noqa: S608

_ALL = text(f"""
    SELECT {_COLUMNS} FROM steps
     WHERE run_id = :run_id AND (CAST(:depth AS int) IS NULL OR cardinality(place) <= :depth)
     ORDER BY created_at, step_id, place LIMIT :limit
""")  # noqa: S608

_COUNTS = text("""
    SELECT step_id, state, count(*) AS number FROM steps WHERE run_id = :run_id GROUP BY step_id, state
""")

_RUNNING_ITERATORS = text("""
    SELECT step_id, place FROM steps WHERE run_id = :run_id AND kind IN ('map', 'loop') AND state = 'running'
""")

_UNTOLD = text("""
    SELECT s.run_id, s.step_id, s.place FROM steps s JOIN runs r ON r.id = s.run_id
     WHERE s.state = 'waiting' AND r.state = 'running'
       AND (s.decision IS NOT NULL
            OR EXISTS (SELECT 1 FROM run_events e WHERE e.run_id = s.run_id AND e.name = s.awaits ->> 'event'
                          AND e.taken_at IS NULL AND e.created_at < :before))
     LIMIT :limit
""")

_WAITING = text(f"""
    SELECT {_COLUMNS} FROM steps WHERE run_id = :run_id AND state = 'waiting'
""")  # noqa: S608

_SAVE = text("""
    UPDATE steps SET state = :state, attempt = :attempt, failures = :failures, serial = :serial, fatal = :fatal, output = :output,
           fingerprint = :fingerprint, error_kind = :error_kind, error_message = :error_message,
           progress = CAST(:progress AS jsonb), awaits = CAST(:awaits AS jsonb), decision = CAST(:decision AS jsonb),
           started_at = :started_at, finished_at = :finished_at
     WHERE run_id = :run_id AND step_id = :step_id AND place = :place
""")

_STOP = text("""
    UPDATE steps SET state = 'cancelled', finished_at = :now, awaits = NULL
     WHERE run_id = :run_id AND state IN ('waiting', 'running')
""")

_RESET = text("""
    UPDATE steps SET state = 'waiting', attempt = attempt + 1, failures = 0, fatal = false, output = NULL, fingerprint = NULL,
           error_kind = NULL, error_message = NULL, progress = '{}', awaits = NULL, decision = NULL, started_at = NULL,
           finished_at = NULL
     WHERE run_id = :run_id AND step_id = ANY(:steps) AND place[1:cardinality(CAST(:place AS int[]))] = CAST(:place AS int[])
""")

_REUSABLE = text("""
    SELECT output FROM steps
     WHERE fingerprint = :fingerprint AND state = 'completed' AND finished_at > :since AND output IS NOT NULL
     ORDER BY finished_at DESC LIMIT 1
""")


async def meet(
    connection: AsyncConnection, run_id: UUID, step_id: str, place: Place, *, kind: str, now: datetime
) -> StepRow:
    """The step's row, locked; one is made where there is none."""
    given = {"run_id": run_id, "step_id": step_id, "place": list(place)}
    await connection.execute(_MEET, {**given, "kind": kind, "now": now})
    return _step((await connection.execute(_LOCK, given)).one())


async def locked(connection: AsyncConnection, run_id: UUID, step_id: str, place: Place) -> StepRow | None:
    """The step's row, locked, or None where it has not begun."""
    given = {"run_id": run_id, "step_id": step_id, "place": list(place)}
    row = (await connection.execute(_LOCK, given)).one_or_none()
    return None if row is None else _step(row)


async def some(
    connection: AsyncConnection, run_id: UUID, wanted: Iterable[tuple[str, Place]]
) -> dict[tuple[str, Place], StepRow]:
    """These steps, as far as they have begun."""
    listed = [{"step_id": step_id, "place": list(place)} for step_id, place in wanted]
    if not listed:
        return {}
    rows = await connection.execute(_SOME, {"run_id": run_id, "wanted": orjson.dumps(listed).decode()})
    return {(found.step_id, found.place): found for found in map(_step, rows)}


async def of_run(
    connection: AsyncConnection, run_id: UUID, *, depth: int | None = None, limit: int = 5_000
) -> list[StepRow]:
    """A run's steps in the order of their beginning, those within up to `depth` maps and loops."""
    return [_step(row) for row in await connection.execute(_ALL, {"run_id": run_id, "depth": depth, "limit": limit})]


async def waiting(connection: AsyncConnection, run_id: UUID) -> list[StepRow]:
    """The steps that wait for something from outside."""
    return [_step(row) for row in await connection.execute(_WAITING, {"run_id": run_id})]


async def counts(connection: AsyncConnection, run_id: UUID) -> dict[str, dict[StepState, int]]:
    """How many of each step are in which state, over all items and rounds."""
    found: dict[str, dict[StepState, int]] = {}
    for row in await connection.execute(_COUNTS, {"run_id": run_id}):
        found.setdefault(row.step_id, {})[row.state] = row.number
    return found


async def iterating(connection: AsyncConnection, run_id: UUID) -> list[tuple[str, Place]]:
    """The maps and loops that run now, which have workflows of their own."""
    rows = await connection.execute(_RUNNING_ITERATORS, {"run_id": run_id})
    return [(row.step_id, tuple(row.place)) for row in rows]


async def untold(connection: AsyncConnection, *, before: datetime, limit: int) -> list[tuple[UUID, str, Place]]:
    """Steps whose wait is over, and whose workflow seems not to have heard of it."""
    rows = await connection.execute(_UNTOLD, {"before": before, "limit": limit})
    return [(row.run_id, row.step_id, tuple(row.place)) for row in rows]


async def save(connection: AsyncConnection, step: StepRow) -> None:
    """Store how far a step has come."""
    await connection.execute(
        _SAVE,
        {
            "run_id": step.run_id,
            "step_id": step.step_id,
            "place": list(step.place),
            "state": step.state,
            "attempt": step.attempt,
            "failures": step.failures,
            "serial": step.serial,
            "fatal": step.fatal,
            "output": step.output,
            "fingerprint": step.fingerprint,
            "error_kind": step.error_kind,
            "error_message": step.error_message,
            "progress": orjson.dumps(step.progress).decode(),
            "awaits": None if step.awaits is None else orjson.dumps(step.awaits).decode(),
            "decision": None if step.decision is None else orjson.dumps(step.decision).decode(),
            "started_at": step.started_at,
            "finished_at": step.finished_at,
        },
    )


async def stop_all(connection: AsyncConnection, run_id: UUID, *, now: datetime) -> None:
    """Mark what has not ended as cancelled."""
    await connection.execute(_STOP, {"run_id": run_id, "now": now})


async def reset(connection: AsyncConnection, run_id: UUID, step_ids: Iterable[str], place: Place) -> None:
    """Let these steps, at `place` and within it, begin anew: what they have come to is forgotten."""
    await connection.execute(_RESET, {"run_id": run_id, "steps": list(step_ids), "place": list(place)})


async def reusable(connection: AsyncConnection, fingerprint: bytes, *, since: datetime) -> bytes | None:
    """The newest output that was found for the same question since then."""
    row = (await connection.execute(_REUSABLE, {"fingerprint": fingerprint, "since": since})).one_or_none()
    return None if row is None else bytes(row.output)


def _step(row: Any) -> StepRow:
    place: Sequence[int] = row.place
    return StepRow(
        run_id=row.run_id,
        step_id=row.step_id,
        place=tuple(place),
        kind=row.kind,
        state=row.state,
        attempt=row.attempt,
        failures=row.failures,
        serial=row.serial,
        fatal=row.fatal,
        output=None if row.output is None else bytes(row.output),
        fingerprint=None if row.fingerprint is None else bytes(row.fingerprint),
        error_kind=row.error_kind,
        error_message=row.error_message,
        progress=row.progress,
        awaits=row.awaits,
        decision=row.decision,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
