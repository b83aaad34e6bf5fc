"""Record golden histories: `python -m tests.replay.record NAME…` on a Temporal server of its own.

A recorded history is never recorded again: it stands for turns that run somewhere with the code of its day. New scenes are added
under new names.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter

from contracts.activities import OpenedTurn, OpenTurn
from contracts.errors import ErrorKind
from contracts.sweeping import Swept
from contracts.turns import TurnResult
from tests.workflows.ai_steps import ScriptedSteps, turns_of
from tests.workflows.ai_steps import run as run_step
from tests.workflows.batch_fakes import ScriptedBatch
from tests.workflows.batch_fakes import run as run_batch
from tests.workflows.calling_back import run_callback
from tests.workflows.fakes import Outcome, ScriptedActivities, answer, fail, plan, until_cancelled
from tests.workflows.running import running_worker
from tests.workflows.sweeping import run_sweep
from workers.embedded.ports import any_free
from workers.embedded.temporal import EmbeddedTemporal
from workflows.turn import TurnWorkflow

_SCRUBBED = {"identity": "worker", "stackTrace": "", "workerVersion": {}, "binaryChecksum": ""}
FOLDER = Path(__file__).parent / "histories"
ONE = OpenedTurn(status="planned", plan=plan("sim:first"))
TWO = OpenedTurn(status="planned", plan=plan("sim:first", "sim:second"))
BUSY = OpenedTurn(status="busy", blocked_by=uuid4())

Handle = WorkflowHandle[TurnWorkflow, TurnResult]
Act = Callable[[ScriptedActivities, Handle], Awaitable[None]]


async def _watch(_: ScriptedActivities, __: Handle) -> None:
    return


async def _cancel_call(activities: ScriptedActivities, handle: Handle) -> None:
    await activities.calling.wait()
    await handle.cancel()


async def _cancel_wait(activities: ScriptedActivities, handle: Handle) -> None:
    await activities.opening.wait()
    await handle.cancel()


async def _free_lane(activities: ScriptedActivities, handle: Handle) -> None:
    await activities.opening.wait()
    await handle.signal(TurnWorkflow.lane_freed)


SCENES: dict[str, tuple[list[OpenedTurn], list[Outcome], Act]] = {
    "answered": ([ONE], [answer()], _watch),
    "retried": ([TWO], [fail(ErrorKind.OVERLOADED, retryable=True), answer()], _watch),
    "failed-over": ([TWO], [fail(ErrorKind.UNAVAILABLE), answer()], _watch),
    "all-failed": ([TWO], [fail(ErrorKind.OVERLOADED), fail(ErrorKind.RATE_LIMITED)], _watch),
    "prefill-refused": ([TWO], [fail(ErrorKind.INVALID_REQUEST, prefill_refused=True), answer()], _watch),
    "cancelled-mid-call": ([ONE], [until_cancelled], _cancel_call),
    "cancelled-in-queue": ([BUSY], [answer()], _cancel_wait),
    "queued-then-answered": ([BUSY, ONE], [answer()], _free_lane),
    "freed-a-lane": ([ONE], [answer(next_turn_id=uuid4())], _watch),
}


def _step(corrected: int = 0, samples: int = 1, **more: Any) -> ScriptedSteps:
    """A step whose first sample is corrected so many times."""
    first = [uuid4() for _ in range(samples)]
    chain = [first[0], *(uuid4() for _ in range(corrected))]
    return ScriptedSteps(first, dict(pairwise(chain)), **more)


STEP_SCENES: dict[str, Callable[[Client], Awaitable[tuple[object, str]]]] = {
    "ai-step": lambda client: run_step(client, _step(), turns_of(1)),
    "ai-step-corrected-called-back": lambda client: run_step(client, _step(2, callback=True, refused=1), turns_of(3)),
    "ai-step-samples": lambda client: run_step(client, _step(1, samples=3), turns_of(4)),
    "ai-step-cancelled": lambda client: run_step(client, _step(), turns_of(1, until_cancelled), cancel=True),
    "ai-step-gave-up": lambda client: run_step(client, _step(callback=True, refused=1, final=True), turns_of(1)),
    "nexus-step": lambda client: run_step(client, _step(), turns_of(1), workflow="NexusStep"),
}


BATCH_SCENES: dict[str, Callable[[Client], Awaitable[str]]] = {
    "batch": lambda client: run_batch(client, ScriptedBatch(2)),
    "batch-part-at-vendor": lambda client: run_batch(client, ScriptedBatch(1, items=2, looks=3), turns_of(2), part=1),
    "batch-part-live": lambda client: run_batch(client, ScriptedBatch(0, items=30), turns_of(30), part=0),
    "batch-part-refused": lambda client: run_batch(
        client, ScriptedBatch(1, items=1, refused=True), turns_of(1), part=1
    ),
    "batch-part-cancelled": lambda client: run_batch(client, ScriptedBatch(1, looks=1000), part=1, cancel=True),
    "batch-part-cancelled-live": lambda client: run_batch(
        client, ScriptedBatch(0, items=1), turns_of(1, until_cancelled), part=0, cancel=True
    ),
}


CALLBACK_SCENES: dict[str, bool] = {"callback": True, "callback-gave-up": False}
SWEEP_SCENES: dict[str, list[Swept]] = {"sweep": [Swept(reservations=2, attempts=1)]}


async def record(client: Client, name: str) -> str:
    """Play a scene; its history as JSON."""
    if name in STEP_SCENES:
        return impersonal((await STEP_SCENES[name](client))[1])
    if name in SWEEP_SCENES:
        return impersonal((await run_sweep(client, SWEEP_SCENES[name]))[1])
    if name in CALLBACK_SCENES:
        return impersonal((await run_callback(client, taken=CALLBACK_SCENES[name]))[1])
    if name in BATCH_SCENES:
        return impersonal(await BATCH_SCENES[name](client))
    opened, outcomes, act = SCENES[name]
    activities = ScriptedActivities(list(opened), list(outcomes))
    async with running_worker(client, activities) as queue:
        handle = await client.start_workflow(
            TurnWorkflow.run, OpenTurn(turn_id=uuid4()), id=f"golden/{name}", task_queue=queue
        )
        await act(activities, handle)
        await handle.result()
        return impersonal((await handle.fetch_history()).to_json())


def impersonal(history: str) -> str:
    """The history without the names and paths of the machine that recorded it."""

    def scrub(value: Any) -> Any:
        match value:
            case dict():
                return {key: _SCRUBBED[key] if key in _SCRUBBED else scrub(inner) for key, inner in value.items()}
            case list():
                return [scrub(inner) for inner in value]
            case _:
                return value

    return json.dumps(scrub(json.loads(history)), indent=1)


async def main(names: list[str]) -> None:
    """Record the scenes that are named, or all that have no history yet."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedTemporal(Path(folder), port=any_free(), ui_port=any_free())
        client = await Client.connect(await server.start(), data_converter=pydantic_data_converter)
        for name in names or (*SCENES, *STEP_SCENES, *BATCH_SCENES, *CALLBACK_SCENES, *SWEEP_SCENES):
            path = FOLDER / f"{name}.json"
            if not path.exists():
                path.write_text(await record(client, name))
        server.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
