"""Opening an attempt: its number, its ledger row and its reservations, at once."""

from activities import budgeting
from activities.leftovers import settle_open
from activities.world import World
from contracts.activities import Complete
from providers.protocol import Provider
from storage import attempts
from storage.attempts import OpenedAttempt, StoredAnswer
from storage.turns import TurnRow


async def open_attempt(
    world: World, request: Complete, provider: Provider
) -> tuple[OpenedAttempt | StoredAnswer, int | None]:
    """Open the attempt and reserve what it may cost, in one transaction; the tokens that its answer may have.

    What lost attempts had reserved is settled before, where budgets count: a row that reserved nothing would, if this process
    died now, be taken for a call.
    """
    while True:
        try:
            async with world.database.begin() as connection:
                opened = await attempts.open_attempt(
                    connection,
                    request.turn_id,
                    step=request.step,
                    candidate=request.candidate.index,
                    model=request.candidate.model,
                    simulated=provider.config.simulated,
                    now=world.clock(),
                )
                if isinstance(opened, StoredAnswer):
                    return opened, None
                if opened.lost and opened.turn.budgeted:
                    raise _LeftOpenError(opened.turn)
                # An error here takes the row back with it: nothing was called.
                world.price_book(opened.turn.workspace_id).require(request.candidate.model, at=world.clock())
                return opened, await budgeting.reserve(world, connection, request, opened)
        except _LeftOpenError as left:
            await settle_open(world, left.turn)


class _LeftOpenError(Exception):
    """Attempts of the turn are open that a crash has left. Rolls the opening of another back."""

    def __init__(self, turn: TurnRow) -> None:
        super().__init__(f"turn {turn.id} has attempts that were left open")
        self.turn = turn
