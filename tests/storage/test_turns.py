"""Accepting, the lane, the fence and the end of turns, on a real PostgreSQL."""

import asyncio
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from contracts.errors import ErrorKind, PerdureError
from contracts.ids import keyed_turn_id
from contracts.turns import TurnState
from storage import attempts, conversations, interrupted, ledger, messages, turns
from storage.attempts import Ready, StoredAnswer
from storage.database import Database
from tests.storage.scenes import (
    MODEL,
    NOW,
    PLAN,
    accepted,
    answered,
    asking,
    new_conversation,
    opened_attempt,
    result,
    running,
)

pytestmark = pytest.mark.real


async def test_one_key_makes_one_turn_however_often_it_is_sent(database: Database, workspace_id: UUID) -> None:
    turn_id = keyed_turn_id(workspace_id, "order-1")
    made = await asyncio.gather(*(accepted(database, workspace_id, turn_id=turn_id, key="order-1") for _ in range(20)))
    assert sum(one.created for one in made) == 1
    assert {one.turn_id for one in made} == {turn_id}


async def test_a_key_cannot_be_used_for_another_request(database: Database, workspace_id: UUID) -> None:
    turn_id = keyed_turn_id(workspace_id, "order-1")
    await accepted(database, workspace_id, asking("one"), turn_id=turn_id, key="order-1")
    with pytest.raises(PerdureError, match="order-1") as raised:
        await accepted(database, workspace_id, asking("two"), turn_id=turn_id, key="order-1")
    assert (raised.value.kind, raised.value.field) == (ErrorKind.CONFLICT, "Idempotency-Key")


async def test_a_busy_conversation_rejects_queues_or_interrupts(database: Database, workspace_id: UUID) -> None:
    conversation_id = await new_conversation(database, workspace_id)
    first = await accepted(database, workspace_id, conversation_id=conversation_id)
    with pytest.raises(PerdureError) as raised:
        await accepted(database, workspace_id, conversation_id=conversation_id)
    assert raised.value.kind is ErrorKind.CONFLICT
    assert raised.value.detail == {"turn_id": str(first.turn_id)}
    queued = await accepted(database, workspace_id, asking(on_busy="queue"), conversation_id=conversation_id)
    stopping = await accepted(database, workspace_id, asking(on_busy="interrupt"), conversation_id=conversation_id)
    assert (queued.interrupts, stopping.interrupts) == ((), (queued.turn_id, first.turn_id))


async def test_concurrent_turns_of_one_conversation_run_one_after_another(
    database: Database, workspace_id: UUID
) -> None:
    conversation_id = await new_conversation(database, workspace_id)
    queued = asking(on_busy="queue")
    made = await asyncio.gather(
        *(accepted(database, workspace_id, queued, conversation_id=conversation_id) for _ in range(10))
    )
    order: list[UUID] = []
    left = {one.turn_id for one in made}
    while left:
        free = []
        for turn_id in left:
            async with database.begin() as connection:
                lane = await turns.at_lane(connection, turn_id)
            if lane.blocked_by is None:
                free.append(turn_id)
        assert len(free) == 1
        await running(database, free[0])
        assert await answered(database, await opened_attempt(database, free[0]))
        async with database.begin() as connection:
            following = await turns.next_in_lane(connection, free[0])
        assert (following in left) == (len(left) > 1)
        left.remove(free[0])
        order.append(free[0])
    assert len(order) == 10


async def test_history_keeps_the_order_of_turns_not_of_arrival(database: Database, workspace_id: UUID) -> None:
    conversation_id = await new_conversation(database, workspace_id)
    first = await accepted(database, workspace_id, asking("first"), conversation_id=conversation_id)
    second = await accepted(database, workspace_id, asking("second", on_busy="queue"), conversation_id=conversation_id)
    await running(database, first.turn_id)
    assert [part.text for part in (await opened_attempt(database, first.turn_id)).request.messages[-1].parts] == [  # type: ignore[union-attr]
        "first"
    ]
    async with database.begin() as connection:
        turn = await turns.find(connection, first.turn_id)
    assert turn.attempt == 1
    opened = await opened_attempt(database, first.turn_id)
    assert await answered(database, opened, "to the first")
    await running(database, second.turn_id)
    said = (await opened_attempt(database, second.turn_id)).request.messages
    assert [(message.role, message.parts[0].text) for message in said] == [  # type: ignore[union-attr]
        ("user", "first"),
        ("assistant", "to the first"),
        ("user", "second"),
    ]
    async with database.begin() as connection:
        talk = await conversations.find(connection, conversation_id, workspace_id=workspace_id)
        page = await messages.page(connection, conversation_id, after=(0, -1), limit=2)
        rest = await messages.page(connection, conversation_id, after=(1, 1), limit=2)
    assert [Decimal(talk.cost_tracking["cost_usd"]), talk.cost_tracking["turns"]] == [Decimal("0.01"), 1]
    assert [entry["model"] for entry in talk.model_history] == [str(MODEL)]
    assert [one.position for one in page] == [0, 1]
    assert [one.turn_no for one in rest] == [2]


async def test_only_the_newest_attempt_can_finish_and_both_are_billed(database: Database, workspace_id: UUID) -> None:
    made = await accepted(database, workspace_id)
    await running(database, made.turn_id)
    zombie = await opened_attempt(database, made.turn_id)
    heir = await opened_attempt(database, made.turn_id)
    assert heir.lost == (1,)
    assert not await answered(database, zombie)
    assert await answered(database, heir)
    async with database.begin() as connection:
        rows = await ledger.of_turn(connection, made.turn_id, workspace_id=workspace_id)
        found = await attempts.open_attempt(
            connection, made.turn_id, step=0, candidate=0, model=MODEL, simulated=True, now=NOW
        )
    assert [(row.attempt, row.cost) for row in rows] == [(1, Decimal("0.01")), (2, Decimal("0.01"))]
    assert isinstance(found, StoredAnswer)


