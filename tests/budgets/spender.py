"""A worker process without Temporal: it works off turns through the real activities, and may be killed at any moment.

`python -m tests.budgets.spender DSN SIMULATOR_URL PART OF`: the unfinished turns whose number in the order of their ids is PART
modulo OF. A turn whose metadata says `cancel` is stopped in the middle of its answer.
"""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from temporalio.exceptions import ApplicationError

from activities.turn import ProviderTurnActivities
from activities.world import World
from contracts.activities import CloseTurn, Complete, FailureDetail, OpenTurn
from contracts.errors import ErrorKind
from contracts.policies import Policy
from contracts.turns import TurnState
from domain.pricing import book_of
from providers.protocol import ProviderConfig
from providers.registry import build
from storage import turns
from storage.database import Database
from storage.streams.postgres import PostgresStore
from storage.streams.tiered import TieredStreamLog
from tests.activities.conftest import Place
from tests.activities.watching import complete
from tests.fixtures.planning import health_of, planner_of, utc_now

ANSWERING = "sim:sim-tokens-10-rate-100"
DOWN = "sim:sim-down"
PRICES = {
    ANSWERING: {"price": {"input": 0, "output": 10_000}},
    DOWN: {"price": {"input": 0, "output": 5_000}},
}
"""Ten tokens cost ten cents; the model that fails promises to cost half of it."""
AT_ONCE = 10
_TURNS = text("""
    SELECT id, metadata FROM (SELECT id, request -> 'metadata' AS metadata, state, row_number() OVER (ORDER BY id) AS number
      FROM turns) t
     WHERE number % :parts = :part AND state IN ('accepted', 'running')
""")


async def spend(dsn: str, simulator_url: str, part: int, parts: int) -> None:
    """Work all of them off, several at once."""
    database, streams = Database(dsn, pool_size=AT_ONCE), TieredStreamLog(PostgresStore(dsn))
    await streams.start()
    providers = build([ProviderConfig("sim", "openai-chat", "sim-key", f"{simulator_url}/openai/v1", simulated=True)])
    health = health_of(database, process=f"spender-{part}")
    book = book_of(Policy.model_validate({"models": PRICES}))
    world = World(database, streams, providers, utc_now, planner_of(health, ("sim",)), health)
    world = replace(world, price_book=lambda _: book)
    async with database.begin() as connection:
        rows = (await connection.execute(_TURNS, {"part": part, "parts": parts})).all()
        workspace: Any = (await connection.execute(text("SELECT id FROM workspaces LIMIT 1"))).scalar_one()
    place, gate = Place(world, workspace), asyncio.Semaphore(AT_ONCE)
    sys.stdout.write("ready\n")
    sys.stdout.flush()

    async def one(turn_id: UUID, cancel: bool) -> None:
        async with gate:
            await _answer(place, turn_id, cancel=cancel)

    await asyncio.gather(*(one(row.id, "cancel" in (row.metadata or {})) for row in rows))
    await streams.aclose()
    await database.close()


async def _answer(place: Place, turn_id: UUID, *, cancel: bool) -> None:
    """What the workflow does: candidates in their order, then the end."""
    activities: ProviderTurnActivities = place.activities
    opened = await activities.open_turn(OpenTurn(turn_id=turn_id))
    if opened.plan is None:
        return
    stopping = asyncio.create_task(_stop(place, turn_id)) if cancel else None
    kind, message = ErrorKind.INTERNAL, "nobody was asked"
    for candidate in opened.plan.candidates:
        request = Complete(
            turn_id=turn_id,
            step=0,
            candidate=candidate,
            has_sibling=candidate.index + 1 < len(opened.plan.candidates),
            limits=opened.plan.limits,
            on_new_attempt=opened.plan.on_new_attempt,
        )
        try:
            await complete(place, request)
            break
        except ApplicationError as error:
            kind, message = FailureDetail.model_validate(error.details[0]).kind, error.message
            if kind in (ErrorKind.BUDGET_EXCEEDED, ErrorKind.CANCELLED):
                await _close(activities, turn_id, kind, message)
                break
    else:
        await _close(activities, turn_id, kind, message)
    if stopping is not None:
        stopping.cancel()


async def _close(activities: ProviderTurnActivities, turn_id: UUID, kind: ErrorKind, message: str) -> None:
    state = TurnState.CANCELLED if kind is ErrorKind.CANCELLED else TurnState.FAILED
    await activities.close_turn(CloseTurn(turn_id=turn_id, state=state, error_kind=kind, error_message=message))


async def _stop(place: Place, turn_id: UUID) -> None:
    await asyncio.sleep(0.05)
    async with place.world.database.begin() as connection:
        await turns.request_cancel(connection, turn_id, workspace_id=place.workspace_id, now=datetime.now(UTC))
    await place.world.streams.stop(turn_id)


if __name__ == "__main__":
    asyncio.run(spend(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
