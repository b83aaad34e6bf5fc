"""Steps that ask no model: values that are worked out, time, events, people, and ways to go."""

from datetime import UTC, datetime, timedelta
from typing import Any

from activities.runs.ending import StepFailedError, check, complete, fail, found_again, skip
from activities.runs.failing import inner_failure
from activities.runs.naming import names_at
from activities.runs.present import Present
from contracts.errors import ErrorKind
from contracts.pipelines.plan import PlannedBody
from contracts.pipelines.steps import ApprovalStep, BranchStep, TransformStep, WaitStep
from contracts.run_activities import Again, Await, Ended, Enter, StandIn
from contracts.runs import Place
from domain.pipelines.conditions import evaluated
from domain.pipelines.templates import rendered, rendered_text
from domain.runs.reading import roots_of, roots_of_condition
from storage import run_events


async def transform(present: Present, step: TransformStep) -> Ended:
    """Work the value out."""
    said = (step.template, step.value, step.variables)
    wanted = roots_of(said) | (roots_of_condition(step.cel) if step.cel is not None else frozenset())
    names = await present.names(wanted)
    own = {**names, **{name: rendered(value, names) for name, value in step.variables.items()}}
    if step.template is not None:
        result: Any = rendered_text(step.template, own)
    else:
        result = evaluated(step.cel, own) if step.cel is not None else rendered(step.value, own)
    check(result, step.output, "What it gives")
    return await found_again(present, step.id, result) or await complete(present, result)


async def wait(present: Present, step: WaitStep) -> Ended | Await:
    """Wait for time to pass, or for an event."""
    row = present.row
    if row.awaits is None:
        until = await _until(present, step)
        row.awaits = {
            "what": "event" if step.event is not None else "time",
            **({"event": step.event} if step.event is not None else {}),
            **({"until": until.isoformat()} if until is not None else {}),
        }
        row.state = "waiting"
        await present.tell()
    if step.event is not None:
        taken = await run_events.take(present.connection, present.run.id, step.event, now=present.now)
        if taken is not None:
            check(taken[0], step.output, f"What came with {step.event!r}")
            return await complete(present, taken[0])
    if not passed(present):
        return Await(seconds=left(present))
    if step.event is None or step.on_timeout == "continue":
        return await complete(present, None)
    raise StepFailedError(ErrorKind.TIMEOUT, f"The event {step.event!r} did not come in time.")


async def approval(present: Present, step: ApprovalStep) -> Ended | Await:
    """Ask somebody, and wait for what they decide."""
    row = present.row
    if row.awaits is None:
        shown = {"show": await present.rendered(step.show), "value": await present.rendered(step.value)}
        asked = await present.put(shown, f"What {present.key} shows")
        until = present.now + timedelta(seconds=step.deadline) if step.deadline is not None else None
        row.awaits = {
            "what": "approval",
            "who": list(step.who),
            "asked": asked.hex(),
            **({"until": until.isoformat()} if until is not None else {}),
        }
        row.state = "waiting"
        await present.tell()
    decision = row.decision
    if decision is None:
        if not passed(present):
            return Await(seconds=left(present))
        if step.on_deadline == "fail":
            raise StepFailedError(ErrorKind.TIMEOUT, "Nobody decided in time.")
        decision = {"approved": step.on_deadline == "approve", "comment": None, "by": None}
    if not decision["approved"]:
        if step.on_reject == "skip":
            return await skip(present)
        if step.on_reject == "fail":
            by = f" by {decision['by']}" if decision["by"] else ", since nobody decided in time"
            raise StepFailedError(ErrorKind.ACCESS_DENIED, f"It was rejected{by}.", final=True)
    stored = bytes.fromhex(decision.get("value") or row.awaits["asked"])
    value = await present.run.value(stored)
    result = {name: decision[name] for name in ("approved", "comment", "by")}
    return await complete(present, {**result, "value": value["value"]})


async def branch(present: Present, step: BranchStep) -> Ended | Enter | Again | StandIn:
    """Choose a way, and go it."""
    if present.told.back:
        if present.told.failed is not None:
            return await fail(present, await inner_failure(present, present.told.failed, present.row.place))
        return await _arrived(present, step)
    if "way" not in present.progress:
        chosen: int | None = None
        for at, case in enumerate(step.cases):
            if await present.holds(case.when):
                chosen = at
                break
        if chosen is None and step.otherwise is not None:
            chosen = len(step.cases)
        present.progress["way"] = chosen
    way = present.progress["way"]
    if way is None:
        return await complete(present, None, chosen=None)
    if present.here.planned.bodies[way].steps:
        return Enter(body=way)
    return await _arrived(present, step)


async def _arrived(present: Present, step: BranchStep) -> Ended:
    way = present.progress["way"]
    body = present.here.planned.bodies[way]
    if way < len(step.cases):
        said, name = step.cases[way].result, step.cases[way].name
    else:
        said, name = step.otherwise.result if step.otherwise is not None else None, "otherwise"
    result = await body_result(present, said, body, present.here.around, present.row.place)
    return await complete(present, result, chosen=name)


async def body_result(present: Present, said: Any, body: PlannedBody, around: tuple[str, ...], place: Place) -> Any:
    """What the steps of a body came to: what the definition says, or else the last step's result, or the body's name."""
    run = present.run
    if said is not None:
        return rendered(said, await names_at(run, around, place, roots_of(said)))
    if body.last is None:
        return body.name
    return (await names_at(run, around, place, [body.last]))[body.last]["result"]


def passed(present: Present) -> bool:
    """What the step waits for has had its time; by the workflow's clock or by ours."""
    until = (present.row.awaits or {}).get("until")
    return until is not None and (present.told.waited or present.now >= datetime.fromisoformat(until))


def left(present: Present) -> float | None:
    """Seconds until then."""
    until = (present.row.awaits or {}).get("until")
    return None if until is None else max(0.0, (datetime.fromisoformat(until) - present.now).total_seconds())


async def _until(present: Present, step: WaitStep) -> datetime | None:
    if step.duration is not None:
        return present.now + timedelta(seconds=step.duration)
    if step.event is not None:
        return present.now + timedelta(seconds=step.timeout) if step.timeout is not None else None
    said = await present.rendered(step.until)
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError:
        raise StepFailedError(
            ErrorKind.INVALID_REQUEST, "`until` is not a date and time, as in 2030-01-31T12:00:00Z.", final=True
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
