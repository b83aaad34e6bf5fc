"""A run of a pipeline: one generic workflow for the run itself and for each map and loop in it.

How far everything has come is stored; here is only when. So a history that has become long is left for a fresh one at any moment.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.ids import NUDGE_SIGNAL, PIPELINE_WORKFLOW, QUEUE_KEY
    from contracts.run_activities import (
        CloseRun,
        EndedPass,
        EndedScope,
        EndPass,
        OpenedScope,
        RunActivities,
        Scope,
        TakeItems,
    )
    from contracts.runs import Place, StepOutline
    from workflows.following_runs import follow_up
    from workflows.obeying import obeying
    from workflows.stepping import LOCAL_RETRY, LOCAL_SECONDS, Stepping
    from workflows.waking import LeftError, Waking

AT_ONCE = 100
"""Steps of one list that run beside each other."""
_CLOSING = timedelta(seconds=120)
_LOOK_SECONDS = 120.0
"""How long a run waits for its turn before it looks by itself; it is told when its turn has come."""


@workflow.defn(name=PIPELINE_WORKFLOW)
class PipelineWorkflow:
    """Runs a scope. Its input is ids; the definition and all content stay in Postgres."""

    def __init__(self) -> None:
        self._waking = Waking()

    @workflow.signal(name=NUDGE_SIGNAL)
    def nudge(self, keys: list[str]) -> None:
        """Something that these steps wait for is stored; all of them, where none is named."""
        self._waking.nudge(keys)

    @workflow.run
    async def run(self, scope: Scope) -> EndedScope:
        """Run to the end. Returns how it came out; fails only where it is cancelled within a run."""
        how, failed = "cancelled", None
        try:
            opened = await self._open(scope)
            if opened.finished is not None:
                return EndedScope(state=opened.finished)
            async with asyncio.timeout(opened.seconds):
                failed = await self._scope(scope, opened)
            how = "completed" if failed is None else "failed"
        except LeftError:
            workflow.continue_as_new(scope)
        except TimeoutError:
            how = "timeout"
        except BaseException as error:
            if scope.step_id is not None or not is_cancelled_exception(error):
                raise
        if scope.step_id is not None:
            return EndedScope(fatal=failed is not None)
        closed = await workflow.execute_local_activity_method(
            RunActivities.close_run,
            CloseRun(run_id=scope.run_id, how=how, failed=failed),
            start_to_close_timeout=_CLOSING,
            retry_policy=LOCAL_RETRY,
        )
        await follow_up(closed)
        return EndedScope(state=closed.state)

    async def _open(self, scope: Scope) -> OpenedScope:
        """Begin, or wait for the turn where too many runs are at work. Raises LeftError."""
        while True:
            mark = self._waking.mark(QUEUE_KEY)
            opened = await obeying(
                workflow.execute_local_activity_method(
                    RunActivities.open_scope, scope, start_to_close_timeout=LOCAL_SECONDS, retry_policy=LOCAL_RETRY
                )
            )
            if not opened.queued:
                return opened
            await self._waking.wait(QUEUE_KEY, mark, _LOOK_SECONDS)

    async def _scope(self, scope: Scope, opened: OpenedScope) -> str | None:
        stepping = Stepping(scope.run_id, self._waking, lambda steps, place: self._body(stepping, steps, place))
        match opened.kind:
            case "run":
                return await self._body(stepping, opened.steps, ())
            case "loop":
                return await self._loop(stepping, scope, opened)
            case "map":
                return await self._map(stepping, scope, opened)

    async def _body(self, stepping: Stepping, steps: tuple[StepOutline, ...], place: Place) -> str | None:
        """Run each step as soon as what it needs has ended. The step that failed, if one did; the others are stopped then."""
        beside = {one.id: one for one in steps}
        waiting = {one.id: one for one in steps if one.stands_in_for is None}
        ended: set[str] = set()
        running: dict[asyncio.Task[bool], StepOutline] = {}
        left = False

        async def one(step: StepOutline) -> bool:
            return (await stepping.run(step, place, beside)).fatal

        try:
            while True:
                for step in [one for one in waiting.values() if _is_ready(one, beside, ended)]:
                    if len(running) < AT_ONCE and not self._waking.leaving:
                        del waiting[step.id]
                        running[asyncio.create_task(one(step))] = step
                if not running:
                    if left or (waiting and self._waking.leaving):
                        raise LeftError
                    if waiting:
                        raise ApplicationError(f"Nothing leads to the steps {sorted(waiting)}.", non_retryable=True)
                    return None
                done, _ = await workflow.wait(list(running), return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    step = running.pop(task)
                    if isinstance(task.exception(), LeftError):
                        left = True
                    elif task.result():
                        return step.id
                    else:
                        ended |= {step.id, step.fallback or step.id}
        finally:
            await _stopped(running)

    async def _loop(self, stepping: Stepping, scope: Scope, opened: OpenedScope) -> str | None:
        position = opened.first
        while True:
            failed = await self._body(stepping, opened.steps, (*scope.place, position))
            ended = await self._end_pass(scope, position, failed)
            if ended.stop:
                return scope.step_id if ended.fatal else None
            if self._waking.leaving:
                raise LeftError
            if self._waking.crowded:
                await self._waking.breathe()
            position += 1

    async def _map(self, stepping: Stepping, scope: Scope, opened: OpenedScope) -> str | None:
        """A window over the items: as soon as one has ended the next begins."""
        running: dict[asyncio.Task[EndedPass], int] = {}
        taken: list[int] = []
        after, more, left = -1, True, False

        async def item(position: int) -> EndedPass:
            failed = await self._body(stepping, opened.steps, (*scope.place, position))
            return await self._end_pass(scope, position, failed)

        try:
            while True:
                leaving = self._waking.leaving
                if more and not leaving and len(taken) < opened.concurrency:
                    page = await self._take(scope, after)
                    taken += page
                    more = bool(page)
                    after = page[-1] if page else after
                while taken and not leaving and not self._waking.crowded and len(running) < opened.concurrency:
                    position = taken.pop(0)
                    running[asyncio.create_task(item(position))] = position
                if not running:
                    if left or leaving:
                        raise LeftError
                    if self._waking.crowded:
                        await self._waking.breathe()
                        continue
                    return None
                done, _ = await workflow.wait(list(running), return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del running[task]
                    if isinstance(task.exception(), LeftError):
                        left = True
                    elif task.result().stop:
                        return scope.step_id
        finally:
            await _stopped(running)

    async def _take(self, scope: Scope, after: int) -> tuple[int, ...]:
        taken = await obeying(
            workflow.execute_local_activity_method(
                RunActivities.take_items,
                TakeItems(run_id=scope.run_id, step_id=scope.step_id or "", place=scope.place, after=after),
                start_to_close_timeout=LOCAL_SECONDS,
                retry_policy=LOCAL_RETRY,
            )
        )
        return taken.positions

    async def _end_pass(self, scope: Scope, position: int, failed: str | None) -> EndedPass:
        self._waking.passed()
        return await obeying(
            workflow.execute_local_activity_method(
                RunActivities.end_pass,
                EndPass(
                    run_id=scope.run_id,
                    step_id=scope.step_id or "",
                    place=scope.place,
                    position=position,
                    failed=failed,
                ),
                start_to_close_timeout=LOCAL_SECONDS,
                retry_policy=LOCAL_RETRY,
            )
        )


def _is_ready(step: StepOutline, beside: dict[str, StepOutline], ended: set[str]) -> bool:
    """All that it needs has ended, and all that its fallback needs: whichever of them runs, it can."""
    fallback = beside[step.fallback].needs if step.fallback is not None else ()
    return ended.issuperset(step.needs) and ended.issuperset(one for one in fallback if one != step.id)


async def _stopped(tasks: "dict[asyncio.Task[EndedPass], int] | dict[asyncio.Task[bool], StepOutline]") -> None:
    """Stop what still runs, and wait until it has: turns keep what they have said so far."""
    for task in tasks:
        task.cancel()
    if tasks:
        await workflow.wait(list(tasks))
        for task in tasks:
            if not task.cancelled():
                # Retrieved, so that nobody complains that it was never looked at.
                task.exception()
