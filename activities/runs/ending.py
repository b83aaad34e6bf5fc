"""How steps end: with a result, skipped, or failed, and what follows from that."""

import hashlib
from datetime import timedelta
from typing import Any, assert_never

from activities.runs.present import Present
from contracts.errors import ErrorKind, PerdureError
from contracts.pipelines.plan import StepState
from contracts.pipelines.steps import Fallback
from contracts.run_activities import Again, Ended, StandIn
from domain.pipelines.schemas import value_faults
from domain.runs.canonical import canonical
from domain.yaml.nodes import dotted
from storage import run_items, steps


class StepFailedError(PerdureError):
    """The attempt has failed. `final`: another attempt would fail alike."""

    def __init__(self, kind: ErrorKind, message: str, *, final: bool = False) -> None:
        super().__init__(kind, message)
        self.final = final


_NEVER_AGAIN = frozenset({ErrorKind.CANCELLED, ErrorKind.BUDGET_EXCEEDED, ErrorKind.ACCESS_DENIED})


async def complete(present: Present, result: Any, **more: Any) -> Ended:
    """The step has its result; `more` is what else others see of it."""
    row = present.row
    row.output = await present.put({"result": result, **more}, f"What {present.key} gives")
    row.error_kind = row.error_message = None
    return await _over(present, "completed")


async def skip(present: Present) -> Ended:
    """The step is not run."""
    return await _over(present, "skipped")


def check(value: Any, schema: dict[str, Any] | None, what: str) -> None:
    """Raises StepFailedError where a value does not follow a schema, without quoting it."""
    faults = [] if schema is None else list(value_faults(value, schema, ()))
    if faults:
        listed = "; ".join(f"{dotted(one.path)}: {one.message}" if one.path else one.message for one in faults[:5])
        raise StepFailedError(ErrorKind.INVALID_REQUEST, f"{what} does not fit: {listed}.", final=True)


async def fail(present: Present, error: PerdureError) -> Ended | Again | StandIn:
    """The attempt failed: another one, or what `on_error` says."""
    row, step = present.row, present.here.step
    row.failures += 1
    row.error_kind, row.error_message = error.kind.value, error.message
    final = error.kind in _NEVER_AGAIN or (isinstance(error, StepFailedError) and error.final)
    if step.retry is not None and row.failures < step.retry.attempts and not final:
        seconds = min(step.retry.first_wait * step.retry.factor ** min(row.failures - 1, 200), step.retry.longest_wait)
        await forget(present)
        row.state, row.attempt, row.progress, row.decision = "waiting", row.attempt + 1, {}, None
        row.awaits = {"what": "retry", "until": (present.now + timedelta(seconds=seconds)).isoformat()}
        await present.tell()
        return Again(seconds=seconds)
    match step.on_error:
        case "fail":
            row.fatal = True
            return await _over(present, "failed")
        case "skip":
            return await _over(present, "skipped")
        case "continue":
            return await _over(present, "failed")
        case Fallback(fallback=other):
            # Until that has ended, others would see a step that failed; only the fallback does.
            row.progress = {"stood_in_by": other}
            row.state, row.awaits = "failed", None
            await present.tell()
            return StandIn(step_id=other)
        case _:
            assert_never(step.on_error)


async def stood_in(present: Present, other: str) -> Ended:
    """The step's fallback has ended: what that came to is what this one came to."""
    found = await steps.some(present.connection, present.run.id, [(other, present.row.place)])
    substitute = found[other, present.row.place]
    row = present.row
    row.output, row.fatal = substitute.output, substitute.fatal
    if substitute.state == "failed":
        row.error_kind, row.error_message = substitute.error_kind, substitute.error_message
    return await _over(present, substitute.state)


async def forget(present: Present) -> None:
    """Let all that stands in the step be run anew."""
    whole = present.run.program.inside(present.row.step_id)
    inside = [name for name in whole if name != present.row.step_id]
    if inside:
        await steps.reset(present.connection, present.run.id, inside, present.row.place)
        await run_items.forget(present.connection, present.run.id, whole, present.row.place)


async def found_again(present: Present, *asked: Any) -> Ended | None:
    """The end with a former result for the same question, where the step says that results are used again."""
    caching = present.here.step.cache
    if caching is None:
        return None
    said = canonical([str(present.run.row.workspace_id), present.row.kind, *asked])
    present.row.fingerprint = hashlib.sha256(said.encode()).digest()
    since = present.now - timedelta(seconds=caching.ttl)
    found = await steps.reusable(present.connection, present.row.fingerprint, since=since)
    if found is None:
        return None
    present.row.output = found
    present.row.progress["reused"] = True
    return await _over(present, "completed")


async def _over(present: Present, state: StepState) -> Ended:
    row = present.row
    row.state, row.awaits, row.finished_at = state, None, present.now
    await present.tell()
    return Ended(state=state, fatal=row.fatal)
