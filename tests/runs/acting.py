"""A client of pipelines and runs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2
import yaml
from sqlalchemy import text

from tests.fixtures.house import Running

PATIENCE = 60.0
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Runs:
    """Stores pipelines, runs them, and acts on the runs."""

    house: Running
    http: httpx2.AsyncClient

    async def workspace(self) -> UUID:
        """The workspace of the key."""
        async with self.house.house.database.begin() as connection:
            found: UUID = (await connection.execute(text("SELECT id FROM workspaces"))).scalar_one()
            return found

    async def store(self, document: str | Document) -> Document:
        """Store a definition: its text, or plain values."""
        said = document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False)
        answer = await self.http.post("/api/pipelines", content=said)
        assert answer.status_code in (200, 201), answer.text
        shown: Document = answer.json()
        return shown

    async def start(self, name: str, given: Document | None = None, **more: Any) -> str:
        """Start a run of the newest version; its id."""
        answer = await self.http.post(f"/api/pipelines/{name}/runs", json={"input": given or {}, **more})
        assert answer.status_code == httpx2.codes.ACCEPTED, answer.text
        return str(answer.json()["id"])

    async def run(self, steps: list[Document], given: Document | None = None, **fields: Any) -> Document:
        """Store steps under a name of their own, run them, and wait for the end."""
        run_id = await self.begin(steps, given, **fields)
        return await self.ended(run_id)

    async def begin(self, steps: list[Document], given: Document | None = None, **fields: Any) -> str:
        """The same, without waiting."""
        name = fields.pop("name", f"p-{uuid4().hex[:12]}")
        defaults = {"model": "sim:sim-fast", **fields.pop("defaults", {})}
        await self.store({"name": name, "defaults": defaults, **fields, "steps": steps})
        return await self.start(name, given)

    async def get(self, run_id: str) -> Document:
        """The run as it is now."""
        answer = await self.http.get(f"/api/runs/{run_id}")
        assert answer.status_code == httpx2.codes.OK, answer.text
        shown: Document = answer.json()
        return shown

    async def step(self, run_id: str, key: str) -> Document:
        """A step of it, closely."""
        answer = await self.http.get(f"/api/runs/{run_id}/steps/{key}")
        assert answer.status_code == httpx2.codes.OK, answer.text
        shown: Document = answer.json()
        return shown

    async def until(self, run_id: str, fits: Callable[[Document], bool], patience: float = PATIENCE) -> Document:
        """The run, once it is as wanted."""
        pause = 0.05
        async with asyncio.timeout(patience):
            while True:
                shown = await self.get(run_id)
                if fits(shown):
                    return shown
                assert shown["finished_at"] is None, shown
                await asyncio.sleep(pause)
                pause = min(pause * 1.1, 1.0)

    async def ended(self, run_id: str, patience: float = PATIENCE) -> Document:
        """The run, once it has ended."""
        return await self.until(run_id, lambda shown: shown["finished_at"] is not None, patience)

    async def completed(self, run_id: str) -> Document:
        """The run, once it has ended well."""
        shown = await self.ended(run_id)
        assert shown["state"] == "completed", shown
        return shown

    async def awaits(self, run_id: str, step: str) -> Document:
        """The run, once the step waits for something from outside."""
        return await self.until(run_id, lambda shown: step in [one["step"] for one in shown["waiting"]])

    async def act(self, run_id: str, action: str, body: Document | None = None, status: int = 202) -> Document:
        """Do something to it."""
        answer = await self.http.post(f"/api/runs/{run_id}/{action}", json=body or {})
        assert answer.status_code == status, answer.text
        shown: Document = answer.json()
        return shown


def states(run: Document) -> dict[str, str | None]:
    """Where each step stands; None of one that stands in many places."""
    return {one["id"]: one["state"] for one in run["steps"]}
