"""Attempts: each opens its ledger row before the call and closes it after, fenced by the turn's newest attempt."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.turns import TurnRequest, TurnState
from contracts.usage import Cost, Usage
from storage.turns import TurnRow, turn_row, whole_request
from storage.usage_columns import cost_columns, usage_columns


@dataclass(frozen=True, slots=True)
class OpenedAttempt:
    """What an attempt begins with. `request` holds the whole prompt.

    `failures` counts the earlier calls of this candidate in this step that failed; `lost` are the attempts that a crash left
    open, now marked interrupted.
    """

    turn: TurnRow
    number: int
    request: TurnRequest
    failures: int
    lost: tuple[int, ...]
    last_error: ErrorKind | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A turn that runs, as it was seen, and its whole request: an attempt can be opened if nothing has happened since."""

    turn: TurnRow
    request: TurnRequest


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer that an earlier attempt stored."""

    message_id: UUID
    tool_call_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What one attempt cost and how it ended."""

    state: str
    usage: Usage
    cost: Cost
    finished_at: datetime
    served_model: str | None = None
    service_tier: str | None = None
    response_id: str | None = None
    error_kind: ErrorKind | None = None
    error_message: str | None = None
    provider_code: str | None = None
    first_token_ms: int | None = None


_LOOK = text("""
    SELECT t.id, t.workspace_id, t.conversation_id, t.turn_no, t.state, t.attempt, t.request, t.plan, t.result,
           t.cancel_requested_at, t.created_at, t.started_at, t.finished_at, t.key_id,
           EXISTS (SELECT 1 FROM budgets b WHERE b.workspace_id = t.workspace_id AND b.deleted_at IS NULL) AS budgeted,
           m.id AS message_id, m.parts AS message_parts,
           CASE WHEN t.conversation_id IS NOT NULL THEN
             (SELECT jsonb_agg(jsonb_build_object('role', h.role, 'name', h.name, 'parts', h.parts)
                               ORDER BY h.turn_no, h.position)
                FROM messages h
               WHERE h.conversation_id = t.conversation_id AND h.turn_no <= t.turn_no
                 AND (h.turn_no >= CASE WHEN CAST(t.request ->> 'fresh' AS boolean) THEN t.turn_no
                        ELSE (SELECT coalesce(CAST(c.context_metadata ->> 'from_turn' AS int), 0)
                                FROM conversations c WHERE c.id = t.conversation_id) END
                      OR h.role IN ('system', 'developer')))
           END AS history
      FROM turns t LEFT JOIN messages m ON m.turn_id = t.id AND m.step = :step
     WHERE t.id = :turn_id
""")

# Whatever could be stored or stopped in between has changed the turn's state, its attempt or the wish to stop.
_OPEN = text("""
    WITH bumped AS (
      UPDATE turns SET attempt = attempt + 1
       WHERE id = :turn_id AND attempt = :seen AND state = 'running' AND cancel_requested_at IS NULL
      RETURNING attempt
    ), lost AS (
      UPDATE model_usage SET state = 'interrupted', finished_at = :now, estimated = true
       WHERE turn_id = :turn_id AND state = 'open' AND EXISTS (SELECT 1 FROM bumped) RETURNING attempt
    ), opened AS (
      INSERT INTO model_usage (workspace_id, conversation_id, turn_id, step, attempt, candidate, provider, model, state,
                               simulated, started_at)
      SELECT :workspace_id, :conversation_id, :turn_id, :step, bumped.attempt, :candidate, :provider, :model, 'open',
             :simulated, :now
        FROM bumped
    )
    SELECT bumped.attempt,
           (SELECT coalesce(array_agg(lost.attempt), '{}') FROM lost) AS lost,
           (SELECT count(*) FROM model_usage u WHERE u.turn_id = :turn_id AND u.step = :step
              AND u.candidate = :candidate AND u.state = 'failed') AS failures,
           (SELECT u.error_kind FROM model_usage u WHERE u.turn_id = :turn_id AND u.step = :step
             ORDER BY u.attempt DESC LIMIT 1) AS last_error
      FROM bumped
""")

CLOSE: Final = """
    UPDATE model_usage SET state = :state, served_model = :served_model, service_tier = :service_tier,
           response_id = :response_id, error_kind = :error_kind, error_message = :error_message,
           provider_code = :provider_code, first_token_ms = :first_token_ms, finished_at = :finished_at,
           input_uncached = :input_uncached, cache_read = :cache_read, cache_write = :cache_write,
           cache_write_1h = :cache_write_1h, input_audio = :input_audio, output = :output, reasoning = :reasoning,
           output_audio = :output_audio, web_searches = :web_searches, estimated = :estimated,
           usage_details = CAST(:usage_details AS jsonb), cost = :cost, stated_cost = :stated_cost,
           computed_cost = :computed_cost, cost_parts = CAST(:cost_parts AS jsonb), unpriced = CAST(:unpriced AS jsonb),
           priced = :priced, price_source = :price_source, unit_prices = CAST(:unit_prices AS jsonb)
     WHERE turn_id = :turn_id AND step = :step AND attempt = :attempt
"""
"""The statement that closes an attempt's row, by `entry_columns`, `turn_id`, `step` and `attempt`."""
_CLOSE = text(CLOSE)

_WITHDRAW = text(
    "DELETE FROM model_usage WHERE turn_id = :turn_id AND step = :step AND attempt = :attempt AND state = 'open'"
)

