"""Batches, and what came of their lines, in JSON."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson

from api.doors import Doors
from contracts.batches import BatchCounts
from contracts.turns import TurnResult
from storage import batch_items, batch_parts, batches
from storage.batch_items import ItemResult
from storage.batch_parts import PartRow
from storage.batches import BatchRow

_PAGE = 500


async def show_batch(doors: Doors, batch: BatchRow) -> dict[str, Any]:
    """A batch with how its items stand, what it cost, and what is at which vendor."""
    async with doors.database.begin() as connection:
        counts = await batches.counts(connection, batch.id)
        cost, at_batch_prices = await batches.spent(connection, batch.id)
        parts = await batch_parts.of(connection, batch.id)
    return {
        **outline(batch),
        "counts": _counts(counts),
        "cost_usd": f"{cost.normalize():f}",
        "cost_at_batch_prices_usd": f"{at_batch_prices.normalize():f}",
        "parts": [_part(part) for part in parts],
        "results_url": f"/api/batches/{batch.id}/results",
    }


def outline(batch: BatchRow) -> dict[str, Any]:
    """A batch in a list."""
    return {
        "id": str(batch.id),
        "name": batch.name,
        "state": batch.state.value,
        "cancelling": batch.cancel_requested and not batch.state.finished,
        "mode": batch.mode,
        "items": batch.items,
        "created_at": batch.created_at.isoformat(),
        "started_at": _moment(batch.started_at),
        "finished_at": _moment(batch.finished_at),
    }


async def result_lines(doors: Doors, batch_id: UUID) -> AsyncIterator[bytes]:
    """Each item as a line of JSON, in the order of the batch. What has not ended says so."""
    after = -1
    while True:
        async with doors.database.begin() as connection:
            page = await batch_items.results(connection, batch_id, after=after, limit=_PAGE)
        if not page:
            return
        after = page[-1].position
        yield b"".join(orjson.dumps(_result(item)) + b"\n" for item in page)


def _result(item: ItemResult) -> dict[str, Any]:
    if item.run_id is not None:
        error = {"kind": item.error_kind, "message": item.error_message} if item.error_kind else None
        output = None if item.output is None else orjson.loads(item.output)
        named = {"custom_id": item.custom_id, "kind": "run", "run_id": str(item.run_id), "state": item.state}
        return {**named, "output": output, "error": error}
    result = TurnResult.model_validate(item.result) if item.result else None
    parts = item.parts or []
    told: dict[str, Any] = {
        "custom_id": item.custom_id,
        "kind": "turn",
        "turn_id": str(item.turn_id),
        "state": item.state,
        "content": "".join(part["text"] for part in parts if part["type"] == "text") if item.parts else None,
        "parts": parts,
    }
    if result is None:
        return {**told, "error": None}
    error = None
    if result.error_kind is not None:
        error = {"kind": result.error_kind.value, "message": result.error_message}
    return {
        **told,
        "model": str(result.model) if result.model else None,
        "served_model": result.served_model,
        "finish_reason": result.finish_reason.value if result.finish_reason else None,
        "usage": result.usage.model_dump(mode="json", exclude_defaults=True) if result.usage else None,
        "cost_usd": f"{result.cost.total:f}" if result.cost else None,
        "attempts": result.attempts,
        "simulated": result.simulated,
        "error": error,
    }


def _counts(counts: BatchCounts) -> dict[str, int]:
    return {
        "total": counts.total,
        "completed": counts.completed,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "unfinished": counts.unfinished,
    }


def _part(part: PartRow) -> dict[str, Any]:
    return {
        "number": part.number,
        "model": str(part.model),
        "state": part.state,
        "items": part.items,
        "vendor_batch_id": part.vendor_id,
        "message": part.message,
        "submitted_at": _moment(part.submitted_at),
        "collected_at": _moment(part.collected_at),
    }


def _moment(at: Any) -> str | None:
    return None if at is None else str(at.isoformat())
