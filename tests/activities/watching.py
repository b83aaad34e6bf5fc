"""Running the activity `complete` as Temporal would, and looking at what it left."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio.testing import ActivityEnvironment

from contracts.activities import Complete, Completed
from contracts.streams import RecordKind, StreamRecord
from storage import ledger, messages, turns
from storage.ledger import LedgerRow
from storage.turns import TurnRow
from tests.activities.conftest import Place


def environment() -> ActivityEnvironment:
    env = ActivityEnvironment()
    env.info = dataclasses.replace(
        env.info, scheduled_time=datetime.now(UTC), schedule_to_close_timeout=timedelta(minutes=10)
    )
    return env


async def complete(place: Place, request: Complete, env: ActivityEnvironment | None = None) -> Completed:
    run: Callable[[Complete], Awaitable[Completed]] = place.activities.complete
    return await (env or environment()).run(run, request)


async def rows(place: Place, turn_id: UUID) -> list[LedgerRow]:
    async with place.world.database.begin() as connection:
        return await ledger.of_turn(connection, turn_id, workspace_id=place.workspace_id)


async def turn(place: Place, turn_id: UUID) -> TurnRow:
    async with place.world.database.begin() as connection:
        return await turns.find(connection, turn_id)


async def answer_text(place: Place, turn_id: UUID) -> str:
    async with place.world.database.begin() as connection:
        said = await messages.of_turn(connection, turn_id)
    return "".join(part.text for message in said for part in message.message.parts if part.type == "text")


async def streamed(place: Place, turn_id: UUID) -> list[StreamRecord]:
    """Everything a reader sees, to the end."""
    async with asyncio.timeout(10):
        return [record async for record in place.world.streams.read(turn_id)]


def shown_text(records: list[StreamRecord]) -> str:
    """What a reader holds after following the records."""
    text = ""
    for record in records:
        match record.kind:
            case RecordKind.RESET:
                text = ""
            case RecordKind.CONTINUE:
                text = text[: record.body.keep_chars]  # type: ignore[union-attr]
            case RecordKind.TEXT:
                text += record.text
            case _:
                pass
    return text
