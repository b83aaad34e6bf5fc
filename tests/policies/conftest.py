"""Policies in force, as a process has them: over a real database, and over a file."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from temporalio.client import Client

from domain.policies.reading import read
from storage import keys, policies
from storage.database import Database
from storage.migrating import migrate
from storage.policies import StoredPolicy
from tests.api.conftest import Open, listening, opening
from workers.policies.file import PolicyFile
from workers.policies.live import LivePolicies

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATIENCE = 20.0
YAML = {"Content-Type": "application/yaml"}


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


@dataclass(frozen=True, slots=True)
class Governed:
    """Open doors at `opened`, another process's at `elsewhere`, and the file that both follow."""

    opened: Open
    elsewhere: Open
    policies: LivePolicies
    file: Path

    async def put(self, body: str | bytes, **headers: str) -> httpx2.Response:
        async with self.opened.http() as http:
            sent = {**YAML, **{name.replace("_", "-"): value for name, value in headers.items()}}
            return await http.put("/api/policies", content=body, headers=sent)

    async def get(self, path: str = "", **query: Any) -> Any:
        async with self.opened.http() as http:
            return (await http.get(f"/api/policies{path}", params=query)).raise_for_status().json()


@pytest.fixture
async def governed(postgres_dsn: str, temporal_client: Client, tmp_path: Path) -> AsyncIterator[Governed]:
    database = Database(postgres_dsn, pool_size=4)
    await migrate(database)
    file = tmp_path / "policies.yaml"

    @asynccontextmanager
    async def process() -> AsyncIterator[LivePolicies]:
        live = LivePolicies(
            database, PolicyFile(file, copies=tmp_path / "data"), required=False, clock=lambda: opened.doors.clock()
        )
        await live.start()
        yield live
        await live.aclose()

    async with opening(postgres_dsn, temporal_client) as opened, process() as here, process() as there:
        async with (
            listening(replace(opened.doors, policies=here)) as url,
            listening(replace(opened.doors, policies=there)) as other,
        ):
            yield Governed(replace(opened, url=url), replace(opened, url=other), here, file)
    await database.close()


def places(answer: httpx2.Response) -> list[tuple[int | None, int | None, str]]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    shown = answer.json()
    assert shown["kind"] == "invalid_request"
    return [(one["line"], one["column"], one["field"]) for one in shown["errors"] if one["severity"] == "error"]