_CONVERSATION = text("""
    UPDATE conversations SET updated_at = :now,
           model_history = CASE WHEN model_history -> -1 ->> 'model' IS DISTINCT FROM CAST(:model AS text)
             THEN model_history || jsonb_build_array(jsonb_build_object(
               'model', CAST(:model AS text), 'turn_id', CAST(:turn_id AS text), 'at', CAST(:at AS text)))
             ELSE model_history END,
           cost_tracking = jsonb_build_object(
             'cost_usd', (coalesce((cost_tracking ->> 'cost_usd')::numeric, 0) + CAST(:cost AS numeric))::text,
             'turns', coalesce((cost_tracking ->> 'turns')::int, 0) + 1,
             'input_tokens', coalesce((cost_tracking ->> 'input_tokens')::bigint, 0) + :input,
             'output_tokens', coalesce((cost_tracking ->> 'output_tokens')::bigint, 0) + :output)
     WHERE id = :id
""")

_SPENT = text("""
    SELECT coalesce(sum(cost), 0) AS cost, count(*) AS attempts FROM model_usage
     WHERE turn_id = :turn_id AND attempt IS DISTINCT FROM CAST(:without AS int)
""")


async def open_attempt(
    connection: AsyncConnection,
    turn_id: UUID,
    *,
    step: int,
    candidate: int,
    model: ModelRef,
    simulated: bool,
    now: datetime,
) -> OpenedAttempt | StoredAnswer:
    """Take the turn's next attempt number and open its ledger row, or find the answer that is stored already.

    Raises `PerdureError`: `cancelled` where a stop was asked for or the turn has ended, `not_found` without such a turn.
    """
    while True:
        seen = await look(connection, turn_id, step=step)
        if isinstance(seen, StoredAnswer):
            return seen
        opened = await open_seen(
            connection, seen, step=step, candidate=candidate, model=model, simulated=simulated, now=now
        )
        if opened is not None:
            return opened


async def look(connection: AsyncConnection, turn_id: UUID, *, step: int) -> Ready | StoredAnswer:
    """What an attempt of the step would begin with, or the answer that is stored already. Raises as `open_attempt`."""
    row = (await connection.execute(_LOOK, {"turn_id": turn_id, "step": step})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no turn {turn_id}.")
    if row.message_id is not None:
        calls = tuple(part["id"] for part in row.message_parts if part["type"] == "tool_call")
        return StoredAnswer(row.message_id, calls)
    turn = turn_row(row)
    if turn.cancel_requested or turn.state is not TurnState.RUNNING:
        raise PerdureError(ErrorKind.CANCELLED, f"Turn {turn_id} was stopped before this attempt began.")
    return Ready(turn, whole_request(turn, row.history))


async def open_seen(
    connection: AsyncConnection,
    seen: Ready,
    *,
    step: int,
    candidate: int,
    model: ModelRef,
    simulated: bool,
    now: datetime,
) -> OpenedAttempt | None:
    """Take the next attempt number and open its ledger row, in one statement; None where the turn has changed since."""
    turn = seen.turn
    opened = (
        await connection.execute(
            _OPEN,
            {
                "turn_id": turn.id,
                "seen": turn.attempt,
                "step": step,
                "candidate": candidate,
                "provider": model.provider,
                "model": model.model,
                "simulated": simulated,
                "workspace_id": turn.workspace_id,
                "conversation_id": turn.conversation_id,
                "now": now,
            },
        )
    ).one_or_none()
    if opened is None:
        return None
    return OpenedAttempt(
        turn=turn,
        number=opened.attempt,
        request=seen.request,
        failures=opened.failures,
        lost=tuple(opened.lost),
        last_error=ErrorKind(opened.last_error) if opened.last_error else None,
    )


async def close_attempt(
    connection: AsyncConnection, turn_id: UUID, *, step: int, attempt: int, entry: LedgerEntry
) -> None:
    """Close the attempt's ledger row. Idempotent: the row is overwritten with the same facts."""
    key = {"turn_id": turn_id, "step": step, "attempt": attempt}
    await connection.execute(_CLOSE, {**entry_columns(entry), **key})


def entry_columns(entry: LedgerEntry) -> dict[str, Any]:
    """The columns of a row that is closed."""
    return {
        "state": entry.state,
        "served_model": entry.served_model,
        "service_tier": entry.service_tier,
        "response_id": entry.response_id,
        "error_kind": entry.error_kind.value if entry.error_kind else None,
        "error_message": entry.error_message,
        "provider_code": entry.provider_code,
        "first_token_ms": entry.first_token_ms,
        "finished_at": entry.finished_at,
        **usage_columns(entry.usage),
        **cost_columns(entry.cost),
    }


async def withdraw_attempt(connection: AsyncConnection, turn_id: UUID, *, step: int, attempt: int) -> None:
    """Take back the row of an attempt that called nobody."""
    await connection.execute(_WITHDRAW, {"turn_id": turn_id, "step": step, "attempt": attempt})


async def track_conversation(
    connection: AsyncConnection, turn: TurnRow, *, model: ModelRef, usage: Usage, cost: Cost, now: datetime
) -> None:
    """Keep the conversation's own account: which models answered, what it cost so far."""
    if turn.conversation_id is None:
        return
    await connection.execute(
        _CONVERSATION,
        {
            "id": turn.conversation_id,
            "model": str(model),
            "turn_id": str(turn.id),
            "at": now.isoformat(),
            "cost": cost.total,
            "input": usage.input,
            "output": usage.output,
            "now": now,
        },
    )


async def spent(connection: AsyncConnection, turn_id: UUID, *, without: int | None = None) -> tuple[Decimal, int]:
    """The turn's whole cost over all attempts (USD) and how many attempts it had; over all others than `without`."""
    row = (await connection.execute(_SPENT, {"turn_id": turn_id, "without": without})).one()
    return row.cost, row.attempts
