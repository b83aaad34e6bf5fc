"""Runs: accepting, starting, stopping, ending, and the questions about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from contracts.pipelines.base import Budget
from contracts.runs import Place, RunState


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as stored. `input` and `output` are artifacts; `budget` is None where it is the pipeline's.

    `key_id` is the API key that it spends as, `end_user` for whom it is run. `within` are the runs and steps around it, as
    `contracts.ids.run_budget` names them. `queued`: it waits until others of its pipeline have ended. `chain` counts the runs
    before it, each of which started the next by its end.
    """

    id: UUID
    workspace_id: UUID
    pipeline_id: UUID
    name: str
    state: RunState
    generation: int
    input: bytes
    output: bytes | None
    error_kind: str | None
    error_message: str | None
    error_step: str | None
    budget: Budget | None
    metadata: dict[str, Any]
    parent_run_id: UUID | None
    parent_step: str | None
    forked_from: UUID | None
    forked_step: str | None
    plan: str | None
    author: str
    paused: bool
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    trigger_id: UUID | None
    key_id: UUID | None
    end_user: str | None
    within: tuple[str, ...]
    queued: bool
    callback_url: str | None
    callback_state: str | None
    callback_tries: int
    callback_error: str | None
    chain: int


@dataclass(frozen=True, slots=True)
class RunSpender:
    """Who spends what a run costs; see RunRow."""

    key_id: UUID | None
    end_user: str | None = None
    within: tuple[str, ...] = ()


_COLUMNS = """r.id, r.workspace_id, r.pipeline_id, r.name, r.state, r.generation, r.input, r.output, r.error_kind,
    r.error_message, r.error_step, r.budget, r.metadata, r.parent_run_id, r.parent_step, r.author, r.paused_at,
    r.forked_from, r.forked_step, r.plan, r.cancel_requested_at, r.created_at, r.started_at, r.finished_at, r.trigger_id,
    r.key_id, r.end_user, r.within, r.queued_at, r.callback_url, r.callback_state, r.callback_tries, r.callback_error, r.chain"""

_INSERT = text("""
    INSERT INTO runs (id, workspace_id, pipeline_id, name, state, input, budget, metadata, request_digest, idempotency_key,
                      parent_run_id, parent_step, forked_from, forked_step, plan, author, created_at, trigger_id, key_id,
                      end_user, within, callback_url, callback_state, chain)
    VALUES (:id, :workspace_id, :pipeline_id, :name, 'accepted', :input, CAST(:budget AS jsonb), CAST(:metadata AS jsonb),
            :digest, :key, :parent_run_id, :parent_step, :forked_from, :forked_step, :plan, :author, :now, :trigger_id, :key_id,
            :end_user, CAST(:within AS text[]), CAST(:callback_url AS text),
            CASE WHEN CAST(:callback_url AS text) IS NOT NULL THEN 'pending' END, :chain)
    ON CONFLICT (id) DO NOTHING RETURNING id
""")

_DIGEST = text("SELECT request_digest, state FROM runs WHERE id = :id")

# The statements below splice in nothing but the constant above.
_FIND = text(f"SELECT {_COLUMNS} FROM runs r WHERE r.id = :id")  # noqa: S608
_LOCK = text(f"SELECT {_COLUMNS} FROM runs r WHERE r.id = :id FOR NO KEY UPDATE")  # noqa: S608

_PAGE = text(f"""
    SELECT {_COLUMNS} FROM runs r
     WHERE r.workspace_id = :workspace_id AND (CAST(:name AS text) IS NULL OR r.name = :name)
       AND (CAST(:state AS text) IS NULL OR r.state = :state)
       AND (CAST(:before AS timestamptz) IS NULL OR (r.created_at, r.id) < (:before, CAST(:before_id AS uuid)))
     ORDER BY r.created_at DESC, r.id DESC LIMIT :limit
""")  # noqa: S608

_INNER = text(f"""
    SELECT {_COLUMNS} FROM runs r WHERE r.parent_run_id = :id ORDER BY r.created_at
""")  # noqa: S608

_START = text("""
    UPDATE runs SET state = 'running', started_at = coalesce(started_at, :now), queued_at = NULL
     WHERE id = :id AND state = 'accepted'
""")

_FINISH = text("""
    UPDATE runs SET state = :state, output = :output, error_kind = :error_kind, error_message = :error_message,
           error_step = :error_step, finished_at = :now, paused_at = NULL, queued_at = NULL
     WHERE id = :id AND state IN ('accepted', 'running')
""")

_AGAIN = text("""
    UPDATE runs SET state = 'accepted', generation = generation + 1, error_kind = NULL, error_message = NULL, error_step = NULL,
           started_at = NULL, finished_at = NULL, cancel_requested_at = NULL, paused_at = NULL,
           callback_state = CASE WHEN callback_url IS NOT NULL THEN 'pending' END, callback_error = NULL
     WHERE id = :id
""")

