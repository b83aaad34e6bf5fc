"""A world over real parts: PostgreSQL, the stream log, the adapters, the simulator."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from activities.turn import ProviderTurnActivities
from activities.world import World
from contracts.activities import Complete, OpenTurn
from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.turns import Limits, TurnRequest
from providers.protocol import ProviderConfig
from providers.registry import build
from providers.simulator.control import Simulator
from storage import keys
from storage.accepting import accept_turn
from storage.database import Database
from storage.ids import new_id
from storage.migrating import migrate
from storage.streams.postgres import PostgresStore
from storage.streams.tiered import TieredStreamLog
from tests.fixtures.planning import health_of, planner_of, utc_now


class Place:
    """The world, with what a test needs to put a turn into it."""

    def __init__(self, world: World, workspace_id: UUID) -> None:
        self.world = world
        self.workspace_id = workspace_id
        self.activities = ProviderTurnActivities(world)

    async def accept(self, *models: str, text: str = "Say something.", **changes: object) -> UUID:
        """An accepted, opened turn that asks `models` in order."""
        turn_id = new_id()
        request = TurnRequest(
            models=tuple(ModelRef.parse(model) for model in models),
            messages=(Message(role="user", parts=(TextPart(text=text),)),),
            **changes,  # type: ignore[arg-type]
        )
        async with self.world.database.begin() as connection:
            await accept_turn(
                connection,
                request,
                turn_id=turn_id,
                workspace_id=self.workspace_id,
                conversation_id=None,
                idempotency_key=None,
                now=datetime.now(UTC),
            )
        await self.activities.open_turn(OpenTurn(turn_id=turn_id))
        return turn_id

    async def request(self, turn_id: UUID, candidate: int = 0, **changes: object) -> Complete:
        """What the workflow would ask for that candidate."""
        opened = await self.activities.open_turn(OpenTurn(turn_id=turn_id))
        assert opened.plan is not None
        plan = opened.plan
        return Complete(
            turn_id=turn_id,
            step=0,
            candidate=plan.candidates[candidate],
            has_sibling=candidate + 1 < len(plan.candidates),
            limits=plan.limits,
            on_new_attempt=plan.on_new_attempt,
        ).model_copy(update=changes)


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
async def place(postgres_dsn: str, simulator: Simulator) -> AsyncIterator[Place]:
    database = Database(postgres_dsn)
    await migrate(database)
    streams = TieredStreamLog(PostgresStore(postgres_dsn))
    await streams.start()
    providers = build(
        [
            ProviderConfig("openai", "openai", "sim-key", simulator.openai_url, simulated=True),
            ProviderConfig("anthropic", "anthropic", "sim-key", simulator.anthropic_url, simulated=True),
            ProviderConfig("google", "google", "sim-key", simulator.google_url, simulated=True),
            ProviderConfig("sim", "openai-chat", "sim-key", simulator.openai_url, simulated=True),
        ]
    )
    now = datetime.now(UTC)
    async with database.begin() as connection:
        workspace_id = await keys.workspace(connection, now=now)
    try:
        health = health_of(database)
        world = World(database, streams, providers, utc_now, planner_of(health, tuple(providers)), health)
        yield Place(world, workspace_id)
    finally:
        for provider in providers.values():
            await provider.close()
        await streams.aclose()
        await database.close()
