"""A step that is being brought forward, in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.runs.naming import names_at
from activities.runs.open_run import OpenRun
from activities.world import World
from contracts.ids import step_key
from contracts.run_activities import Advance
from domain.pipelines.conditions import holds
from domain.pipelines.templates import rendered, rendered_text
from domain.runs.program import Here
from domain.runs.reading import roots_of, roots_of_condition
from storage import artifacts, run_log
from storage.steps import StepRow


@dataclass(frozen=True, slots=True)
class Present:
    """The step, where it stands, what is told of it, and the time."""

    world: World
    run: OpenRun
    here: Here
    row: StepRow
    told: Advance
    now: datetime

    @property
    def connection(self) -> AsyncConnection:
        """The transaction."""
        return self.run.connection

    @property
    def key(self) -> str:
        """The step's name in the run: `look.2.5`."""
        return step_key(self.row.step_id, self.row.place)

    @property
    def progress(self) -> dict[str, Any]:
        """How far the step has come, by its kind's own account."""
        return self.row.progress

    async def names(self, wanted: Iterable[str]) -> dict[str, Any]:
        """What the wanted names mean here."""
        return await names_at(self.run, self.here.around, self.row.place, wanted)

    async def rendered(self, value: Any) -> Any:
        """A value with its templates filled in. Raises UnfitTemplateError."""
        return rendered(value, await self.names(roots_of(value)))

    async def rendered_text(self, text: str) -> str:
        """A text likewise."""
        return rendered_text(text, await self.names(roots_of(text)))

    async def holds(self, text: str) -> bool:
        """Whether a condition holds here. Raises UnfitConditionError."""
        return holds(text, await self.names(roots_of_condition(text)))

    async def put(self, value: Any, what: str) -> bytes:
        """Store a value; its hash. Raises `invalid_request` for one that cannot be stored."""
        workspace_id = self.run.row.workspace_id
        return await artifacts.put(self.connection, value, workspace_id=workspace_id, now=self.now, what=what)

    async def tell(self) -> None:
        """Let those who watch know how the step stands now."""
        row = self.row
        detail = {
            "step": row.step_id,
            "place": list(row.place),
            "key": self.key,
            "kind": row.kind,
            "state": row.state,
            "attempt": row.attempt,
            **({"awaits": row.awaits["what"]} if row.awaits else {}),
            **({"error": {"kind": row.error_kind, "message": row.error_message}} if row.error_kind else {}),
        }
        await run_log.add(self.connection, self.run.id, "step", detail, now=self.now)