_PAUSE = text("UPDATE runs SET paused_at = CASE WHEN :paused THEN coalesce(paused_at, :now) END WHERE id = :id")
_BUDGET = text("UPDATE runs SET budget = CAST(:budget AS jsonb) WHERE id = :id")
_CANCEL = text("UPDATE runs SET cancel_requested_at = coalesce(cancel_requested_at, :now) WHERE id = :id")

_TOLD = text("""
    UPDATE runs SET callback_state = :state, callback_tries = callback_tries + 1, callback_error = :error
     WHERE id = :id AND generation = :generation
""")

_GIVE_UP = text("""
    UPDATE runs SET callback_state = 'failed', callback_error = coalesce(callback_error, :error)
     WHERE id = :id AND callback_state = 'pending' AND finished_at IS NOT NULL
""")

_UNFINISHED = text(f"""
    SELECT {_COLUMNS} FROM runs r
     WHERE r.state IN ('accepted', 'running') AND r.created_at < :before AND r.parent_run_id IS NULL
       AND NOT EXISTS (SELECT 1 FROM batch_items i JOIN batches b ON b.id = i.batch_id
                        WHERE i.run_id = r.id AND b.state IN ('accepted', 'running'))
     ORDER BY r.created_at LIMIT :limit
""")  # noqa: S608

_SPENT = text("""
    SELECT coalesce(sum(u.cost), 0) AS cost, count(u.id) AS calls,
           coalesce(sum(u.input_uncached + u.cache_read + u.cache_write + u.output), 0) AS tokens
      FROM run_turns t JOIN model_usage u ON u.turn_id = t.turn_id
     WHERE t.run_id = :run_id
       AND (CAST(:steps AS text[]) IS NULL
            OR (t.step_id = ANY(CAST(:steps AS text[]))
                AND t.place[1:cardinality(CAST(:place AS int[]))] = CAST(:place AS int[])))
""")


async def accept(
    connection: AsyncConnection,
    *,
    run_id: UUID,
    workspace_id: UUID,
    pipeline_id: UUID,
    name: str,
    given: bytes,
    digest: bytes,
    author: str,
    now: datetime,
    budget: Budget | None = None,
    metadata: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    parent: tuple[UUID, str] | None = None,
    forked: tuple[UUID, str] | None = None,
    plan: str | None = None,
    spender: RunSpender | None = None,
    callback_url: str | None = None,
    trigger_id: UUID | None = None,
    chain: int = 0,
) -> tuple[RunState, bool]:
    """Write a run in state `accepted`, or find the one of the same id. Its state, and whether it is new.

    Raises `conflict` where the id, and with it the key, was used for another request.
    """
    row = await connection.execute(
        _INSERT,
        {
            "id": run_id,
            "workspace_id": workspace_id,
            "pipeline_id": pipeline_id,
            "name": name,
            "input": given,
            "budget": None if budget is None else budget.model_dump_json(),
            "metadata": orjson.dumps(metadata or {}).decode(),
            "digest": digest,
            "key": idempotency_key,
            "parent_run_id": parent[0] if parent else None,
            "parent_step": parent[1] if parent else None,
            "forked_from": forked[0] if forked else None,
            "forked_step": forked[1] if forked else None,
            "plan": plan,
            "author": author,
            "now": now,
            "trigger_id": trigger_id,
            "key_id": spender.key_id if spender else None,
            "end_user": spender.end_user if spender else None,
            "within": list(spender.within) if spender else [],
            "callback_url": callback_url,
            "chain": chain,
        },
    )
    if row.one_or_none() is not None:
        return RunState.ACCEPTED, True
    found = (await connection.execute(_DIGEST, {"id": run_id})).one()
    if bytes(found.request_digest) != digest:
        raise PerdureError(
            ErrorKind.CONFLICT,
            f"The idempotency key {idempotency_key!r} was used for a different run ({run_id}). Send the same, or another key.",
            field="Idempotency-Key",
            detail={"run_id": str(run_id)},
        )
    return RunState(found.state), False


async def find(
    connection: AsyncConnection, run_id: UUID, *, workspace_id: UUID | None = None, lock: bool = False
) -> RunRow:
    """The run. Raises `not_found`, also where it belongs to another workspace than `workspace_id`."""
    row = (await connection.execute(_LOCK if lock else _FIND, {"id": run_id})).one_or_none()
    if row is None or (workspace_id is not None and row.workspace_id != workspace_id):
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no run {run_id}.")
    return _run(row)


