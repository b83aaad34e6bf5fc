"""The items of batches: how each is answered, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.batches import BatchItem, ItemWay


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item. `attempt` and `bound` are set once it is reserved for a vendor's batch; `ended`: its turn or run has."""

    position: int
    custom_id: str
    turn_id: UUID | None
    run_id: UUID | None
    way: ItemWay
    part: int
    attempt: int | None
    bound: int | None
    ended: bool


@dataclass(frozen=True, slots=True)
class ItemResult:
    """An item with its turn or run. `parts` are the answer's, `input` and `output` a run's artifacts as JSON."""

    position: int
    custom_id: str
    turn_id: UUID | None
    run_id: UUID | None
    state: str
    result: dict[str, Any] | None
    parts: list[dict[str, Any]] | None
    output: bytes | None
    error_kind: str | None
    error_message: str | None


_ITEMS = """
    SELECT i.position, i.custom_id, i.turn_id, i.run_id, i.way, i.part, i.attempt, i.bound,
           coalesce(t.state, r.state) NOT IN ('accepted', 'running') AS ended
      FROM batch_items i LEFT JOIN turns t ON t.id = i.turn_id LEFT JOIN runs r ON r.id = i.run_id
"""

# The statements below splice in nothing but the constant above.
_UNPLANNED = text(f"""
    {_ITEMS} WHERE i.batch_id = :batch_id AND i.part = 0 AND i.way = 'unplanned' ORDER BY i.position LIMIT :limit
""")

_OF_PART = text(f"""
    {_ITEMS} WHERE i.batch_id = :batch_id AND i.part = :part AND i.way = 'vendor' ORDER BY i.position
""")

_LIVE = text(f"""
    {_ITEMS} WHERE i.batch_id = :batch_id AND i.part = :part AND i.way = 'live' AND i.position > :after
       AND coalesce(t.state, r.state) IN ('accepted', 'running') ORDER BY i.position LIMIT :limit
""")

_SET_WAY = text("UPDATE batch_items SET way = :way, part = :part WHERE batch_id = :batch_id AND position = :position")

_HELD = text("""
    UPDATE batch_items SET attempt = :attempt, bound = :bound WHERE batch_id = :batch_id AND position = :position
""")

_GIVE_UP = text("UPDATE batch_items SET way = 'live' WHERE batch_id = :batch_id AND part = :part AND way = 'vendor'")

_RESULTS = text("""
    SELECT i.position, i.custom_id, i.turn_id, i.run_id, coalesce(t.state, r.state) AS state, t.result, m.parts,
           a.content AS output, r.error_kind, r.error_message
      FROM batch_items i
      LEFT JOIN turns t ON t.id = i.turn_id
      LEFT JOIN messages m ON m.turn_id = i.turn_id AND m.step = 0
      LEFT JOIN runs r ON r.id = i.run_id
      LEFT JOIN artifacts a ON a.workspace_id = r.workspace_id AND a.hash = r.output
     WHERE i.batch_id = :batch_id AND i.position > :after ORDER BY i.position LIMIT :limit
""")


async def unplanned(connection: AsyncConnection, batch_id: UUID, *, limit: int) -> list[ItemRow]:
    """Items of which nobody decided how they are answered."""
    return [_item(row) for row in await connection.execute(_UNPLANNED, {"batch_id": batch_id, "limit": limit})]


async def of_part(connection: AsyncConnection, batch_id: UUID, part: int) -> list[ItemRow]:
    """Items that a vendor's batch is to answer, and has not."""
    return [_item(row) for row in await connection.execute(_OF_PART, {"batch_id": batch_id, "part": part})]


async def live(connection: AsyncConnection, batch_id: UUID, part: int, *, after: int, limit: int) -> list[BatchItem]:
    """Items that are to be asked by themselves and have not ended."""
    given = {"batch_id": batch_id, "part": part, "after": after, "limit": limit}
    return [
        BatchItem(position=row.position, turn_id=row.turn_id, run_id=row.run_id)
        for row in await connection.execute(_LIVE, given)
    ]


async def go(connection: AsyncConnection, batch_id: UUID, position: int, way: ItemWay, *, part: int) -> None:
    """Decide how an item is answered."""
    await connection.execute(_SET_WAY, {"batch_id": batch_id, "position": position, "way": way, "part": part})


async def held(connection: AsyncConnection, batch_id: UUID, position: int, *, attempt: int, bound: int | None) -> None:
    """Its attempt is open, and what it may cost reserved."""
    await connection.execute(_HELD, {"batch_id": batch_id, "position": position, "attempt": attempt, "bound": bound})


async def give_up(connection: AsyncConnection, batch_id: UUID, part: int) -> None:
    """What the vendor's batch did not answer is asked by itself."""
    await connection.execute(_GIVE_UP, {"batch_id": batch_id, "part": part})


async def results(connection: AsyncConnection, batch_id: UUID, *, after: int, limit: int) -> Sequence[ItemResult]:
    """What came of the items beyond a position, in their order."""
    rows = await connection.execute(_RESULTS, {"batch_id": batch_id, "after": after, "limit": limit})
    return [
        ItemResult(
            position=row.position,
            custom_id=row.custom_id,
            turn_id=row.turn_id,
            run_id=row.run_id,
            state=row.state,
            result=row.result,
            parts=row.parts,
            output=None if row.output is None else bytes(row.output),
            error_kind=row.error_kind,
            error_message=row.error_message,
        )
        for row in rows
    ]


def _item(row: Any) -> ItemRow:
    return ItemRow(
        row.position, row.custom_id, row.turn_id, row.run_id, row.way, row.part, row.attempt, row.bound, row.ended
    )
