"""Opening an attempt: its number, its ledger row and its reservations, at once."""

from sqlalchemy.ext.asyncio import AsyncConnection

from activities import budgeting
from activities.leftovers import settle_open
from activities.world import World
from contracts.activities import Complete
from providers.protocol import Provider
from storage import attempts
from storage.attempts import OpenedAttempt, Ready, StoredAnswer
from storage.turns import TurnRow


async def open_attempt(
    world: World, request: Complete, provider: Provider
) -> tuple[OpenedAttempt | StoredAnswer, int | None]:
    """Open the attempt and reserve what it may cost, in one transaction; the tokens that its answer may have.

    Where nothing is reserved, the opening is one statement and needs no transaction around it.

    What lost attempts had reserved is settled before, where budgets count: a row that reserved nothing would, if this process
    died now, be taken for a call.
    """
    while True:
        try:
            async with world.database.singly() as connection:
                seen = await attempts.look(connection, request.turn_id, step=request.step)
                if isinstance(seen, StoredAnswer):
                    return seen, None
                world.price_book(seen.turn.workspace_id).require(request.candidate.model, at=world.clock())
                if not seen.turn.budgeted:
                    opened = await _open(world, connection, request, provider, seen)
                    if opened is not None:
                        return opened, None
                    continue
            async with world.database.begin() as connection:
                opened = await _open(world, connection, request, provider, seen)
                if opened is None:
                    continue
                if opened.lost:
                    raise _LeftOpenError(opened.turn)
                # An error here takes the row back with it: nothing was called.
                return opened, await budgeting.reserve(world, connection, request, opened)
        except _LeftOpenError as left:
            await settle_open(world, left.turn)


async def _open(
    world: World, connection: AsyncConnection, request: Complete, provider: Provider, seen: Ready
) -> OpenedAttempt | None:
    return await attempts.open_seen(
        connection,
        seen,
        step=request.step,
        candidate=request.candidate.index,
        model=request.candidate.model,
        simulated=provider.config.simulated,
        now=world.clock(),
    )


class _LeftOpenError(Exception):
    """Attempts of the turn are open that a crash has left. Rolls the opening of another back."""

    def __init__(self, turn: TurnRow) -> None:
        super().__init__(f"turn {turn.id} has attempts that were left open")
        self.turn = turn
