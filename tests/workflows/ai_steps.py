"""A workflow of AI steps over activities whose outcomes a test scripts."""

from datetime import timedelta
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from contracts.activities import OpenedTurn
from contracts.ai_step_activities import (
    AiStepActivities,
    CloseAiStep,
    ClosedAiStep,
    JudgeAnswer,
    JudgedAnswer,
    OpenedAiStep,
    RunAiStep,
)
from contracts.nexus import StepOutput
from tests.workflows.fakes import Outcome, ScriptedActivities, answer, plan
from workers.worker import WORKFLOWS


class ScriptedSteps(AiStepActivities):
    """Opens with some turns, follows some with others, and lets the callback fail some times."""

    def __init__(
        self,
        first: list[UUID],
        following: dict[UUID, UUID],
        *,
        callback: bool = False,
        refused: int = 0,
        done: bool = False,
        final: bool = False,
    ) -> None:
        self.first, self.following, self.callback, self.refused, self.done = first, following, callback, refused, done
        self.final, self.gave_up = final, 0
        self.judged: list[UUID] = []
        self.closed: list[CloseAiStep] = []
        self.called = 0

    @activity.defn(name="open_ai_step")
    async def open_ai_step(self, request: RunAiStep) -> OpenedAiStep:
        if self.done:
            return OpenedAiStep(finished=True, callback=self.callback)
        return OpenedAiStep(turn_ids=tuple(self.first))

    @activity.defn(name="judge_answer")
    async def judge_answer(self, request: JudgeAnswer) -> JudgedAnswer:
        self.judged.append(request.turn_id)
        return JudgedAnswer(next_turn_id=self.following.get(request.turn_id))

    @activity.defn(name="close_ai_step")
    async def close_ai_step(self, request: CloseAiStep) -> ClosedAiStep:
        self.closed.append(request)
        return ClosedAiStep(callback=self.callback)

    @activity.defn(name="tell_ai_step")
    async def tell_ai_step(self, request: RunAiStep) -> StepOutput:
        return StepOutput(step_id=str(request.step_id), state="completed", content="told")

    @activity.defn(name="call_back")
    async def call_back(self, request: RunAiStep) -> None:
        self.called += 1
        if self.called <= self.refused:
            delay = timedelta(milliseconds=10)
            raise ApplicationError("not taken", next_retry_delay=delay, non_retryable=self.final)

    @activity.defn(name="give_up_calling_back")
    async def give_up_calling_back(self, request: RunAiStep) -> None:
        self.gave_up += 1


async def run(
    client: Client, steps: ScriptedSteps, turns: ScriptedActivities, *, cancel: bool = False, workflow: str = "AiStep"
) -> tuple[object, str]:
    """Run a step; its result, and its history in JSON."""
    queue = f"test-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=[
            *(turns.open_turn, turns.complete, turns.close_turn),
            *(steps.open_ai_step, steps.judge_answer, steps.close_ai_step, steps.tell_ai_step),
            *(steps.call_back, steps.give_up_calling_back),
        ],
        max_cached_workflows=0,
        max_concurrent_workflow_tasks=1,
        default_heartbeat_throttle_interval=timedelta(milliseconds=100),
        max_heartbeat_throttle_interval=timedelta(milliseconds=100),
    ):
        handle = await client.start_workflow(workflow, RunAiStep(step_id=uuid4()), id=queue, task_queue=queue)
        if cancel:
            await turns.calling.wait()
            await handle.cancel()
        result = await handle.result()
        return result, (await handle.fetch_history()).to_json()


def turns_of(count: int, outcome: Outcome | None = None) -> ScriptedActivities:
    opened = OpenedTurn(status="planned", plan=plan("sim:first"))
    return ScriptedActivities([opened] * count, [outcome or answer()] * count)
