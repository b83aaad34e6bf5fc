"""Attempts that a crash or an end left open: marked, and what is needed to estimate their cost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.usage import Cost, Usage
from storage.usage_columns import cost_of, usage_of


@dataclass(frozen=True, slots=True)
class BilledAttempt:
    """What an attempt's row says of its cost."""

    state: str
    usage: Usage
    cost: Cost

    @property
    def unsettled(self) -> bool:
        """It was interrupted by a crash, or is open still, and nobody has estimated what it cost."""
        return self.state in ("open", "interrupted") and not self.usage.total and not self.cost.total


_CLOSE_LEFT_OPEN = text("""
    UPDATE model_usage SET state = 'interrupted', finished_at = :now, estimated = true
     WHERE turn_id = :turn_id AND state = 'open' RETURNING step, attempt
""")

_BILLED = text("""
    SELECT * FROM model_usage WHERE turn_id = :turn_id AND step = :step AND attempt = :attempt
""")

_HISTORY = text("""
    SELECT jsonb_agg(jsonb_build_object('role', h.role, 'name', h.name, 'parts', h.parts) ORDER BY h.turn_no, h.position)
      FROM turns t JOIN messages h ON h.conversation_id = t.conversation_id AND h.turn_no <= t.turn_no
     WHERE t.id = :turn_id
""")


async def close_left_open(connection: AsyncConnection, turn_id: UUID, *, now: datetime) -> tuple[tuple[int, int], ...]:
    """Mark every row that is still open as interrupted; which (step, attempt) they were."""
    rows = await connection.execute(_CLOSE_LEFT_OPEN, {"turn_id": turn_id, "now": now})
    return tuple((row.step, row.attempt) for row in rows)


async def billed(connection: AsyncConnection, turn_id: UUID, *, step: int, attempt: int) -> BilledAttempt | None:
    """What the attempt's ledger row says of its cost; None where it has no row."""
    row = (await connection.execute(_BILLED, {"turn_id": turn_id, "step": step, "attempt": attempt})).one_or_none()
    if row is None:
        return None
    return BilledAttempt(row.state, usage_of(row), cost_of(row))


async def history(connection: AsyncConnection, turn_id: UUID) -> list[dict[str, Any]]:
    """All that was said in the turn's conversation up to it, as JSON: more than a model may have been sent, never less."""
    found: list[dict[str, Any]] | None = (await connection.execute(_HISTORY, {"turn_id": turn_id})).scalar_one()
    return found or []
