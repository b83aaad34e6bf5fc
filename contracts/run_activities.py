"""A run of a pipeline: what its workflow asks of the world, and what the world tells it. Ids and states, never content."""

from abc import ABC, abstractmethod
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from temporalio import activity

from contracts.base import Contract
from contracts.errors import ErrorKind
from contracts.nexus import RunOutput
from contracts.pipelines.plan import StepState
from contracts.runs import Place, RunState, StepOutline
from contracts.triggers import Fire, Fired


class Scope(Contract):
    """What one workflow runs: a whole run, or, with `step_id`, the steps within a map or a loop at `place`."""

    run_id: UUID
    step_id: str | None = None
    place: Place = ()


class OpenedScope(Contract):
    """What there is to run. `finished`: the run has ended already, so, and nothing is left.

    `kind` says how often the steps run: once (`run`), for every item (`map`), round after round (`loop`). `concurrency` bounds
    how many items are worked on at once. `seconds` are left for the whole. `first`: the round to begin with. `queued`: so many
    runs of the pipeline are at work that this one waits for its turn.
    """

    kind: Literal["run", "map", "loop"]
    steps: tuple[StepOutline, ...] = ()
    concurrency: int = 1
    seconds: float | None = None
    first: int = 1
    finished: RunState | None = None
    queued: bool = False


class EndedScope(Contract):
    """How a scope came out. `fatal`: the map or loop has failed. `state` is a run's."""

    fatal: bool = False
    state: RunState | None = None


class Ended(Contract):
    """The step is over. `fatal`: it failed, and what it stands in fails with it."""

    kind: Literal["ended"] = "ended"
    state: StepState
    fatal: bool = False


class Again(Contract):
    """The attempt failed; another begins after `seconds`."""

    kind: Literal["again"] = "again"
    seconds: float


class StandIn(Contract):
    """The step failed; its fallback, the step `step_id` beside it, runs, and its result stands in."""

    kind: Literal["stand_in"] = "stand_in"
    step_id: str


class Ask(Contract):
    """Turns have to be answered."""

    kind: Literal["ask"] = "ask"
    turn_ids: tuple[UUID, ...]


class CallTools(Contract):
    """Tools have to be called, all at once; each by the id of its call."""

    kind: Literal["call_tools"] = "call_tools"
    calls: tuple[str, ...]


class Await(Contract):
    """Nothing is to be done until the workflow is nudged, or `seconds` have passed."""

    kind: Literal["await"] = "await"
    seconds: float | None = None


class Enter(Contract):
    """The branch goes this way: the steps of its body number `body` run."""

    kind: Literal["enter"] = "enter"
    body: int


class Iterate(Contract):
    """The steps in the map or loop run, in a workflow of their own."""

    kind: Literal["iterate"] = "iterate"


class RunPipeline(Contract):
    """Another run has to come to its end, and `others` beside it."""

    kind: Literal["run_pipeline"] = "run_pipeline"
    run_id: UUID
    others: tuple[UUID, ...] = ()


class Doing(Contract):
    """What a step needs next. `serial` counts what was answered of the step; what is asked in answer to this bears it."""

    serial: int = 0

    next: Annotated[
        Ended | Again | StandIn | Ask | CallTools | Await | Enter | Iterate | RunPipeline, Field(discriminator="kind")
    ]


class StepFailure(Contract):
    """What kept a step from going on, as the workflow saw it."""

    kind: ErrorKind
    message: str


class Advance(Contract):
    """Bring a step forward: begin it, or go on from what is stored of it.

    `waited`: the time that it was to wait has passed. `back`: what it waited for within (a body, items, rounds, a run, a
    stand-in) has come to its end; `failed` is the step in there that failed, if any. `results` are stored results of tool calls
    by call, `tool_failures` those that gave none. `failure`: the attempt is over, and why. `serial` is that of the answer which
    all this follows: what follows an older one was told before, and is not taken twice.
    """

    run_id: UUID
    step_id: str
    place: Place = ()
    serial: int = 0
    waited: bool = False
    back: bool = False
    failed: str | None = None
    results: dict[str, str] = {}
    tool_failures: dict[str, StepFailure] = {}
    failure: StepFailure | None = None


