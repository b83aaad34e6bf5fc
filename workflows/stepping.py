"""One step of a run, from its begin to its end: what the world says it needs next is done, until it is over."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ChildWorkflowError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from contracts.activities import OpenTurn
    from contracts.errors import NON_RETRYABLE, ErrorKind
    from contracts.ids import PIPELINE_WORKFLOW, TURN_WORKFLOW, run_workflow_id, step_key, turn_workflow_id
    from contracts.run_activities import (
        Advance,
        Again,
        Ask,
        Await,
        CallTool,
        CallTools,
        Ended,
        EndedScope,
        Enter,
        FollowTurn,
        Iterate,
        RunActivities,
        RunPipeline,
        Scope,
        StandIn,
        StepFailure,
    )
    from contracts.runs import Place, StepOutline
    from contracts.turns import TurnResult
    from workflows.failures import read_failure
    from workflows.obeying import obeying
    from workflows.waking import LeftError, Waking

LOCAL_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=100),
    maximum_interval=timedelta(seconds=5),
    non_retryable_error_types=NON_RETRYABLE,
)
LOCAL_SECONDS = timedelta(seconds=60)
TOOL_SECONDS = timedelta(hours=1)
_FOLLOW_BEAT = timedelta(seconds=30)
_TOOL_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(seconds=30),
    non_retryable_error_types=NON_RETRYABLE,
)

RunBody = Callable[[tuple[StepOutline, ...], Place], Awaitable[str | None]]
"""Runs the steps of a branch; gives the one that failed, if any."""


@dataclass(slots=True)
class Said:
    """The serial of the newest answer about a step."""

    serial: int = 0


class Stepping:
    """Brings steps of one run forward. `run_body` is how the steps within a branch are run."""

    def __init__(self, run_id: UUID, waking: Waking, run_body: RunBody) -> None:
        self._run_id = run_id
        self._waking = waking
        self._run_body = run_body

    async def run(self, step: StepOutline, place: Place, beside: Mapping[str, StepOutline]) -> Ended:
        """Run a step to its end, retries and fallback included. Raises LeftError."""
        base = Advance(run_id=self._run_id, step_id=step.id, place=place)
        key = step_key(step.id, place)
        said = Said()
        request = base
        while True:
            try:
                async with asyncio.timeout(step.timeout):
                    outcome = await self._attempt(step, request, said)
            except TimeoutError:
                message = f"The step took longer than its timeout of {step.timeout or 0:g} s."
                failure = StepFailure(kind=ErrorKind.TIMEOUT, message=message)
                request = base.model_copy(update={"serial": said.serial, "failure": failure})
                continue
            changes: dict[str, object] = {"serial": said.serial}
            match outcome:
                case Ended():
                    return outcome
                case Again(seconds=seconds):
                    changes["waited"] = await self._waking.wait(key, self._waking.mark(key), seconds)
                case StandIn(step_id=other):
                    ended = await self.run(beside[other], place, beside)
                    changes |= {"back": True, "failed": other if ended.fatal else None}
                case _:
                    assert_never(outcome)
            request = base.model_copy(update=changes)

    async def _attempt(self, step: StepOutline, request: Advance, said: "Said") -> Ended | Again | StandIn:
        base = Advance(run_id=request.run_id, step_id=request.step_id, place=request.place)
        key = step_key(step.id, request.place)
        while True:
            mark = self._waking.mark(key)
            doing = await obeying(
                workflow.execute_local_activity_method(
                    RunActivities.advance_step, request, start_to_close_timeout=LOCAL_SECONDS, retry_policy=LOCAL_RETRY
                )
            )
            said.serial = doing.serial
            following = doing.next
            if not isinstance(following, Ended) and self._waking.leaving:
                # It is stored how far the step has come.
                raise LeftError
            changes: dict[str, object] = {"serial": doing.serial}
            match following:
                case Ended() | Again() | StandIn():
                    return following
                case Await(seconds=seconds):
                    changes["waited"] = await self._waking.wait(key, mark, seconds)
                case Ask(turn_ids=turn_ids):
                    await asyncio.gather(*(self._turn(turn_id) for turn_id in turn_ids))
                case CallTools(calls=calls):
                    changes |= await self._tools(step, request.place, calls)
                case Enter(body=body):
                    changes |= {"back": True, "failed": await self._run_body(step.bodies[body], request.place)}
                case Iterate():
                    scope = Scope(run_id=self._run_id, step_id=step.id, place=request.place)
                    changes |= await self._inner(scope, step.id)
                case RunPipeline(run_id=run_id, others=others):
                    scopes = [Scope(run_id=one) for one in (run_id, *others)]
                    for came in await asyncio.gather(*(self._inner(scope, step.id) for scope in scopes)):
                        changes = came | changes
                case _:
                    assert_never(following)
            request = base.model_copy(update=changes)

    async def _turn(self, turn_id: UUID) -> None:
        """Have a turn answered. What came of it is stored; a turn that another workflow answers is waited for."""
        try:
            await obeying(
                workflow.execute_child_workflow(
                    TURN_WORKFLOW,
                    OpenTurn(turn_id=turn_id),
                    id=turn_workflow_id(turn_id),
                    result_type=TurnResult,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
                    cancellation_type=workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
                )
            )
        except (WorkflowAlreadyStartedError, ChildWorkflowError):
            await obeying(
                workflow.execute_activity_method(
                    RunActivities.follow_turn,
                    FollowTurn(turn_id=turn_id),
                    start_to_close_timeout=timedelta(hours=25),
                    heartbeat_timeout=_FOLLOW_BEAT,
                )
            )

    async def _inner(self, scope: Scope, step_id: str) -> dict[str, object]:
        try:
            ended = await obeying(
                workflow.execute_child_workflow(
                    PIPELINE_WORKFLOW,
                    scope,
                    id=run_workflow_id(scope.run_id, scope.step_id, scope.place),
                    result_type=EndedScope,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
                    cancellation_type=workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
                )
            )
        except (WorkflowAlreadyStartedError, ChildWorkflowError) as error:
            failure = StepFailure(
                kind=ErrorKind.INTERNAL, message=f"What runs in {step_id} ended without a result ({error})."
            )
            return {"failure": failure}
        return {"back": True, "failed": step_id if ended.fatal else None}

    async def _tools(self, step: StepOutline, place: Place, calls: tuple[str, ...]) -> dict[str, object]:
        results: dict[str, str] = {}
        failures: dict[str, StepFailure] = {}

        async def one(call: str) -> None:
            try:
                called = await obeying(
                    workflow.execute_activity_method(
                        RunActivities.call_tool,
                        CallTool(run_id=self._run_id, step_id=step.id, place=place, call=call),
                        start_to_close_timeout=TOOL_SECONDS,
                        retry_policy=_TOOL_RETRY,
                        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
                    )
                )
                results[call] = called.result
            except ActivityError as error:
                detail, message = read_failure(error)
                failures[call] = StepFailure(kind=detail.kind, message=message)

        await asyncio.gather(*(one(call) for call in calls))
        return {"results": results, "tool_failures": failures}
