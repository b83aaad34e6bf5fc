"""A run as activities work on it: its row, its program, and values by their hashes."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.pipelines.plan import PipelinePlan
from domain.runs.program import Program, program_of
from storage import artifacts, keys, pipelines, runs
from storage.keys import ApiKey
from storage.runs import RunRow

_PROGRAMS = 64
_VALUES = 256
"""How many programs and values a process keeps; neither ever changes."""


class Kept:
    """Programs and values that were read lately."""

    def __init__(self) -> None:
        self._programs: OrderedDict[UUID, Program] = OrderedDict()
        self._values: OrderedDict[tuple[UUID, bytes], Any] = OrderedDict()

    async def program(self, connection: AsyncConnection, run: RunRow) -> Program:
        """The program of a run: its pipeline's, or its own."""
        source = run.pipeline_id if run.plan is None else run.id
        found = self._programs.get(source)
        if found is None:
            text = run.plan or (await pipelines.by_id(connection, run.pipeline_id)).plan
            # In a thread, since a plan of two thousand steps takes a while.
            found = await asyncio.to_thread(lambda: program_of(PipelinePlan.model_validate_json(text)))
            _keep(self._programs, source, found, _PROGRAMS)
        return found

    async def values(
        self, connection: AsyncConnection, hashes: Iterable[bytes], *, workspace_id: UUID
    ) -> Mapping[bytes, Any]:
        """Values by their hashes. They are shared: nobody may change them."""
        wanted = set(hashes)
        known = {one: self._values[workspace_id, one] for one in wanted if (workspace_id, one) in self._values}
        fresh = await artifacts.get_all(connection, wanted - known.keys(), workspace_id=workspace_id)
        for one, value in fresh.items():
            _keep(self._values, (workspace_id, one), value, _VALUES)
        return {**known, **fresh}


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run within one transaction."""

    connection: AsyncConnection
    kept: Kept
    row: RunRow
    program: Program

    @property
    def id(self) -> UUID:
        """The run's id."""
        return self.row.id

    async def inputs(self) -> Mapping[str, Any]:
        """What the run was given, by name."""
        found: Mapping[str, Any] = await self.value(self.row.input)
        return found

    async def key(self) -> ApiKey | None:
        """The API key that started the run."""
        return None if self.row.key_id is None else await keys.known(self.connection, self.row.key_id)

    async def value(self, wanted: bytes) -> Any:
        """A stored value."""
        return (await self.values([wanted]))[wanted]

    async def values(self, wanted: Iterable[bytes]) -> Mapping[bytes, Any]:
        """Stored values."""
        return await self.kept.values(self.connection, wanted, workspace_id=self.row.workspace_id)


async def open_run(connection: AsyncConnection, kept: Kept, run_id: UUID, *, lock: bool = False) -> OpenRun:
    """The run. Raises `not_found`."""
    row = await runs.find(connection, run_id, lock=lock)
    return OpenRun(connection, kept, row, await kept.program(connection, row))


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
