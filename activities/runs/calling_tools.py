"""Tools of a run: steps that call one, and the call itself."""

from typing import Any

import orjson
from temporalio import activity

from activities.runs.agreeing import agreed
from activities.runs.called_runs import run_called
from activities.runs.ending import StepFailedError, check, complete, found_again
from activities.runs.open_run import Kept, open_run
from activities.runs.present import Present
from activities.world import World
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import step_key
from contracts.parts import TextPart
from contracts.pipelines.steps import ToolStep
from contracts.run_activities import Await, CalledTool, CallTool, CallTools, Ended, RunPipeline
from contracts.tools import ToolCall, ToolOutcome, ToolResult
from domain.runs.asking import HAND_OVER
from storage import artifacts, steps

TRIES = 3
"""How often a call is made that may well succeed later."""
_ONLY = "call"


class ToolAwayError(PerdureError):
    """A tool that may answer later, after `retry_after` seconds where that is known."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(ErrorKind.UNAVAILABLE, message)
        self.retry_after = retry_after


async def tool(present: Present, step: ToolStep) -> Ended | CallTools | Await | RunPipeline:
    """Call the tool, then take what it gave."""
    calls: dict[str, Any] = present.progress.setdefault("calls", {})
    if _ONLY not in calls:
        arguments = await present.rendered(step.arguments)
        again = await found_again(present, step.tool, arguments)
        if again is not None:
            return again
        calls[_ONLY] = {"id": _ONLY, "name": step.tool, "arguments": orjson.dumps(arguments).decode()}
    failure = present.told.tool_failures.get(_ONLY)
    if failure is not None:
        raise StepFailedError(failure.kind, failure.message)
    done = calls[_ONLY]
    waiting = await agreed(present, [_ONLY])
    if waiting is not None:
        return waiting
    running = await run_called(present, [_ONLY])
    if running is not None:
        return running
    if "outcome" not in done:
        return CallTools(calls=(_ONLY,))
    value = await present.run.value(bytes.fromhex(done["result"]))
    if done["outcome"] != ToolOutcome.OK:
        # Nobody knows whether it took effect: it is for a person to find out, and then to retry.
        kind = ErrorKind(done.get("kind", ErrorKind.TOOL_FAILED))
        raise StepFailedError(kind, str(value), final=done["outcome"] == ToolOutcome.UNKNOWN)
    check(value, step.output, f"What {step.tool!r} gave")
    return await complete(present, value)


async def make_call(world: World, kept: Kept, request: CallTool) -> CalledTool:
    """Make one call of a step, once: its result is stored with the step. Raises ToolAwayError for one to be made again."""
    key = step_key(request.step_id, request.place)
    async with world.database.begin() as connection:
        run = await open_run(connection, kept, request.run_id)
        row = await steps.locked(connection, request.run_id, request.step_id, request.place)
        asked = None if row is None else row.progress.get("calls", {}).get(request.call)
        if row is None or asked is None:
            raise PerdureError(ErrorKind.NOT_FOUND, f"The step {key} has no call {request.call!r}.")
        if "result" in asked:
            return CalledTool(result=asked["result"])
        begun_before = bool(asked.get("begun"))
        asked["begun"] = True
        await steps.save(connection, row)
    call = ToolCall(
        id=asked["id"],
        name=asked["name"],
        arguments=asked["arguments"],
        workspace_id=run.row.workspace_id,
        idempotency_key=f"{request.run_id}/{key}/{row.attempt}/{request.call}",
        begun_before=begun_before,
    )
    result = await _called(world, call)
    if result.temporary and activity.info().attempt < TRIES:
        raise ToolAwayError(_text(result), result.retry_after)
    async with world.database.begin() as connection:
        row = await steps.locked(connection, request.run_id, request.step_id, request.place)
        if row is None or request.call not in row.progress.get("calls", {}):
            raise PerdureError(ErrorKind.CONFLICT, f"The step {key} has gone on without its call.")
        value = result.data if result.outcome is ToolOutcome.OK and result.data is not None else _text(result)
        stored = await artifacts.put(
            connection, value, workspace_id=run.row.workspace_id, now=world.clock(), what=f"What {call.name} gave"
        )
        row.progress["calls"][request.call] |= {
            "outcome": result.outcome.value,
            "result": stored.hex(),
            "cost": str(result.cost),
            "part": result.as_part().model_dump(mode="json", exclude_none=True),
        }
        await steps.save(connection, row)
    return CalledTool(result=stored.hex())


async def _called(world: World, call: ToolCall) -> ToolResult:
    if call.name == HAND_OVER:
        said = "There is no such colleague. Choose one of those that the tool names, or answer yourself."
        return ToolResult(call_id=call.id, name=call.name, outcome=ToolOutcome.FAILED, content=(TextPart(text=said),))
    return await world.tools.call(call, now=world.clock())


def _text(result: ToolResult) -> str:
    return "\n".join(one.text for one in result.content if isinstance(one, TextPart))