async def test_nothing_is_opened_on_what_was_seen_before_something_happened(
    database: Database, workspace_id: UUID
) -> None:
    made = await accepted(database, workspace_id)
    await running(database, made.turn_id)

    async def seen() -> Ready:
        async with database.singly() as connection:
            found = await attempts.look(connection, made.turn_id, step=0)
        assert isinstance(found, Ready)
        return found

    async def opens(found: Ready) -> bool:
        async with database.singly() as connection:
            opened = await attempts.open_seen(
                connection, found, step=0, candidate=0, model=MODEL, simulated=True, now=NOW
            )
        return opened is not None

    first = await seen()
    # Of two that have seen the same, one opens; the other marks nothing as lost.
    assert sorted(await asyncio.gather(opens(first), opens(first))) == [False, True]
    second = await seen()
    heir = await opened_attempt(database, made.turn_id)
    assert not await opens(second)
    third = await seen()
    assert await answered(database, heir)
    assert not await opens(third)
    async with database.singly() as connection:
        assert isinstance(await attempts.look(connection, made.turn_id, step=0), StoredAnswer)
    async with database.begin() as connection:
        rows = await ledger.of_turn(connection, made.turn_id, workspace_id=workspace_id)
    assert [(row.attempt, row.state) for row in rows] == [(1, "interrupted"), (2, "completed")]


async def test_a_stop_between_the_look_and_the_opening_is_heard(database: Database, workspace_id: UUID) -> None:
    made = await accepted(database, workspace_id)
    await running(database, made.turn_id)
    async with database.singly() as connection:
        found = await attempts.look(connection, made.turn_id, step=0)
        assert isinstance(found, Ready)
        await turns.request_cancel(connection, made.turn_id, workspace_id=workspace_id, now=NOW)
        opened = await attempts.open_seen(connection, found, step=0, candidate=0, model=MODEL, simulated=True, now=NOW)
    assert opened is None


async def test_a_turn_is_started_once_with_the_first_plan(database: Database, workspace_id: UUID) -> None:
    made = await accepted(database, workspace_id)
    other = PLAN.model_copy(update={"answer_bound": 7})
    async with database.singly() as connection:
        assert await turns.start(connection, made.turn_id, PLAN, now=NOW)
        assert not await turns.start(connection, made.turn_id, other, now=NOW)
        assert (await turns.at_lane(connection, made.turn_id)).turn.plan == PLAN
        assert await turns.close(connection, result(made.turn_id, TurnState.CANCELLED), now=NOW) is not None
        assert not await turns.start(connection, made.turn_id, other, now=NOW)


async def test_a_stop_wished_for_before_the_attempt_ends_it(database: Database, workspace_id: UUID) -> None:
    made = await accepted(database, workspace_id)
    await running(database, made.turn_id)
    async with database.begin() as connection:
        await turns.request_cancel(connection, made.turn_id, workspace_id=workspace_id, now=NOW)
    with pytest.raises(PerdureError) as raised:
        await opened_attempt(database, made.turn_id)
    assert raised.value.kind is ErrorKind.CANCELLED


async def test_closing_fences_off_every_attempt_and_happens_once(database: Database, workspace_id: UUID) -> None:
    made = await accepted(database, workspace_id)
    await running(database, made.turn_id)
    late = await opened_attempt(database, made.turn_id)
    async with database.begin() as connection:
        ended = result(made.turn_id, TurnState.FAILED)
        assert await turns.close(connection, ended, now=NOW) == late.number + 1
        assert await turns.close(connection, ended, now=NOW) is None
        assert await interrupted.close_left_open(connection, made.turn_id, now=NOW) == ((0, late.number),)
    assert not await answered(database, late)


async def test_what_belongs_to_another_workspace_does_not_exist(database: Database, workspace_id: UUID) -> None:
    made = await accepted(database, workspace_id)
    conversation_id = await new_conversation(database, workspace_id)
    async with database.begin() as connection:
        with pytest.raises(PerdureError, match="There is no turn"):
            await turns.find(connection, made.turn_id, workspace_id=uuid4())
        with pytest.raises(PerdureError, match="There is no conversation"):
            await conversations.find(connection, conversation_id, workspace_id=uuid4())
        with pytest.raises(PerdureError, match="There is no turn"):
            await turns.request_cancel(connection, made.turn_id, workspace_id=uuid4(), now=NOW)


async def test_deleting_a_conversation_deletes_its_words_and_keeps_the_ledger(
    database: Database, workspace_id: UUID
) -> None:
    conversation_id = await new_conversation(database, workspace_id)
    made = await accepted(database, workspace_id, conversation_id=conversation_id)
    async with database.begin() as connection:
        with pytest.raises(PerdureError, match="Cancel the turn first"):
            await conversations.delete(connection, conversation_id, workspace_id=workspace_id)
    await running(database, made.turn_id)
    assert await answered(database, await opened_attempt(database, made.turn_id))
    async with database.begin() as connection:
        await conversations.delete(connection, conversation_id, workspace_id=workspace_id)
        rows = await ledger.of_turn(connection, made.turn_id, workspace_id=workspace_id)
        words = (await connection.execute(text("SELECT count(*) FROM messages"))).scalar_one()
    assert (len(rows), words) == (1, 0)
