"""Storing an answer: the attempt's ledger row, the turn's end, the message and the audit's entry, in one statement."""

from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.parts import Part
from contracts.turns import TurnResult
from storage.attempts import CLOSE, LedgerEntry, entry_columns
from storage.turns import TurnRow

# The row of an attempt that is not the newest is closed as well: its call was billed.
_STORE = text(f"""
    WITH ended AS (
      UPDATE turns SET state = :turn_state, result = CAST(:result AS jsonb), finished_at = :finished_at
       WHERE id = :turn_id AND state IN ('accepted', 'running') AND attempt = :attempt
      RETURNING id
    ), closed AS (
      {CLOSE}
    ), answered AS (
      INSERT INTO messages (id, workspace_id, conversation_id, turn_id, turn_no, position, step, role, parts, model,
                            finish_reason, created_at)
      SELECT :message_id, :workspace_id, :conversation_id, ended.id, :turn_no,
             coalesce((SELECT max(m.position) + 1 FROM messages m WHERE m.turn_id = :turn_id), 0),
             :step, 'assistant', CAST(:parts AS jsonb), :model, :finish_reason, :finished_at
        FROM ended
    ), noted AS (
      INSERT INTO audit_log (workspace_id, at, actor, action, subject_id, detail)
      SELECT :workspace_id, :finished_at, 'worker', :action, ended.id, CAST(:detail AS jsonb) FROM ended
    )
    SELECT count(*) FROM ended
""")  # noqa: S608 - made of constants


async def store_answer(
    connection: AsyncConnection,
    turn: TurnRow,
    result: TurnResult,
    parts: tuple[Part, ...],
    entry: LedgerEntry,
    *,
    message_id: UUID,
    step: int,
    attempt: int,
) -> bool:
    """Close the attempt's row and, if it is still the turn's newest, end the turn with the answer, all of it or nothing.

    False: it is not the newest, and only its row was closed. The result names its model and why it finished.
    """
    cost = entry.cost if result.cost is None else result.cost
    detail = {"model": str(result.model), "attempts": result.attempts, "cost_usd": str(cost.total)}
    found = await connection.execute(
        _STORE,
        {
            **entry_columns(entry),
            "turn_id": turn.id,
            "step": step,
            "attempt": attempt,
            "turn_state": result.state.value,
            "result": result.model_dump_json(exclude_none=True),
            "message_id": message_id,
            "workspace_id": turn.workspace_id,
            "conversation_id": turn.conversation_id,
            "turn_no": turn.turn_no,
            "parts": orjson.dumps([part.model_dump(mode="json", exclude_none=True) for part in parts]).decode(),
            "model": str(result.model),
            "finish_reason": None if result.finish_reason is None else result.finish_reason.value,
            "action": f"turn.{result.state}",
            "detail": orjson.dumps(detail).decode(),
        },
    )
    return bool(found.scalar_one())