async def page(
    connection: AsyncConnection,
    *,
    workspace_id: UUID,
    name: str | None,
    state: RunState | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[RunRow]:
    """The workspace's runs, newest first, those before (created_at, id) where it is given."""
    moment, before_id = before or (None, None)
    given = {"workspace_id": workspace_id, "name": name, "state": state.value if state else None, "limit": limit}
    return [_run(row) for row in await connection.execute(_PAGE, {**given, "before": moment, "before_id": before_id})]


async def inner(connection: AsyncConnection, run_id: UUID) -> list[RunRow]:
    """The runs that a run's steps started."""
    return [_run(row) for row in await connection.execute(_INNER, {"id": run_id})]


async def start(connection: AsyncConnection, run_id: UUID, *, now: datetime) -> None:
    """An accepted run is running."""
    await connection.execute(_START, {"id": run_id, "now": now})


async def finish(
    connection: AsyncConnection,
    run_id: UUID,
    *,
    state: RunState,
    output: bytes | None = None,
    error: tuple[str, str] | None = None,
    error_step: str | None = None,
    now: datetime,
) -> None:
    """End a run; one that has ended stays as it is. `error` is kind and message."""
    await connection.execute(
        _FINISH,
        {
            "id": run_id,
            "state": state.value,
            "output": output,
            "error_kind": error[0] if error else None,
            "error_message": error[1] if error else None,
            "error_step": error_step,
            "now": now,
        },
    )


async def again(connection: AsyncConnection, run_id: UUID) -> None:
    """Let a run that has ended begin anew with what it has."""
    await connection.execute(_AGAIN, {"id": run_id})


async def set_paused(connection: AsyncConnection, run_id: UUID, *, paused: bool, now: datetime) -> None:
    """No step begins while a run is paused."""
    await connection.execute(_PAUSE, {"id": run_id, "paused": paused, "now": now})


async def set_budget(connection: AsyncConnection, run_id: UUID, budget: Budget) -> None:
    """Another budget from now on."""
    await connection.execute(_BUDGET, {"id": run_id, "budget": budget.model_dump_json()})


async def request_cancel(connection: AsyncConnection, run_id: UUID, *, now: datetime) -> None:
    """Record the wish to stop."""
    await connection.execute(_CANCEL, {"id": run_id, "now": now})


async def told(connection: AsyncConnection, run_id: UUID, *, generation: int, state: str, error: str | None) -> None:
    """Count a try of the callback: `pending` where it is to be tried again, `delivered`, or `failed`."""
    await connection.execute(_TOLD, {"id": run_id, "generation": generation, "state": state, "error": error})


async def give_up_telling(connection: AsyncConnection, run_id: UUID, *, error: str) -> None:
    """End a callback that is still to be told; what its last try failed of stays, else it is `error`."""
    await connection.execute(_GIVE_UP, {"id": run_id, "error": error})


async def unfinished(connection: AsyncConnection, *, before: datetime, limit: int) -> list[RunRow]:
    """Runs accepted before `before` that have not ended, oldest first, without those that other runs or batches started."""
    return [_run(row) for row in await connection.execute(_UNFINISHED, {"before": before, "limit": limit})]


async def spent(
    connection: AsyncConnection, run_id: UUID, *, steps: Iterable[str] | None = None, place: Place = ()
) -> Budget:
    """What a run, or these steps of it within `place`, have spent so far."""
    given = {"run_id": run_id, "steps": None if steps is None else list(steps), "place": list(place)}
    row = (await connection.execute(_SPENT, given)).one()
    return Budget(cost=row.cost, calls=row.calls, tokens=row.tokens)


def _run(row: Any) -> RunRow:
    return RunRow(
        id=row.id,
        workspace_id=row.workspace_id,
        pipeline_id=row.pipeline_id,
        name=row.name,
        state=RunState(row.state),
        generation=row.generation,
        input=bytes(row.input),
        output=None if row.output is None else bytes(row.output),
        error_kind=row.error_kind,
        error_message=row.error_message,
        error_step=row.error_step,
        budget=None if row.budget is None else Budget.model_validate(row.budget),
        metadata=row.metadata,
        parent_run_id=row.parent_run_id,
        parent_step=row.parent_step,
        forked_from=row.forked_from,
        forked_step=row.forked_step,
        plan=row.plan,
        author=row.author,
        paused=row.paused_at is not None,
        cancel_requested=row.cancel_requested_at is not None,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        trigger_id=row.trigger_id,
        key_id=row.key_id,
        end_user=row.end_user,
        within=tuple(row.within),
        queued=row.queued_at is not None,
        callback_url=row.callback_url,
        callback_state=row.callback_state,
        callback_tries=row.callback_tries,
        callback_error=row.callback_error,
        chain=row.chain,
    )
