"""Calls of the tool `pipelines_run`: each becomes a run within the run, whose end the step waits for as for any inner run.

So a call lasts as long as it has to, is begun once whatever dies meanwhile, and is cancelled with the run that made it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from activities.runs.inner_runs import begin_inner
from activities.runs.present import Present
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import called_run_id
from contracts.parts import TextPart
from contracts.run_activities import RunPipeline
from contracts.runs import RunState
from contracts.tools import RUN_PIPELINE, ToolDefinition, ToolOutcome, ToolResult
from storage import runs
from tools.arguments import read_arguments
from tools.limits import bounded
from tools.protocol import ToolOutput

_TOLD = frozenset({ErrorKind.NOT_FOUND, ErrorKind.INVALID_REQUEST, ErrorKind.CONFLICT, ErrorKind.TOOL_FAILED})
"""What whoever called can mend; anything else is the step's failure."""


async def run_called(present: Present, keys: Sequence[str]) -> RunPipeline | None:
    """The runs that have to come to their ends for these calls; None where none of them is a run, or all have ended.

    Calls that cannot become a run have their result then: why not.
    """
    calls: dict[str, Any] = present.progress["calls"]
    offered = _offered(present)
    running: list[UUID] = []
    for key in keys:
        call = calls[key]
        if offered is None or call["name"] != RUN_PIPELINE or "result" in call:
            continue
        if "run" not in call:
            try:
                call["run"] = str(await _begun(present, key, call, offered))
            except PerdureError as error:
                if error.kind not in _TOLD:
                    raise
                await _failed(present, call, error.message)
                continue
        if not await _taken(present, call, offered):
            running.append(UUID(call["run"]))
    return RunPipeline(run_id=running[0], others=tuple(running[1:])) if running else None


async def take_ended(present: Present) -> None:
    """Give calls whose runs have ended their results."""
    offered = _offered(present)
    for call in present.progress.get("calls", {}).values():
        if "run" in call and "result" not in call and offered is not None:
            await _taken(present, call, offered)


async def _begun(present: Present, key: str, call: dict[str, Any], offered: ToolDefinition) -> UUID:
    asked = read_arguments(offered, call["arguments"])
    run_id = called_run_id(present.run.id, present.key, present.row.attempt, key)
    await begin_inner(present, run_id, asked["pipeline"], asked.get("input", {}))
    return run_id


async def _taken(present: Present, call: dict[str, Any], offered: ToolDefinition) -> bool:
    """Whether the call's run has ended; then it has its result."""
    other = await runs.find(present.connection, UUID(call["run"]))
    if not other.state.finished:
        return False
    if other.state is not RunState.COMPLETED or other.output is None:
        said = other.error_message or "The run was cancelled."
        await _failed(present, call, f"The pipeline {other.name!r} gave nothing (run {other.id}). {said}")
        call["kind"] = other.error_kind or ErrorKind.CANCELLED.value
        return True
    value = await present.run.value(other.output)
    said_so = bounded(ToolOutput(data=value), offered.effects)
    result = ToolResult(call_id=call["id"], name=call["name"], outcome=ToolOutcome.OK, content=said_so.content)
    _store(call, result, other.output)
    return True


async def _failed(present: Present, call: dict[str, Any], said: str) -> None:
    result = ToolResult(
        call_id=call["id"], name=call["name"], outcome=ToolOutcome.FAILED, content=(TextPart(text=said),)
    )
    _store(call, result, await present.put(said, "The answer"))


def _store(call: dict[str, Any], result: ToolResult, value: bytes) -> None:
    call |= {
        "outcome": result.outcome.value,
        "result": value.hex(),
        "part": result.as_part().model_dump(mode="json", exclude_none=True),
    }


def _offered(present: Present) -> ToolDefinition | None:
    return next((one for one in present.world.tools.definitions() if one.name == RUN_PIPELINE), None)
