"""The outbox: an event is told once to each webhook that asks for it, by one worker at a time, and never lost."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from contracts.errors import ErrorKind, PerdureError
from contracts.webhooks import Announcement, EventType
from storage import keys, outbox, webhooks
from storage.database import Database
from storage.ids import new_id
from storage.outbox import Message
from tests.storage.scenes import NOW

LEASE = timedelta(seconds=60)


async def hook(database: Database, workspace_id: UUID, url: str, *events: EventType) -> UUID:
    async with database.begin() as connection:
        made = await webhooks.create(connection, workspace_id=workspace_id, url=url, events=events, now=NOW)
    return made.id


async def say(database: Database, said: Announcement) -> None:
    async with database.begin() as connection:
        await outbox.add(connection, said)


async def claim(database: Database, seconds: float = 0, limit: int = 100) -> list[Message]:
    async with database.begin() as connection:
        now = NOW + timedelta(seconds=seconds)
        return await outbox.claim(connection, now=now, lease=LEASE, limit=limit)


def reached(workspace_id: UUID) -> Announcement:
    return Announcement(workspace_id, new_id(), EventType.BUDGET_THRESHOLD, {"threshold": "80"}, NOW)


async def test_only_those_who_ask_are_told_and_each_once(database: Database, workspace_id: UUID) -> None:
    async with database.begin() as connection:
        other = await keys.workspace(connection, now=NOW, name="theirs")
    everything = await hook(database, workspace_id, "https://a.example/")
    waits = await hook(database, workspace_id, "https://b.example/", EventType.BUDGET_WAITING)
    await hook(database, other, "https://a.example/")
    said = reached(workspace_id)
    for _ in range(3):
        await say(database, said)
    (message,) = await claim(database)
    assert (message.webhook_id, message.event_id, message.tries) == (everything, said.event_id, 1)
    assert message.body == {
        "type": "budget.threshold",
        "timestamp": NOW.isoformat(),
        "id": str(said.event_id),
        "data": {"threshold": "80"},
    }
    await say(database, replace(said, event_id=new_id(), type=EventType.BUDGET_WAITING))
    assert {one.webhook_id for one in await claim(database)} == {everything, waits}
    with pytest.raises(PerdureError) as caught:
        await hook(database, workspace_id, "https://a.example/")
    assert caught.value.kind is ErrorKind.CONFLICT


async def test_workers_at_once_take_each_message_once_and_a_lost_ones_are_taken_again(
    database: Database, workspace_id: UUID
) -> None:
    await hook(database, workspace_id, "https://a.example/")
    events = [reached(workspace_id) for _ in range(40)]
    for one in events:
        await say(database, one)
    taken = [one for batch in await asyncio.gather(*(claim(database, limit=7) for _ in range(8))) for one in batch]
    rest = await claim(database)
    assert sorted(one.event_id for one in [*taken, *rest]) == sorted(one.event_id for one in events)
    async with database.begin() as connection:
        for one in taken:
            await outbox.delivered(connection, one, now=NOW)
    assert await claim(database, seconds=59) == []
    again = await claim(database, seconds=61)
    assert {one.id for one in again} == {one.id for one in rest}
    assert {one.tries for one in again} <= {2}


async def test_what_is_given_up_or_ended_is_not_taken_again_and_is_dropped_in_time(
    database: Database, workspace_id: UUID
) -> None:
    first = await hook(database, workspace_id, "https://a.example/")
    for _ in range(3):
        await say(database, reached(workspace_id))
    later, never, left = await claim(database)
    async with database.begin() as connection:
        at = NOW + timedelta(seconds=5)
        await outbox.refused(connection, later, error="HTTP 503", next_at=at, now=NOW)
        await outbox.refused(connection, never, error="HTTP 503", next_at=None, now=NOW)
    assert await claim(database, seconds=4) == []
    assert [one.id for one in await claim(database, seconds=6)] == [later.id]
    async with database.begin() as connection:
        await outbox.end(connection, first, error="HTTP 410")
        await webhooks.end(connection, first, because="HTTP 410", now=NOW)
        await outbox.delivered(connection, left, now=NOW)
    await say(database, reached(workspace_id))
    assert await claim(database, seconds=600) == []
    async with database.begin() as connection:
        told = await outbox.of_webhook(connection, first, limit=9)
        assert [(one.state, one.error) for one in sorted(told, key=lambda one: str(one.error))] == [
            ("failed", "HTTP 410"),
            ("failed", "HTTP 410"),
            ("failed", "HTTP 503"),
        ]
        assert await outbox.purge(connection, before=NOW) == 0
        assert await outbox.purge(connection, before=NOW + timedelta(seconds=1)) == 3
