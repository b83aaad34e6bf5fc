"""The activities around runs: a schedule's time, and telling how a run came out."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.callbacks import told
from activities.errors import failure
from activities.runs.firing import fire
from activities.world import World
from contracts.errors import ErrorKind, PerdureError
from contracts.run_activities import TellRun, TriggerActivities
from contracts.triggers import Fire, Fired, TriggerKind
from domain.retries import GiveUp
from domain.runs.triggering import at_of
from storage import artifacts, runs, triggers
from storage.runs import RunRow


class StoredTriggerActivities(TriggerActivities):
    """The activities over the database."""

    def __init__(self, world: World) -> None:
        self._world = world

    @activity.defn(name="fire_schedule")
    async def fire_schedule(self, request: Fire) -> Fired:
        """Accept the run of a schedule's time; the same run whenever it is asked again."""
        try:
            async with self._world.database.begin() as connection:
                trigger = await triggers.find(connection, request.trigger_id, kinds=(TriggerKind.SCHEDULE,), lock=True)
                names = {"at": at_of(request.at), "trigger": trigger.name}
                run_id = await fire(connection, trigger, request.occasion, names, now=self._world.clock())
                return Fired(run_id=run_id)
        except PerdureError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                # Deleted meanwhile, or never kept: Temporal was told of it first.
                return Fired()
            raise failure(error, GiveUp("the schedule cannot be read")) from error

    @activity.defn(name="tell_run")
    async def tell_run(self, request: TellRun) -> None:
        """Tell how a run came out. Fails where nobody took it, to be tried again."""
        world = self._world
        async with world.database.begin() as connection:
            run = await runs.find(connection, request.run_id)
            url = run.callback_url
            if url is None or run.callback_state != "pending" or not run.state.finished:
                return
            message = {
                "type": f"run.{run.state.value}",
                "timestamp": world.clock().isoformat(),
                "data": await _shown(connection, run),
            }
        body = json.dumps(message, ensure_ascii=False).encode()
        message_id = f"run_{run.id}_{run.generation}"
        problem, final = await told(world.callbacks, url, message_id, body, now=world.clock())
        state = "delivered" if problem is None else "failed" if final else "pending"
        async with world.database.begin() as connection:
            await runs.told(connection, run.id, generation=run.generation, state=state, error=problem)
        if problem is not None:
            raise ApplicationError(problem, type=ErrorKind.UNAVAILABLE.value, non_retryable=final)


async def _shown(connection: AsyncConnection, run: RunRow) -> dict[str, Any]:
    spent = await runs.spent(connection, run.id)
    output = None
    if run.output is not None:
        output = await artifacts.get(connection, run.output, workspace_id=run.workspace_id)
    return {
        "id": str(run.id),
        "pipeline": run.name,
        "state": run.state.value,
        "output": output,
        "error": {"kind": run.error_kind, "message": run.error_message, "step": run.error_step}
        if run.error_kind
        else None,
        "metadata": run.metadata,
        "trigger": _text(run.trigger_id),
        "cost_usd": f"{spent.cost.normalize():f}" if spent.cost else "0",
        "created_at": run.created_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
    }


def _text(one: UUID | None) -> str | None:
    return None if one is None else str(one)
