"""The doors over a real database, stream log and Temporal, with no worker: the tests play its part."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import httpx2
import pytest
import uvicorn
from temporalio.client import Client

from activities.classifying import Classifying
from activities.planning import Planner
from api.app import create_app
from api.doors import Doors
from contracts.parts import Part, TextPart
from contracts.streams import AttemptOpened, PartShown, RecordKind
from contracts.turns import TurnResult, TurnState
from contracts.usage import Cost, Usage
from domain.catalog import Catalogs, offer
from domain.policies.force import FixedPolicies
from storage import keys, turns
from storage.answers import store_answer
from storage.attempts import LedgerEntry
from storage.database import Database
from storage.ids import new_id
from storage.migrating import migrate
from storage.streams.log import StreamWriter
from storage.streams.postgres import PostgresStore
from storage.streams.tiered import TieredStreamLog
from tests.fixtures.planning import health_of
from tests.storage.scenes import MODEL, opened_attempt, result, running


@dataclass(frozen=True, slots=True)
class Open:
    """Open doors at `url`. `key` belongs to the default workspace, `stranger` to another."""

    url: str
    doors: Doors
    key: str
    stranger: str
    workspace_id: UUID

    def http(self, key: str | None = None) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=30)

    async def attempt(self, turn_id: UUID) -> "Attempt":
        """What a worker does first: the turn runs, its next attempt is open."""
        async with self.doors.database.begin() as connection:
            turn = await turns.find(connection, turn_id)
        if turn.state is TurnState.ACCEPTED:
            await running(self.doors.database, turn_id)
        opened = await opened_attempt(self.doors.database, turn_id)
        return Attempt(self.doors, opened.turn, opened.number, await self.doors.streams.open(turn_id, opened.number))


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt at a turn, as a worker makes it."""

    doors: Doors
    turn: turns.TurnRow
    number: int
    writer: StreamWriter

    def begin(self, kind: RecordKind = RecordKind.START, keep: int = 0) -> "Attempt":
        self.writer.append(kind, body=AttemptOpened(step=0, model=MODEL, keep_chars=keep))
        return self

    def say(self, text: str, index: int = 0) -> "Attempt":
        self.writer.append(RecordKind.TEXT, index=index, text=text)
        return self

    def show(self, part: Part, index: int = 0) -> "Attempt":
        self.writer.append(RecordKind.PART, index=index, body=PartShown(part=part))
        return self

    async def lose(self) -> None:
        """Fail: all that was said is in the log, and another attempt follows."""
        await self.writer.close()

    async def end(self, *parts: Part, logged: bool = True) -> TurnResult:
        """Store the answer and end the turn; `logged` False leaves the end out of the stream, as a crash would."""
        now = datetime.now(UTC)
        message_id = new_id()
        ended = result(self.turn.id).model_copy(update={"message_id": message_id, "attempts": self.number})
        entry = LedgerEntry(state="completed", usage=Usage(), cost=Cost(), finished_at=now)
        async with self.doors.database.singly() as connection:
            assert await store_answer(
                connection,
                self.turn,
                ended,
                parts or (TextPart(text="an answer"),),
                entry,
                message_id=message_id,
                step=0,
                attempt=self.number,
            )
        if logged:
            self.writer.append(RecordKind.END, body=ended)
        await self.writer.close()
        return ended


@contextlib.asynccontextmanager
async def opening(dsn: str, temporal: Client, **changes: object) -> AsyncIterator[Open]:
    """Open the doors on a fresh, migrated database."""
    database = Database(dsn, pool_size=4)
    await migrate(database)
    streams = TieredStreamLog(PostgresStore(dsn))
    await streams.start()
    now = datetime.now(UTC)
    secrets = keys.new_secret(), keys.new_secret()
    async with database.begin() as connection:
        ours = await keys.workspace(connection, now=now)
        theirs = await keys.workspace(connection, now=now, name="theirs")
        await keys.add(connection, secrets[0], workspace_id=ours, name="ours", now=now)
        await keys.add(connection, secrets[1], workspace_id=theirs, name="theirs", now=now)
    catalogs = Catalogs([offer(name, own_server=False, simulated=True) for name in ("openai", "sim")])
    policies = FixedPolicies()
    built = Doors(
        database=database,
        streams=streams,
        temporal=temporal,
        catalogs=catalogs,
        planner=Planner(catalogs, policies, health_of(database).view, Classifying()),
        policies=policies,
        clock=lambda: datetime.now(UTC),
        max_request_bytes=100_000,
        default_model=None,
        version="test",
    )
    doors = replace(built, **changes)  # type: ignore[arg-type]
    async with listening(doors) as url:
        yield Open(url, doors, secrets[0], secrets[1], ours)
    await streams.aclose()
    await database.close()


@contextlib.asynccontextmanager
async def listening(doors: Doors) -> AsyncIterator[str]:
    """The application on a free port."""
    config = uvicorn.Config(
        create_app(doors), port=0, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


def figure(opened: Open, name: str) -> float:
    """One of the API's own figures."""
    found = opened.doors.metrics.registry.get_sample_value(name)
    assert found is not None, name
    return found


@pytest.fixture
async def opened(postgres_dsn: str, temporal_client: Client) -> AsyncIterator[Open]:
    async with opening(postgres_dsn, temporal_client) as doors:
        yield doors