class TakeItems(Contract):
    """Ask for the items of a map that have not been worked on, after position `after`, at most `limit`."""

    run_id: UUID
    step_id: str
    place: Place = ()
    after: int = -1
    limit: int = 200


class TakenItems(Contract):
    """Positions, ascending."""

    positions: tuple[int, ...]


class EndPass(Contract):
    """The steps of a map or loop have run at `position` (an item, a round); `failed` is the one that failed, if any."""

    run_id: UUID
    step_id: str
    place: Place = ()
    position: int
    failed: str | None = None


class EndedPass(Contract):
    """`stop`: no further item or round begins. `fatal`: since the map or loop has failed."""

    stop: bool
    fatal: bool = False


class CallTool(Contract):
    """Call a tool for a step. `call` names the call among the step's."""

    run_id: UUID
    step_id: str
    place: Place = ()
    call: str


class CalledTool(Contract):
    """What the tool gave is stored as `result`, by its content hash in hex."""

    result: str


class CloseRun(Contract):
    """End a run: it came to its end, a step failed (`failed`), its time was up, or it was cancelled."""

    run_id: UUID
    how: Literal["completed", "failed", "timeout", "cancelled"]
    failed: str | None = None


class ClosedRun(Contract):
    """The run is over. `next_in_line` waited for that; `starts` are runs that were to follow, and are accepted.

    `callback`: somebody wants to be told.
    """

    run_id: UUID
    state: RunState
    next_in_line: UUID | None = None
    starts: tuple[UUID, ...] = ()
    callback: bool = False


class TellRun(Contract):
    """Tell how a run came out to its callback address."""

    run_id: UUID


class FollowTurn(Contract):
    """Wait for a turn that another workflow answers."""

    turn_id: UUID


class RunActivities(ABC):
    """What a run needs done. All are idempotent: what is stored says how far it has come."""

    @activity.defn(name="open_scope")
    @abstractmethod
    async def open_scope(self, request: Scope) -> OpenedScope:
        """What there is to run; a run that was accepted is running from now on."""

    @activity.defn(name="advance_step")
    @abstractmethod
    async def advance_step(self, request: Advance) -> Doing:
        """Bring a step as far as can be without waiting: one transaction."""

    @activity.defn(name="take_items")
    @abstractmethod
    async def take_items(self, request: TakeItems) -> TakenItems:
        """The next items of a map."""

    @activity.defn(name="end_pass")
    @abstractmethod
    async def end_pass(self, request: EndPass) -> EndedPass:
        """Store what an item or a round came to, and say whether another follows."""

    @activity.defn(name="call_tool")
    @abstractmethod
    async def call_tool(self, request: CallTool) -> CalledTool:
        """Call a tool. Fails with an error kind as the failure's type."""

    @activity.defn(name="follow_turn")
    @abstractmethod
    async def follow_turn(self, request: FollowTurn) -> None:
        """Return when the turn has ended."""

    @activity.defn(name="close_run")
    @abstractmethod
    async def close_run(self, request: CloseRun) -> ClosedRun:
        """Store the outputs or what failed, and end the run. A run that has ended stays as it is."""


class TriggerActivities(ABC):
    """What happens around runs: before they begin, and after they have ended."""

    @activity.defn(name="fire_schedule")
    @abstractmethod
    async def fire_schedule(self, request: Fire) -> Fired:
        """Accept the run of a schedule's time; the same run whenever it is asked again."""

    @activity.defn(name="tell_run")
    @abstractmethod
    async def tell_run(self, request: TellRun) -> None:
        """Tell how a run came out. Fails where nobody took it, to be tried again."""

    @activity.defn(name="give_up_telling")
    @abstractmethod
    async def give_up_telling(self, request: TellRun) -> None:
        """The time for telling is over: say so where it is not known how it went."""

    @activity.defn(name="give_run")
    @abstractmethod
    async def give_run(self, request: TellRun) -> RunOutput:
        """How a run came out, for who asked by Nexus. Fails while it has not ended, to be asked again."""
