"""The activities of AI steps: write the turns, judge what they answered, sum up, tell."""

import asyncio
import json
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ai_step_results import summed_up, text_of
from activities.callbacks import NOBODY_TOLD, is_last_try, told
from activities.errors import failure
from activities.world import World
from contracts.ai_step_activities import (
    AiStepActivities,
    CloseAiStep,
    ClosedAiStep,
    JudgeAnswer,
    JudgedAnswer,
    OpenedAiStep,
    RunAiStep,
)
from contracts.ai_steps import AiStepRequest, AnswerWish
from contracts.errors import ErrorKind, PerdureError
from contracts.events import FinishReason
from contracts.ids import ai_step_budget, ai_step_turn_key, keyed_turn_id
from contracts.nexus import StepOutput
from contracts.parts import Message
from contracts.turns import TurnRequest, TurnState
from domain.budgets.amounts import QUANTUM, at_most
from domain.retries import Again, GiveUp
from domain.structured.asking import corrected, instructed, native_output
from domain.structured.judging import Invalid, Valid, judge
from domain.structured.telling import shown_step
from storage import ai_steps, step_budgets, turns
from storage.accepting import accept_turn
from storage.ai_steps import AiStepRow, StepTurnRow
from storage.messages import of_turn

LOOK_AGAIN = 1.0
"""Seconds until a turn that runs by itself is looked at again."""


