"""What storage tests begin with: a request, an accepted turn, a running turn."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.events import FinishReason
from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.turns import Candidate, Limits, RoutePlan, TurnRequest, TurnResult, TurnState
from contracts.usage import Cost, Usage
from storage import attempts, conversations, turns
from storage.accepting import AcceptedTurn, accept_turn
from storage.answers import store_answer
from storage.attempts import LedgerEntry, OpenedAttempt
from storage.database import Database
from storage.ids import new_id

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODEL = ModelRef(provider="sim", model="sim-fast")
PLAN = RoutePlan(
    candidates=(Candidate(index=0, model=MODEL, reason="asked for"),), limits=Limits(), on_new_attempt="reset"
)


def asking(text: str = "hello", **changes: Any) -> TurnRequest:
    return TurnRequest(models=(MODEL,), messages=(Message(role="user", parts=(TextPart(text=text),)),), **changes)


async def new_conversation(database: Database, workspace_id: UUID) -> UUID:
    async with database.begin() as connection:
        made = await conversations.create(
            connection, workspace_id=workspace_id, title=None, models=(), metadata={}, now=NOW
        )
    return made.id


async def accepted(
    database: Database,
    workspace_id: UUID,
    request: TurnRequest | None = None,
    *,
    conversation_id: UUID | None = None,
    turn_id: UUID | None = None,
    key: str | None = None,
) -> AcceptedTurn:
    async with database.begin() as connection:
        return await accept_turn(
            connection,
            request or asking(),
            turn_id=turn_id or new_id(),
            workspace_id=workspace_id,
            conversation_id=conversation_id,
            idempotency_key=key,
            now=NOW,
        )


async def running(database: Database, turn_id: UUID) -> None:
    async with database.begin() as connection:
        lane = await turns.at_lane(connection, turn_id)
        assert lane.blocked_by is None
        await turns.start(connection, turn_id, PLAN, now=NOW)


async def opened_attempt(database: Database, turn_id: UUID) -> OpenedAttempt:
    async with database.begin() as connection:
        opened = await attempts.open_attempt(
            connection, turn_id, step=0, candidate=0, model=MODEL, simulated=True, now=NOW
        )
    assert isinstance(opened, OpenedAttempt)
    return opened


def result(turn_id: UUID, state: TurnState = TurnState.COMPLETED) -> TurnResult:
    return TurnResult(turn_id=turn_id, state=state, finish_reason=FinishReason.STOP, model=MODEL, attempts=1)


async def answered(database: Database, opened: OpenedAttempt, text: str = "an answer") -> bool:
    """Store an answer as the activity does; False where the attempt is not the newest."""
    turn, usage, cost = opened.turn, Usage(input_uncached=10, output=5), Cost(total=Decimal("0.01"))
    async with database.begin() as connection:
        won = await store_answer(
            connection,
            turn,
            result(turn.id),
            (TextPart(text=text),),
            LedgerEntry(state="completed", usage=usage, cost=cost, finished_at=NOW),
            message_id=new_id(),
            step=0,
            attempt=opened.number,
        )
        if won:
            await attempts.track_conversation(connection, turn, model=MODEL, usage=usage, cost=cost, now=NOW)
    return won
