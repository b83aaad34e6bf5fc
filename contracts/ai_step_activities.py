"""The seam of AI steps: what their workflow asks of the world."""

from abc import ABC, abstractmethod
from uuid import UUID

from temporalio import activity

from contracts.base import Contract
from contracts.nexus import StepOutput


class RunAiStep(Contract):
    """A step, by its id: what it asks stays in the database."""

    step_id: UUID


class OpenedAiStep(Contract):
    """The first turn of each sample. `finished`: the step had ended before; `callback`: somebody waits to be told."""

    turn_ids: tuple[UUID, ...] = ()
    finished: bool = False
    callback: bool = False


class JudgeAnswer(Contract):
    """A turn of a step has ended."""

    step_id: UUID
    turn_id: UUID


class JudgedAnswer(Contract):
    """`next_turn_id` is the turn in which the model is told what was wrong; None where the sample is done."""

    next_turn_id: UUID | None = None


class CloseAiStep(Contract):
    """Every sample is done. `cancelled`: somebody stopped the step."""

    step_id: UUID
    cancelled: bool = False


class ClosedAiStep(Contract):
    """The step has its result. `callback`: somebody waits to be told."""

    callback: bool = False


class AiStepActivities(ABC):
    """What a step needs done."""

    @activity.defn(name="open_ai_step")
    @abstractmethod
    async def open_ai_step(self, request: RunAiStep) -> OpenedAiStep:
        """Write the first turn of each sample: one transaction, idempotent by step."""

    @activity.defn(name="judge_answer")
    @abstractmethod
    async def judge_answer(self, request: JudgeAnswer) -> JudgedAnswer:
        """Judge what a turn answered, and write the next where one is needed. Idempotent by turn."""

    @activity.defn(name="close_ai_step")
    @abstractmethod
    async def close_ai_step(self, request: CloseAiStep) -> ClosedAiStep:
        """Write the step's result. Idempotent: a step that has one keeps it."""

    @activity.defn(name="tell_ai_step")
    @abstractmethod
    async def tell_ai_step(self, request: RunAiStep) -> StepOutput:
        """The step's result for who asked by Nexus. Fails while it has none, to be asked again."""

    @activity.defn(name="call_back")
    @abstractmethod
    async def call_back(self, request: RunAiStep) -> None:
        """Tell the result to the step's callback address. Fails where nobody there took it, to be tried again."""

    @activity.defn(name="give_up_calling_back")
    @abstractmethod
    async def give_up_calling_back(self, request: RunAiStep) -> None:
        """The time for calling back is over: say so where it is not known how it went."""
