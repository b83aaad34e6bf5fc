"""The doors of documents over a database of a module's own; no Temporal, no worker."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import httpx2
import pytest_asyncio
from fastapi import FastAPI

from activities.retrieving import StoredPassages
from api.app import create_app
from api.doors import DocumentLimits, Doors
from cli.serving import read_html
from contracts.keys import KeyScope
from domain.catalog import Catalogs
from storage import keys
from storage.database import Database
from storage.ids import new_id
from storage.keys import KeyRights
from storage.vectors import VectorSearch
from tests.fixtures.postgres import PostgresServer, create_database


@dataclass(frozen=True, slots=True)
class Shelves:
    """The doors, over which workspaces come and go."""

    database: Database
    doors: Doors
    app: FastAPI

    async def workspace(self, *scopes: KeyScope, **limits: int) -> "Shelf":
        """A fresh workspace, and a key of it; other limits than usual are for it alone."""
        secret, now = keys.new_secret(), datetime.now(UTC)
        rights = KeyRights(scopes=scopes) if scopes else KeyRights()
        async with self.database.begin() as connection:
            found = await keys.workspace(connection, now=now, name=str(new_id()))
            await keys.add(connection, secret, workspace_id=found, name="shelf", now=now, rights=rights)
        app = self.app
        if limits:
            app = create_app(replace(self.doors, documents=replace(DocumentLimits(), **limits)))
        return Shelf(found, secret, app)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A workspace's documents."""

    workspace_id: UUID
    key: str
    app: FastAPI

    def http(self) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app), base_url="http://doors", headers=headers, timeout=60
        )

    async def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        async with self.http() as http:
            answer = await http.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def put(self, name: str, text: str, *, status: int = 201, **more: Any) -> Any:
        return await self.ask("PUT", "/api/documents", {"name": name, "text": text, **more}, status=status)

    async def search(self, query: str, **more: Any) -> Any:
        return await self.ask("POST", "/api/documents/search", {"query": query, **more})

    async def names(self, query: str, **more: Any) -> list[str]:
        """The names of the documents that were found, the best first."""
        return list(dict.fromkeys(one["name"] for one in (await self.search(query, **more))["data"]))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shelves(postgres_server: PostgresServer, migrated_template: str) -> AsyncIterator[Shelves]:
    database = Database(await create_database(postgres_server, template=migrated_template), pool_size=4)
    none = cast(Any, None)
    doors = Doors(
        database=database,
        streams=none,
        temporal=none,
        catalogs=Catalogs([]),
        planner=none,
        clock=lambda: datetime.now(UTC),
        max_request_bytes=3_000_000,
        default_model=None,
        version="test",
        retriever=StoredPassages(database, VectorSearch(database)),
        read_html=read_html,
    )
    yield Shelves(database, doors, create_app(doors))
    await database.close()


@pytest_asyncio.fixture(loop_scope="module")
async def shelf(shelves: Shelves) -> Shelf:
    return await shelves.workspace()
