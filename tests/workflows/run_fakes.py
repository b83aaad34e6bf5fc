"""A run's activities whose outcomes a test scripts."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.errors import ErrorKind
from contracts.ids import step_key
from contracts.nexus import RunOutput
from contracts.run_activities import (
    Advance,
    Again,
    Ask,
    Await,
    CalledTool,
    CallTool,
    CallTools,
    ClosedRun,
    CloseRun,
    Doing,
    Ended,
    EndedPass,
    EndPass,
    Enter,
    FollowTurn,
    Iterate,
    OpenedScope,
    RunActivities,
    RunPipeline,
    Scope,
    StandIn,
    TakeItems,
    TakenItems,
    TellRun,
)
from contracts.runs import RunState

Next = Ended | Again | StandIn | Ask | CallTools | Await | Enter | Iterate | RunPipeline
DONE = Ended(state="completed")
FAILED = Ended(state="failed", fatal=True)

_STATES = {"completed": RunState.COMPLETED, "cancelled": RunState.CANCELLED}


class ScriptedRunActivities(RunActivities):
    """Plays what is scripted for each step by its key, in order; then it has ended.

    `scopes` are by the step's id, "" for the run. `items` are how many a map has, `rounds` after how many a loop ends. `queued`
    is how often the run is told to wait for its turn, `followed` what follows its end.
    """

    def __init__(
        self,
        scopes: Mapping[str, OpenedScope],
        script: Mapping[str, list[Next]],
        *,
        items: int = 0,
        rounds: int = 1,
        queued: int = 0,
        followed: ClosedRun | None = None,
    ) -> None:
        self._scopes = scopes
        self._script = {key: list(said) for key, said in script.items()}
        self._items = items
        self._rounds = rounds
        self._queued = queued
        self._followed = followed
        self.told: list[TellRun] = []
        self.followers: list[UUID] = []
        self.advanced: list[Advance] = []
        self.passes: list[EndPass] = []
        self.closed: list[CloseRun] = []
        self.waiting = asyncio.Event()

    @activity.defn(name="open_scope")
    async def open_scope(self, request: Scope) -> OpenedScope:
        if self._followed is not None and request.run_id in self._followed.starts:
            self.followers.append(request.run_id)
            return OpenedScope(kind="run")
        if self._queued:
            self._queued -= 1
            self.waiting.set()
            return OpenedScope(kind="run", queued=True)
        return self._scopes[request.step_id or ""]

    @activity.defn(name="advance_step")
    async def advance_step(self, request: Advance) -> Doing:
        self.advanced.append(request)
        said = self._script.get(step_key(request.step_id, request.place), [])
        following = said.pop(0) if said else DONE
        if isinstance(following, Await | Ask):
            self.waiting.set()
        return Doing(serial=request.serial + 1, next=following)

    @activity.defn(name="take_items")
    async def take_items(self, request: TakeItems) -> TakenItems:
        return TakenItems(positions=tuple(range(request.after + 1, self._items))[: request.limit])

    @activity.defn(name="end_pass")
    async def end_pass(self, request: EndPass) -> EndedPass:
        self.passes.append(request)
        stop = request.failed is not None or request.position == self._rounds
        return EndedPass(stop=stop and not self._items, fatal=request.failed is not None)

    @activity.defn(name="call_tool")
    async def call_tool(self, request: CallTool) -> CalledTool:
        if request.call == "broken":
            raise ApplicationError("broken says the fake", type=ErrorKind.TOOL_FAILED.value, non_retryable=True)
        return CalledTool(result="00")

    @activity.defn(name="follow_turn")
    async def follow_turn(self, request: FollowTurn) -> None:
        return

    @activity.defn(name="close_run")
    async def close_run(self, request: CloseRun) -> ClosedRun:
        if request.run_id in self.followers:
            return ClosedRun(run_id=request.run_id, state=RunState.COMPLETED)
        self.closed.append(request)
        if self._followed is not None:
            return self._followed.model_copy(update={"run_id": request.run_id})
        return ClosedRun(run_id=request.run_id, state=_STATES.get(request.how, RunState.FAILED))

    @activity.defn(name="tell_run")
    async def tell_run(self, request: TellRun) -> None:
        self.told.append(request)

    @activity.defn(name="give_run")
    async def give_run(self, request: TellRun) -> RunOutput:
        self.told.append(request)
        how = self.closed[-1].how
        state, said = _STATES.get(how, RunState.FAILED), None if how == "completed" else "says the fake"
        kind = None if said is None else how if how == "cancelled" else ErrorKind.TOOL_FAILED.value
        return RunOutput(run_id=str(request.run_id), pipeline="p", state=state, error_kind=kind, error=said)

    def all(self) -> list[Any]:
        """What a worker registers."""
        return [
            self.open_scope,
            self.advance_step,
            self.take_items,
            self.end_pass,
            self.call_tool,
            self.follow_turn,
            self.close_run,
            self.tell_run,
            self.give_run,
        ]
