"""Record golden histories of runs: `python -m tests.replay.record_runs NAME…` on a Temporal server of its own.

As with those of turns, a recorded history is never recorded again.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from contracts.activities import OpenedTurn
from contracts.ids import NEXUS_RUN_WORKFLOW, PIPELINE_WORKFLOW, QUEUE_KEY, nexus_run_workflow_id, run_workflow_id
from contracts.run_activities import (
    Again,
    Ask,
    Await,
    CallTools,
    ClosedRun,
    EndedScope,
    Enter,
    Iterate,
    OpenedScope,
    RunPipeline,
    Scope,
    StandIn,
)
from contracts.runs import RunState, StepOutline
from tests.replay.record import FOLDER, impersonal
from tests.workflows.fakes import ScriptedActivities, answer, plan, until_cancelled
from tests.workflows.run_fakes import DONE, FAILED, Next, ScriptedRunActivities
from workers.embedded.ports import any_free
from workers.embedded.temporal import EmbeddedTemporal
from workers.worker import WORKFLOWS
from workflows.pipeline import PipelineWorkflow

Handle = WorkflowHandle[PipelineWorkflow, EndedScope]
Act = Callable[[ScriptedRunActivities, Handle], Awaitable[None]]
A, B = StepOutline(id="a"), StepOutline(id="b", needs=("a",))
INNER, GONE, FOLLOWER = UUID(int=7), UUID(int=8), UUID(int=9)


def run(*steps: StepOutline, seconds: float | None = None) -> dict[str, OpenedScope]:
    return {"": OpenedScope(kind="run", steps=steps, seconds=seconds)}


async def _watch(_: ScriptedRunActivities, __: Handle) -> None:
    return


async def _nudge(activities: ScriptedRunActivities, handle: Handle) -> None:
    await activities.waiting.wait()
    await handle.signal(PipelineWorkflow.nudge, ["a"])


async def _its_turn(activities: ScriptedRunActivities, handle: Handle) -> None:
    await activities.waiting.wait()
    await handle.signal(PipelineWorkflow.nudge, [QUEUE_KEY])


async def _cancel(activities: ScriptedRunActivities, handle: Handle) -> None:
    await activities.waiting.wait()
    await handle.cancel()


@dataclass(frozen=True, slots=True)
class Scene:
    """What a run meets. `of` is the step whose own workflow's history is kept, where it is not the run's.

    `by_nexus`: it is run for an operation, whose workflow's history is kept.
    """

    scopes: Mapping[str, OpenedScope]
    script: Mapping[str, list[Next]] = field(default_factory=dict)
    act: Act = _watch
    items: int = 0
    rounds: int = 1
    of: str | None = None
    queued: int = 0
    followed: ClosedRun | None = None
    by_nexus: bool = False


def _map(count: int) -> OpenedScope:
    return OpenedScope(kind="map", steps=(StepOutline(id="x"), StepOutline(id="y", needs=("x",))), concurrency=count)


TURNS = tuple(UUID(int=number) for number in (1, 2))
SCENES: dict[str, Scene] = {
    "run-in-order": Scene(run(A, B)),
    "run-asks-turns": Scene(run(A), {"a": [Ask(turn_ids=TURNS), DONE]}),
    "run-calls-tools": Scene(run(A), {"a": [CallTools(calls=("one", "broken")), DONE]}),
    "run-tries-again": Scene(run(A), {"a": [Again(seconds=0.05), DONE]}),
    "run-stands-in": Scene(
        run(StepOutline(id="a", fallback="f"), StepOutline(id="f", stands_in_for="a"), B),
        {"a": [StandIn(step_id="f"), DONE]},
    ),
    "run-waits-for-time": Scene(run(A), {"a": [Await(seconds=0.05), DONE]}),
    "run-waits-for-a-nudge": Scene(run(A), {"a": [Await(seconds=3600), DONE]}, _nudge),
    "run-branches": Scene(
        run(StepOutline(id="a", bodies=((StepOutline(id="p"),), (StepOutline(id="q"),)))),
        {"a": [Enter(body=1), DONE]},
    ),
    "run-runs-another": Scene(run(A), {"a": [RunPipeline(run_id=INNER), DONE]}),
    "run-runs-others": Scene(run(A), {"a": [RunPipeline(run_id=INNER, others=(GONE,)), DONE]}),
    "run-fails-beside": Scene(
        run(A, StepOutline(id="c")), {"a": [Again(seconds=0.05), FAILED], "c": [Await(seconds=3600)]}
    ),
    "run-step-takes-too-long": Scene(run(StepOutline(id="a", timeout=0.1)), {"a": [Await(seconds=3600), FAILED]}),
    "run-takes-too-long": Scene(run(A, seconds=0.2), {"a": [Await(seconds=3600)]}),
    "run-cancelled": Scene(run(A), {"a": [Await(seconds=3600)]}, _cancel),
    "run-cancelled-mid-turn": Scene(run(A), {"a": [Ask(turn_ids=TURNS[:1]), DONE]}, _cancel),
    "run-map": Scene({**run(A), "a": _map(2)}, {"a": [Iterate(), DONE], "x.1": [Ask(turn_ids=TURNS[:1])]}, items=3),
    "run-map-items": Scene({**run(A), "a": _map(2)}, {"a": [Iterate(), DONE], "y.1": [FAILED]}, items=5, of="a"),
    "run-waits-for-its-turn": Scene(run(A), act=_its_turn, queued=1),
    "run-cancelled-in-the-queue": Scene(run(A), act=_cancel, queued=1),
    "run-is-followed": Scene(
        run(A),
        followed=ClosedRun(
            run_id=INNER, state=RunState.COMPLETED, next_in_line=GONE, starts=(FOLLOWER,), callback=True
        ),
    ),
    "nexus-run": Scene(run(A), by_nexus=True),
    "nexus-run-failed": Scene(run(A), {"a": [FAILED]}, by_nexus=True),
    "nexus-run-cancelled": Scene(run(A), {"a": [Await(seconds=3600)]}, _cancel, by_nexus=True),
    "run-loop-rounds": Scene(
        {**run(A), "a": OpenedScope(kind="loop", steps=(StepOutline(id="x"),))},
        {"a": [Iterate(), DONE], "x.2": [Await(seconds=0.05)]},
        rounds=3,
        of="a",
    ),
}


async def play(client: Client, name: str) -> tuple[ScriptedRunActivities, str]:
    """Play a scene: what was asked of the world, and the history as JSON."""
    scene, run_id = SCENES[name], uuid4()
    followed = scene.followed
    if followed is not None:
        # On a server where the scene was played before, its follower runs already.
        followed = followed.model_copy(update={"starts": tuple(uuid4() for _ in followed.starts)})
    activities = ScriptedRunActivities(
        scene.scopes,
        scene.script,
        items=scene.items,
        rounds=scene.rounds,
        queued=scene.queued,
        followed=followed,
    )
    outcome = until_cancelled if name.endswith("mid-turn") else answer()
    turns = ScriptedActivities([OpenedTurn(status="planned", plan=plan("sim:first"))], [outcome])
    if scene.act is _cancel and name.endswith("mid-turn"):
        activities.waiting = turns.calling
    queue = f"golden-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=[*activities.all(), turns.open_turn, turns.complete, turns.close_turn],
    ):
        kind, own = (PIPELINE_WORKFLOW, run_workflow_id(run_id))
        if scene.by_nexus:
            kind, own = NEXUS_RUN_WORKFLOW, nexus_run_workflow_id(run_id)
        handle: Handle = await client.start_workflow(kind, Scope(run_id=run_id), id=own, task_queue=queue)
        await scene.act(activities, handle)
        with suppress(WorkflowFailureError):
            await handle.result()
        kept = handle if scene.of is None else client.get_workflow_handle(run_workflow_id(run_id, scene.of))
        return activities, impersonal((await kept.fetch_history()).to_json())


async def main(names: list[str]) -> None:
    """Record the scenes that are named, or all that have no history yet."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedTemporal(Path(folder), port=any_free(), ui_port=any_free())
        client = await Client.connect(await server.start(), data_converter=pydantic_data_converter)
        for name in names or SCENES:
            path = FOLDER / f"{name}.json"
            if not path.exists():
                path.write_text((await play(client, name))[1])
        server.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
