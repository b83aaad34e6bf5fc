"""The activities of a turn: plan it, ask a candidate, end it."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.attempt import attempt
from activities.errors import failure
from activities.leftovers import settle_open
from activities.showing import show_end
from activities.world import World
from contracts.activities import (
    ClosedTurn,
    CloseTurn,
    Complete,
    Completed,
    OpenedTurn,
    OpenTurn,
    TurnActivities,
)
from contracts.errors import PerdureError
from contracts.turns import RoutePlan, TurnResult, TurnState
from contracts.usage import Cost
from domain.retries import GiveUp
from storage import attempts, audit, budget_events, turns
from storage.turns import TurnRow


class ProviderTurnActivities(TurnActivities):
    """The turn's activities over real providers, a database and a stream log."""

    def __init__(self, world: World) -> None:
        self._world = world

    @activity.defn(name="open_turn")
    async def open_turn(self, request: OpenTurn) -> OpenedTurn:
        """Plan the turn and take the lane. Idempotent: the first plan is kept. Where no model can answer, the turn ends."""
        try:
            made: RoutePlan | CloseTurn | None = None
            async with self._world.database.singly() as connection:
                while made is None:
                    lane = await turns.at_lane(connection, request.turn_id)
                    turn = lane.turn
                    if turn.state.finished:
                        return OpenedTurn(status="finished", result=turn.result)
                    if lane.blocked_by is not None:
                        return OpenedTurn(status="busy", blocked_by=lane.blocked_by)
                    made = turn.plan or await self._started(connection, turn)
            if isinstance(made, CloseTurn):
                closed = await self._close(made)
                return OpenedTurn(status="finished", result=closed.result, next_turn_id=closed.next_turn_id)
        except PerdureError as error:
            raise failure(error, GiveUp("the turn cannot be opened")) from error
        return OpenedTurn(status="planned", plan=made, heartbeat_timeout=self._world.load.heartbeat_timeout())

    @activity.defn(name="complete")
    async def complete(self, request: Complete) -> Completed:
        """Call one candidate, stream its answer, store it. Fails with an error kind as the failure's type."""
        return await attempt(self._world, request)

    @activity.defn(name="close_turn")
    async def close_turn(self, request: CloseTurn) -> ClosedTurn:
        """End the turn without an answer. Idempotent: a finished turn keeps its result."""
        try:
            return await self._close(request)
        except PerdureError as error:
            raise failure(error, GiveUp("the turn cannot be closed")) from error

    async def _started(self, connection: AsyncConnection, turn: TurnRow) -> RoutePlan | CloseTurn | None:
        """The plan with which the turn was started now; None where it was started, or ended, meanwhile."""
        now = self._world.clock()
        plan = await self._plan(connection, turn, now=now)
        if isinstance(plan, RoutePlan) and not await turns.start(connection, turn.id, plan, now=now):
            return None
        return plan

    async def _plan(self, connection: AsyncConnection, turn: TurnRow, *, now: datetime) -> RoutePlan | CloseTurn:
        """The plan, or how the turn ends where nobody can answer it."""
        try:
            return await self._world.planner.plan(connection, turn, now=now)
        except PerdureError as error:
            return CloseTurn(
                turn_id=turn.id,
                state=TurnState.FAILED,
                error_kind=error.kind,
                error_message=error.message,
                error_field=error.field,
                error_detail=error.detail or None,
            )

    async def _close(self, request: CloseTurn) -> ClosedTurn:
        world, now = self._world, self._world.clock()
        async with world.database.begin() as connection:
            left = await turns.find(connection, request.turn_id)
        if not left.state.finished:
            await settle_open(world, left)
        async with world.database.begin() as connection:
            turn = await turns.lock(connection, request.turn_id)
            if turn.state.finished and turn.result is not None:
                return ClosedTurn(result=turn.result, next_turn_id=await turns.next_in_lane(connection, turn.id))
            await budget_events.waited(connection, turn.id)
            cost, count = await attempts.spent(connection, turn.id)
            result = TurnResult(
                turn_id=turn.id,
                state=request.state,
                attempts=count,
                # The column's scale is not the amount's: nothing would be written as 0E-12.
                cost=Cost(total=Decimal(f"{cost.normalize():f}")),
                error_kind=request.error_kind,
                error_message=request.error_message,
                error_field=request.error_field,
                error_detail=request.error_detail,
            )
            fence = await turns.close(connection, result, now=now)
            await audit.record(
                connection,
                workspace_id=turn.workspace_id,
                at=now,
                actor="worker",
                action=f"turn.{request.state}",
                subject_id=turn.id,
                detail={"kind": request.error_kind.value, "attempts": count},
            )
            following = await turns.next_in_lane(connection, turn.id)
        if fence is not None:
            await show_end(world.streams, turn.id, attempt=fence, result=result)
        return ClosedTurn(result=result, next_turn_id=following)
