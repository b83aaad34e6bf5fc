"""Policies in force, as a process has them: over a real database, and over a file."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from domain.policies.reading import read
from storage import keys, policies
from storage.database import Database
from storage.migrating import migrate
from storage.policies import StoredPolicy
from workers.policies.file import PolicyFile
from workers.policies.live import LivePolicies

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATIENCE = 20.0


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition, which nothing tells of but itself."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def idle(live: LivePolicies, workspace_id: UUID) -> float | None:
    """The limit by which these tests tell policies apart."""
    return live.effective(workspace_id).policy.limits.idle


@dataclass(slots=True)
class Deployment:
    """A migrated database, a policy file and the processes that follow both."""

    database: Database
    file: Path
    workspace_id: UUID
    other_id: UUID
    opened: list[LivePolicies] = field(default_factory=list)

    async def process(self, *, required: bool = False, copies: str = "data") -> LivePolicies:
        """What one process holds, started."""
        folder = self.file.parent / copies
        live = LivePolicies(
            self.database, PolicyFile(self.file, copies=folder), required=required, clock=lambda: datetime.now(UTC)
        )
        self.opened.append(live)
        await live.start()
        return live

    async def put(
        self, text: str, *, expected: int | None = None, workspace_id: UUID | None = None
    ) -> tuple[StoredPolicy, bool]:
        """Store a version, as the API does in another process."""
        async with self.database.begin() as connection:
            return await policies.put(
                connection,
                workspace_id=workspace_id or self.workspace_id,
                document=read(text, source="workspace").document,
                source=text,
                author="pdr_author",
                expected=expected,
                now=NOW,
            )


@contextlib.asynccontextmanager
async def deployed(dsn: str, folder: Path) -> AsyncIterator[Deployment]:
    """A deployment on an empty database, until the block ends."""
    database = Database(dsn, pool_size=4)
    await migrate(database)
    async with database.begin() as connection:
        ours = await keys.workspace(connection, now=NOW)
        theirs = await keys.workspace(connection, now=NOW, name="theirs")
    files = folder / "etc"
    files.mkdir()
    made = Deployment(database, files / "policies.yaml", ours, theirs)
    try:
        yield made
    finally:
        for live in made.opened:
            await live.aclose()
        await database.close()


@pytest.fixture
async def deployment(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[Deployment]:
    async with deployed(postgres_dsn, tmp_path) as made:
        yield made
