"""Items of maps and rounds of loops."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.runs import Place
from storage.artifacts import packed, unpacked


@dataclass(frozen=True, slots=True)
class At:
    """A map or a loop in a run."""

    run_id: UUID
    step_id: str
    place: Place

    def given(self) -> dict[str, Any]:
        """The same, for a statement."""
        return {"run_id": self.run_id, "step_id": self.step_id, "place": list(self.place)}


@dataclass(frozen=True, slots=True)
class Item:
    """An item or a round. `result` is None while there is none."""

    position: int
    state: Literal["waiting", "completed", "failed"]
    result: Any
    error_kind: str | None
    error_message: str | None


_AT = "run_id = :run_id AND step_id = :step_id AND place = :place"

# The statements below splice in nothing but the constant above.
_PUT = text("""
    INSERT INTO run_items (run_id, step_id, place, position, item)
    SELECT :run_id, :step_id, :place, number, content FROM unnest(CAST(:numbers AS int[]), CAST(:contents AS bytea[]))
        AS t(number, content)
    ON CONFLICT DO NOTHING
""")
_FORGET = text("""
    DELETE FROM run_items
     WHERE run_id = :run_id AND step_id = ANY(:steps) AND place[1:cardinality(CAST(:place AS int[]))] = CAST(:place AS int[])
""")
_ITEM = text(f"SELECT item FROM run_items WHERE {_AT} AND position = :position")  # noqa: S608
_TAKE = text(f"""
    SELECT position FROM run_items WHERE {_AT} AND state = 'waiting' AND position > :after ORDER BY position LIMIT :limit
""")  # noqa: S608
_END = text(f"""
    UPDATE run_items SET state = :state, result = :result, error_kind = :error_kind, error_message = :error_message
     WHERE {_AT} AND position = :position AND state = 'waiting'
""")  # noqa: S608
_ALL = text(f"""
    SELECT position, state, result, error_kind, error_message FROM run_items WHERE {_AT} AND position > :after
     ORDER BY position LIMIT :limit
""")  # noqa: S608
_LAST = text(f"""
    SELECT position, state, result, error_kind, error_message FROM run_items WHERE {_AT} ORDER BY position DESC LIMIT 1
""")  # noqa: S608
_FIRST_FAILED = text(f"""
    SELECT position, state, result, error_kind, error_message FROM run_items WHERE {_AT} AND state = 'failed'
     ORDER BY position LIMIT 1
""")  # noqa: S608
_FAILED = text(f"SELECT count(*) FROM run_items WHERE {_AT} AND state = 'failed'")  # noqa: S608
_RETRY = text(f"""
    UPDATE run_items SET state = 'waiting', error_kind = NULL, error_message = NULL WHERE {_AT} AND state = 'failed'
""")  # noqa: S608
_COUNTS = text("""
    SELECT step_id, place, state, count(*) AS number FROM run_items WHERE run_id = :run_id GROUP BY step_id, place, state
""")


async def put(connection: AsyncConnection, at: At, items: dict[int, Any]) -> None:
    """Store items by position; those that are there already stay."""
    numbers = list(items)
    contents = [packed(one, "An item") for one in items.values()]
    await connection.execute(_PUT, {**at.given(), "numbers": numbers, "contents": contents})


async def forget(connection: AsyncConnection, run_id: UUID, step_ids: Iterable[str], place: Place) -> None:
    """Forget the items of these maps and loops, at `place` and within it."""
    await connection.execute(_FORGET, {"run_id": run_id, "steps": list(step_ids), "place": list(place)})


async def item(connection: AsyncConnection, at: At, position: int) -> Any:
    """One item, or what a round carries."""
    content = (await connection.execute(_ITEM, {**at.given(), "position": position})).scalar_one()
    return unpacked(bytes(content))


async def take(connection: AsyncConnection, at: At, *, after: int, limit: int) -> tuple[int, ...]:
    """Positions of items that have not been worked on."""
    rows = await connection.execute(_TAKE, {**at.given(), "after": after, "limit": limit})
    return tuple(row.position for row in rows)


async def end(
    connection: AsyncConnection, at: At, position: int, *, result: Any = None, error: tuple[str, str] | None = None
) -> None:
    """Store what came of an item. `error` is kind and message. One that has ended stays as it is."""
    await connection.execute(
        _END,
        {
            **at.given(),
            "position": position,
            "state": "failed" if error else "completed",
            "result": None if error else packed(result, "An item's result"),
            "error_kind": error[0] if error else None,
            "error_message": error[1] if error else None,
        },
    )


async def all_of(connection: AsyncConnection, at: At, *, after: int = -1, limit: int | None = None) -> list[Item]:
    """Items in order."""
    return [_item(row) for row in await connection.execute(_ALL, {**at.given(), "after": after, "limit": limit})]


async def last(connection: AsyncConnection, at: At) -> Item | None:
    """The newest round."""
    row = (await connection.execute(_LAST, at.given())).one_or_none()
    return None if row is None else _item(row)


async def failed(connection: AsyncConnection, at: At) -> int:
    """How many items failed."""
    return int((await connection.execute(_FAILED, at.given())).scalar_one())


async def first_failed(connection: AsyncConnection, at: At) -> Item | None:
    """The first item that failed."""
    row = (await connection.execute(_FIRST_FAILED, at.given())).one_or_none()
    return None if row is None else _item(row)


async def retry_failed(connection: AsyncConnection, at: At) -> None:
    """Let failed items be worked on again."""
    await connection.execute(_RETRY, at.given())


async def counts(connection: AsyncConnection, run_id: UUID) -> dict[tuple[str, Place], dict[str, int]]:
    """How many items are in which state, by map or loop."""
    found: dict[tuple[str, Place], dict[str, int]] = {}
    for row in await connection.execute(_COUNTS, {"run_id": run_id}):
        found.setdefault((row.step_id, tuple(row.place)), {})[row.state] = row.number
    return found


def _item(row: Any) -> Item:
    result = None if row.result is None else orjson.loads(bytes(row.result))
    return Item(row.position, row.state, result, row.error_kind, row.error_message)
