"""Maps and loops: what their steps are run for, what each item or round came to, and the whole."""

from typing import Any

from activities.runs.ending import StepFailedError, complete, fail, forget
from activities.runs.naming import names_at
from activities.runs.plain import body_result
from activities.runs.present import Present
from contracts.errors import ErrorKind, PerdureError
from contracts.pipelines.steps import LoopStep, MapStep
from contracts.run_activities import Again, Ended, EndedPass, Iterate, StandIn
from domain.pipelines.conditions import UnfitConditionError, holds
from domain.pipelines.templates import UnfitTemplateError, rendered
from domain.runs.reading import roots_of, roots_of_condition
from storage import run_items, steps
from storage.run_items import At, Item

_PAGE = 1_000


def at_of(present: Present) -> At:
    """The map or loop."""
    return At(present.run.id, present.row.step_id, present.row.place)


async def map_items(present: Present, step: MapStep) -> Ended | Iterate | Again | StandIn:
    """Run the steps for each item, then gather what they came to."""
    if present.told.back:
        if present.told.failed is not None:
            return await fail(present, await _item_failure(present))
        return await _gathered(present, step)
    if "count" not in present.progress:
        items = await present.rendered(step.over)
        if not isinstance(items, list):
            said = f"What is mapped over is no list but {type(items).__name__}."
            raise StepFailedError(ErrorKind.INVALID_REQUEST, said, final=True)
        if len(items) > step.max_items:
            said = f"There are {len(items):,} items; `max_items` allows {step.max_items:,}."
            raise StepFailedError(ErrorKind.INVALID_REQUEST, said, final=True)
        await forget(present)
        for start in range(0, len(items), _PAGE):
            page = dict(enumerate(items[start : start + _PAGE], start))
            await run_items.put(present.connection, at_of(present), page)
        present.progress["count"] = len(items)
    if not present.progress["count"]:
        return await complete(present, [], failed=[])
    return Iterate()


async def _gathered(present: Present, step: MapStep) -> Ended:
    results: list[Any] = []
    failed: list[dict[str, Any]] = []
    for one in await run_items.all_of(present.connection, at_of(present)):
        if one.state == "failed":
            failed.append({"index": one.position, "error": {"kind": one.error_kind, "message": one.error_message}})
            if step.on_item_error == "keep":
                results.append(None)
        else:
            results.append(one.result)
    return await complete(present, results, failed=failed)


async def loop(present: Present, step: LoopStep) -> Ended | Iterate | Again | StandIn:
    """Run the steps round after round, then take what the last came to."""
    if present.told.back:
        if present.told.failed is not None:
            return await fail(present, await _item_failure(present))
        last = await run_items.last(present.connection, at_of(present))
        if last is None:
            raise StepFailedError(ErrorKind.INTERNAL, "No round is stored of the loop.")
        ended = last.result
        if not ended["met"] and step.on_exhausted == "fail":
            said = f"The condition did not hold after {last.position} rounds."
            raise StepFailedError(ErrorKind.CONFLICT, said)
        return await complete(present, ended["result"], rounds=last.position, met=ended["met"], carry=ended["carry"])
    if "begun" not in present.progress:
        carry = {name: await present.rendered(one.start) for name, one in step.carry.items()}
        await forget(present)
        await run_items.put(present.connection, at_of(present), {1: carry})
        present.progress["begun"] = True
    return Iterate()


async def _item_failure(present: Present) -> PerdureError:
    found = await run_items.first_failed(present.connection, at_of(present))
    if found is None or found.error_kind is None:
        return PerdureError(ErrorKind.INTERNAL, f"Something failed in {present.key}.")
    what = "round" if isinstance(present.here.step, LoopStep) else "item"
    return PerdureError(ErrorKind(found.error_kind), f"{what} {found.position}: {found.error_message}")


async def end_pass(present: Present, position: int, failed: str | None) -> EndedPass:
    """Store what an item or a round came to; whether the map or loop is over with it."""
    at, step = at_of(present), present.here.step
    if failed is not None:
        row = (await steps.some(present.connection, at.run_id, [(failed, (*at.place, position))])).get(
            (failed, (*at.place, position))
        )
        kind = row.error_kind if row is not None and row.error_kind else ErrorKind.INTERNAL.value
        message = f"in {failed!r}: {row.error_message if row is not None else 'it failed.'}"
        await run_items.end(present.connection, at, position, error=(kind, message))
    match step:
        case MapStep():
            return await _end_item(present, step, position, failed)
        case LoopStep():
            return await _end_round(present, step, position, failed)
        case _:
            raise TypeError(f"{at.step_id} has no passes")


async def _end_item(present: Present, step: MapStep, position: int, failed: str | None) -> EndedPass:
    at = at_of(present)
    if failed is None:
        within, place = present.here.within(), (*at.place, position)
        try:
            result = await body_result(present, step.result, present.here.planned.bodies[0], within, place)
            await run_items.end(present.connection, at, position, result=result)
            return EndedPass(stop=False)
        except (UnfitTemplateError, PerdureError) as error:
            kind = error.kind if isinstance(error, PerdureError) else ErrorKind.INVALID_REQUEST
            await run_items.end(present.connection, at, position, error=(kind.value, f"its result: {error}"))
    if step.on_item_error == "fail":
        return EndedPass(stop=True, fatal=True)
    many = step.max_failures is not None and await run_items.failed(present.connection, at) > step.max_failures
    return EndedPass(stop=many, fatal=many)


async def _end_round(present: Present, step: LoopStep, position: int, failed: str | None) -> EndedPass:
    at = at_of(present)
    if failed is not None:
        return EndedPass(stop=True, fatal=True)
    known = await run_items.last(present.connection, at)
    if known is not None and (known.position > position or known.state != "waiting"):
        return EndedPass(stop=known.position == position, fatal=known.state == "failed")
    try:
        ended, following = await _ended_round(present, step, position)
    except (UnfitTemplateError, UnfitConditionError, PerdureError) as error:
        kind = error.kind if isinstance(error, PerdureError) else ErrorKind.INVALID_REQUEST
        await run_items.end(present.connection, at, position, error=(kind.value, str(error)))
        return EndedPass(stop=True, fatal=True)
    await run_items.end(present.connection, at, position, result=ended)
    if following is None:
        return EndedPass(stop=True)
    await run_items.put(present.connection, at, {position + 1: following})
    return EndedPass(stop=False)


async def _ended_round(present: Present, step: LoopStep, position: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """What the round came to, and what the next one carries, if there is one."""
    within, place = present.here.within(), (*present.row.place, position)
    nexts = {name: one.next for name, one in step.carry.items()}
    wanted = roots_of(nexts) | roots_of_condition(step.until)
    names = await names_at(present.run, within, place, wanted)
    result = await body_result(present, step.result, present.here.planned.bodies[0], within, place)
    carry = {name: rendered(value, names) for name, value in nexts.items()}
    met = holds(step.until, {**names, "carry": carry})
    over = met or position >= step.max_rounds
    return {"result": result, "met": met, "carry": carry}, None if over else carry


async def begins(present: Present) -> int:
    """The round to begin with: the first, or the one that a former workflow left."""
    last: Item | None = await run_items.last(present.connection, at_of(present))
    return 1 if last is None else last.position
