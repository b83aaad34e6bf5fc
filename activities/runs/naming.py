"""What names mean where a step stands: inputs, what other steps gave, items and rounds."""

from collections.abc import Iterable, Mapping
from typing import Any

from activities.runs.open_run import OpenRun
from contracts.pipelines.steps import LoopStep, MapStep
from contracts.runs import Place
from storage import run_items, steps
from storage.run_items import At
from storage.steps import StepRow

_SKIPPED = {"result": None, "state": "skipped", "error": None}


async def names_at(run: OpenRun, around: tuple[str, ...], place: Place, wanted: Iterable[str]) -> dict[str, Any]:
    """The meanings of the wanted names, within the maps and loops `around` at `place`."""
    roots = set(wanted)
    names: dict[str, Any] = {}
    if "inputs" in roots or roots & run.program.definition.inputs.keys():
        inputs = await run.inputs()
        names |= {**{name: value for name, value in inputs.items() if name in roots}, "inputs": inputs}
    if "run" in roots:
        names["run"] = run_name(run)
    names |= await _finished(run, place, roots)
    for depth, owner in enumerate(around):
        names |= await _pass(run, owner, place[:depth], place[depth], roots)
    return names


def run_name(run: OpenRun) -> dict[str, Any]:
    """What a definition sees of the run itself."""
    started = run.row.started_at or run.row.created_at
    return {
        "id": str(run.id),
        "pipeline": run.program.definition.name,
        "version": run.program.plan.version,
        "started_at": started.isoformat(),
    }


def seen(step: StepRow, value: Mapping[str, Any] | None) -> dict[str, Any]:
    """What others see of a step that has ended."""
    if step.state == "skipped":
        return _SKIPPED
    failed = step.state == "failed"
    error = {"kind": step.error_kind, "message": step.error_message} if failed else None
    return {"result": None, **(value or {}), "state": step.state, "error": error}


async def _finished(run: OpenRun, place: Place, roots: set[str]) -> dict[str, Any]:
    places = {name: run.program.place_of(name, place) for name in roots if name in run.program.steps}
    rows = await steps.some(run.connection, run.id, places.items())
    values = await run.values(row.output for row in rows.values() if row.output is not None)
    found: dict[str, Any] = {}
    for name, where in places.items():
        row = rows.get((name, where))
        # A step of a way that was not taken has no row, and a fallback that was not needed has none.
        found[name] = _SKIPPED if row is None else seen(row, values[row.output] if row.output is not None else None)
    return found


async def _pass(run: OpenRun, owner: str, place: Place, position: int, roots: set[str]) -> dict[str, Any]:
    step = run.program.steps[owner].step
    at = At(run.id, owner, place)
    match step:
        case MapStep():
            names: dict[str, Any] = {"index": position}
            if step.item_name in roots:
                names[step.item_name] = await run_items.item(run.connection, at, position)
            return names
        case LoopStep():
            names = {"round": position}
            if "carry" in roots:
                names["carry"] = await run_items.item(run.connection, at, position)
            return names
        case _:
            raise TypeError(f"{owner} holds no items")