class StoredAiStepActivities(AiStepActivities):
    """The activities over the database."""

    def __init__(self, world: World) -> None:
        self._world = world

    @activity.defn(name="open_ai_step")
    async def open_ai_step(self, request: RunAiStep) -> OpenedAiStep:
        """Write the first turn of each sample: one transaction, idempotent by step."""
        try:
            async with self._world.database.begin() as connection:
                step = await ai_steps.lock(connection, request.step_id)
                if step.state.finished:
                    return OpenedAiStep(finished=True, callback=step.callback_state == "pending")
                wish = step.request.answer
                native = wish is not None and wish.native
                messages = step.request.messages
                if wish is not None and not native:
                    messages = instructed(messages, wish.definition)
                samples = wish.samples if wish else 1
                if step.request.cost_limit is not None:
                    share = max(QUANTUM, at_most(step.request.cost_limit / samples))
                    now, workspace_id = self._world.clock(), step.workspace_id
                    await step_budgets.keep(connection, step.id, share, workspace_id=workspace_id, now=now)
                known = {(one.sample, one.attempt): one.turn_id for one in await ai_steps.turns_of(connection, step.id)}
                first = [
                    # What was written before stays as it was asked, whatever this code would ask.
                    known.get((sample, 0))
                    or await self._write(connection, step, messages, sample=sample, attempt=0, native=native)
                    for sample in range(samples)
                ]
        except PerdureError as error:
            raise failure(error, GiveUp("the step cannot be opened")) from error
        return OpenedAiStep(turn_ids=tuple(first))

    @activity.defn(name="judge_answer")
    async def judge_answer(self, request: JudgeAnswer) -> JudgedAnswer:
        """Judge what a turn answered, and write the next where one is needed. Idempotent by turn."""
        try:
            async with self._world.database.begin() as connection:
                step = await ai_steps.lock(connection, request.step_id)
                known = await ai_steps.turns_of(connection, step.id)
                this = next((one for one in known if one.turn_id == request.turn_id), None)
                if this is None:
                    raise PerdureError(ErrorKind.NOT_FOUND, f"Turn {request.turn_id} is not of step {step.id}.")
                for one in known:
                    if (one.sample, one.attempt) == (this.sample, this.attempt + 1):
                        return JudgedAnswer(next_turn_id=one.turn_id)
                if step.state.finished or this.state is TurnState.CANCELLED:
                    return JudgedAnswer()
                if not this.state.finished:
                    away = PerdureError(ErrorKind.UNAVAILABLE, f"Turn {this.turn_id} has not ended yet.")
                    raise failure(away, Again(LOOK_AGAIN))
                return JudgedAnswer(next_turn_id=await self._judged(connection, step, known, this))
        except PerdureError as error:
            raise failure(error, GiveUp("the answer cannot be judged")) from error

    @activity.defn(name="close_ai_step")
    async def close_ai_step(self, request: CloseAiStep) -> ClosedAiStep:
        """Write the step's result. Idempotent: a step that has one keeps it."""
        now = self._world.clock()
        try:
            async with self._world.database.begin() as connection:
                step = await ai_steps.lock(connection, request.step_id)
                if not step.state.finished:
                    known = await ai_steps.turns_of(connection, step.id)
                    for one in known:
                        if not one.state.finished:
                            # What nobody started yet would otherwise be started by the sweeper.
                            await turns.request_cancel(connection, one.turn_id, workspace_id=step.workspace_id, now=now)
                    result = await summed_up(connection, step, known, cancelled=request.cancelled)
                    await ai_steps.finish(connection, result, now=now)
                    if step.request.cost_limit is not None:
                        await step_budgets.end(connection, step.id, workspace_id=step.workspace_id, now=now)
        except PerdureError as error:
            raise failure(error, GiveUp("the step cannot be closed")) from error
        return ClosedAiStep(callback=step.callback_state == "pending")

    @activity.defn(name="tell_ai_step")
    async def tell_ai_step(self, request: RunAiStep) -> StepOutput:
        """The step's result for who asked by Nexus. Fails while it has none, to be asked again."""
        try:
            async with self._world.database.begin() as connection:
                step = await ai_steps.find(connection, request.step_id)
        except PerdureError as error:
            raise failure(error, GiveUp("there is no such step")) from error
        result = step.result
        if result is None:
            away = PerdureError(ErrorKind.UNAVAILABLE, f"Step {step.id} has not ended yet.")
            raise failure(away, Again(LOOK_AGAIN))
        told = shown_step(step.id, step.request, step.state, result, step.created_at, step.finished_at)
        shared = {name: told[name] for name in StepOutput.model_fields if name in told and told[name] is not None}
        error_kind = result.error_kind.value if result.error_kind else None
        return StepOutput(
            **{**shared, "step_id": str(step.id), "error_kind": error_kind, "error": result.error_message}
        )

    @activity.defn(name="call_back")
    async def call_back(self, request: RunAiStep) -> None:
        """Tell the result to the step's callback address. Fails where nobody there took it, to be tried again."""
        world = self._world
        async with world.database.begin() as connection:
            step = await ai_steps.find(connection, request.step_id)
        url = step.request.callback_url
        if url is None or step.callback_state != "pending":
            return
        message = {
            "type": f"step.{step.state.value}",
            "timestamp": world.clock().isoformat(),
            "data": shown_step(step.id, step.request, step.state, step.result, step.created_at, step.finished_at),
        }
        body = json.dumps(message, ensure_ascii=False).encode()
        problem, final = await told(world.callbacks, url, f"step_{step.id}", body, now=world.clock())
        final = final or is_last_try(world.clock())
        state = "delivered" if problem is None else "failed" if final else "pending"
        async with world.database.begin() as connection:
            await ai_steps.told(connection, step.id, state=state, error=problem)
        if problem is not None:
            raise ApplicationError(problem, type=ErrorKind.UNAVAILABLE.value, non_retryable=final)

    @activity.defn(name="give_up_calling_back")
    async def give_up_calling_back(self, request: RunAiStep) -> None:
        """The time for calling back is over: say so where it is not known how it went."""
        async with self._world.database.begin() as connection:
            await ai_steps.give_up_telling(connection, request.step_id, error=NOBODY_TOLD)

    async def _judged(
        self, connection: AsyncConnection, step: AiStepRow, known: list[StepTurnRow], this: StepTurnRow
    ) -> UUID | None:
        wish = step.request.answer
        if wish is None or this.result is None:
            return None
        asked = TurnRequest.model_validate((await turns.find(connection, this.turn_id)).asked)
        if this.result.message_id is None:
            if this.native and this.result.error_kind is ErrorKind.INVALID_REQUEST:
                # The vendor may not take this schema; in words it will.
                messages = instructed(asked.messages, wish.definition)
                return await self._write(
                    connection, step, messages, sample=this.sample, attempt=this.attempt + 1, native=False
                )
            return None
        said = text_of(await of_turn(connection, this.turn_id))
        cut_off = this.result.finish_reason is FinishReason.LENGTH
        # Mending a long answer takes a while, in which other turns go on.
        verdict = await asyncio.to_thread(judge, said, wish.definition, cut_off=cut_off)
        match verdict:
            case Valid(data, repaired):
                await ai_steps.judged(connection, this.turn_id, {"data": data, "repaired": repaired})
                return None
            case Invalid(errors, correction):
                await ai_steps.judged(connection, this.turn_id, {"errors": list(errors)})
        if not _may_correct(step.request, wish, known, this):
            return None
        return await self._write(
            connection,
            step,
            corrected(asked.messages, said, correction),
            sample=this.sample,
            attempt=this.attempt + 1,
            native=this.native,
        )

    async def _write(
        self,
        connection: AsyncConnection,
        step: AiStepRow,
        messages: tuple[Message, ...],
        *,
        sample: int,
        attempt: int,
        native: bool,
    ) -> UUID:
        """Accept the turn of an attempt, or find it."""
        key = ai_step_turn_key(step.id, sample, attempt)
        turn_id = keyed_turn_id(step.workspace_id, key)
        await accept_turn(
            connection,
            _turn_request(step, messages, sample=sample, native=native),
            turn_id=turn_id,
            workspace_id=step.workspace_id,
            conversation_id=None,
            idempotency_key=key,
            now=self._world.clock(),
        )
        await ai_steps.add_turn(connection, turn_id, step_id=step.id, sample=sample, attempt=attempt, native=native)
        return turn_id


def _turn_request(step: AiStepRow, messages: tuple[Message, ...], *, sample: int, native: bool) -> TurnRequest:
    asked = step.request
    return TurnRequest(
        models=asked.models,
        limits=asked.limits,
        on_new_attempt=asked.on_new_attempt,
        routing=asked.routing,
        messages=messages,
        output=native_output(asked.answer) if native and asked.answer is not None else None,
        knobs=asked.knobs,
        provider_options=asked.provider_options,
        metadata=asked.metadata,
        within=None if asked.cost_limit is None else (ai_step_budget(step.id, sample),),
    )


def _may_correct(asked: AiStepRequest, wish: AnswerWish, known: list[StepTurnRow], this: StepTurnRow) -> bool:
    """Whether the model may be told what was wrong: often enough it was not, and the likes of this answer can be paid for."""
    earlier = [one for one in known if one.sample == this.sample and one.attempt < this.attempt and one.verdict]
    if len(earlier) >= wish.corrections:
        return False
    if asked.cost_limit is None:
        return True
    spent = sum(one.result.cost.total for one in known if one.result and one.result.cost)
    last = this.result.cost.total if this.result and this.result.cost else 0
    return spent + last <= asked.cost_limit
