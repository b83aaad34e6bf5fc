"""Which turns answer in which steps of a run."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.runs import Place


@dataclass(frozen=True, slots=True)
class Spent:
    """What a step's turns used: model calls, tokens, and USD."""

    turns: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class StepTurn:
    """A turn of a step. `thread` says which of the step's agents or samples it asks."""

    turn_id: UUID
    step_id: str
    place: Place
    thread: str
    state: str
    created_at: datetime


_ADD = text("""
    INSERT INTO run_turns (turn_id, run_id, step_id, place, thread) VALUES (:turn_id, :run_id, :step_id, :place, :thread)
    ON CONFLICT DO NOTHING
""")

_SPENT = text("""
    SELECT t.step_id, CASE WHEN :whole THEN t.place ELSE '{}' END AS place, count(DISTINCT t.turn_id) AS turns,
           count(u.id) AS calls, coalesce(sum(u.input_uncached + u.cache_read + u.cache_write), 0) AS input_tokens,
           coalesce(sum(u.output), 0) AS output_tokens, coalesce(sum(u.cost), 0) AS cost
      FROM run_turns t LEFT JOIN model_usage u ON u.turn_id = t.turn_id
     WHERE t.run_id = :run_id GROUP BY 1, 2
""")

_OF_RUN = text("""
    SELECT r.turn_id, r.step_id, r.place, r.thread, t.state, t.created_at
      FROM run_turns r JOIN turns t ON t.id = r.turn_id
     WHERE r.run_id = :run_id
       AND (NOT :running OR t.state IN ('accepted', 'running') OR t.created_at > CAST(:since AS timestamptz))
     ORDER BY t.created_at LIMIT :limit
""")

_NEWEST = text(
    "SELECT max(t.created_at) AS newest FROM run_turns r JOIN turns t ON t.id = r.turn_id WHERE r.run_id = :run_id"
)


async def add(
    connection: AsyncConnection, turn_id: UUID, *, run_id: UUID, step_id: str, place: Place, thread: str
) -> None:
    """A turn answers in a step."""
    given = {"turn_id": turn_id, "run_id": run_id, "step_id": step_id, "place": list(place), "thread": thread}
    await connection.execute(_ADD, given)


async def spent(connection: AsyncConnection, run_id: UUID, *, whole: bool) -> dict[tuple[str, Place], Spent]:
    """What each step has used; `whole`: apart by items and rounds, else together at the empty place."""
    rows = await connection.execute(_SPENT, {"run_id": run_id, "whole": whole})
    return {
        (row.step_id, tuple(row.place)): Spent(row.turns, row.calls, row.input_tokens, row.output_tokens, row.cost)
        for row in rows
    }


async def of_run(
    connection: AsyncConnection,
    run_id: UUID,
    *,
    running: bool = False,
    since: datetime | None = None,
    limit: int = 5_000,
) -> list[StepTurn]:
    """The turns of a run, oldest first; `running`: those that have not ended, and those created after `since`."""
    given = {"run_id": run_id, "running": running, "since": since, "limit": limit}
    rows = await connection.execute(_OF_RUN, given)
    return [StepTurn(row.turn_id, row.step_id, tuple(row.place), row.thread, row.state, row.created_at) for row in rows]


async def newest(connection: AsyncConnection, run_id: UUID) -> datetime | None:
    """When the newest turn of a run was created."""
    found: datetime | None = (await connection.execute(_NEWEST, {"run_id": run_id})).scalar_one()
    return found
