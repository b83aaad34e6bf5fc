"""The activities around runs: a schedule's time, and telling how a run came out."""

import json
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.callbacks import NOBODY_TOLD, is_last_try, told
from activities.errors import failure
from activities.runs.firing import fire
from activities.world import World
from contracts.errors import ErrorKind, PerdureError
from contracts.nexus import RunOutput
from contracts.run_activities import TellRun, TriggerActivities
from contracts.triggers import Fire, Fired, TriggerKind
from domain.retries import Again, GiveUp
from domain.runs.triggering import at_of
from storage import artifacts, runs, triggers
from storage.runs import RunRow

_FIRST_LOOK, _LONGEST_LOOK = 0.5, 30.0
"""Seconds until a run that another workflow runs is looked at again; a look that fails costs no event of the history."""
_MOST_BYTES = 1_500_000
"""Temporal refuses payloads of 2 MB (https://docs.temporal.io/cloud/limits); the rest is for what is around it."""


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
        final = final or is_last_try(world.clock())
        state = "delivered" if problem is None else "failed" if final else "pending"
        async with world.database.begin() as connection:
            await runs.told(connection, run.id, generation=run.generation, state=state, error=problem)
        if problem is not None:
            raise ApplicationError(problem, type=ErrorKind.UNAVAILABLE.value, non_retryable=final)

    @activity.defn(name="give_up_telling")
    async def give_up_telling(self, request: TellRun) -> None:
        """The time for telling is over: say so where it is not known how it went."""
        async with self._world.database.begin() as connection:
            await runs.give_up_telling(connection, request.run_id, error=NOBODY_TOLD)

    @activity.defn(name="give_run")
    async def give_run(self, request: TellRun) -> RunOutput:
        """How a run came out, for who asked by Nexus. Fails while it has not ended, to be asked again."""
        try:
            async with self._world.database.begin() as connection:
                run = await runs.find(connection, request.run_id)
                if run.state.finished:
                    return await _given(connection, run)
        except PerdureError as error:
            raise failure(error, GiveUp("the run cannot be told")) from error
        away = PerdureError(ErrorKind.UNAVAILABLE, f"The run {request.run_id} has not ended yet.")
        raise failure(away, Again(min(_LONGEST_LOOK, _FIRST_LOOK * 1.5 ** min(activity.info().attempt, 50))))


async def _given(connection: AsyncConnection, run: RunRow) -> RunOutput:
    spent = await runs.spent(connection, run.id)
    told = RunOutput(
        run_id=str(run.id),
        pipeline=run.name,
        state=run.state.value,
        cost_usd=f"{spent.cost.normalize():f}" if spent.cost else "0",
        calls=spent.calls or 0,
        tokens=spent.tokens or 0,
        error_kind=run.error_kind,
        error=run.error_message,
        error_step=run.error_step,
    )
    if run.output is None:
        return told
    output = await artifacts.get(connection, run.output, workspace_id=run.workspace_id)
    size = len(orjson.dumps(output))
    if size > _MOST_BYTES:
        said = (
            f"The run has completed, but its output of {size} bytes is more than Temporal carries ({_MOST_BYTES}). "
            f"Read it from /api/runs/{run.id}."
        )
        return told.model_copy(update={"error_kind": ErrorKind.INVALID_REQUEST.value, "error": said})
    return told.model_copy(update={"output": output})


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
