"""One agent's or sample's thread in a step: turn after turn until it has an answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from activities.ai_step_results import text_of
from activities.runs.ending import StepFailedError
from activities.runs.present import Present
from activities.runs.spending import afford, counted_by
from contracts.ai_steps import AnswerWish
from contracts.errors import ErrorKind, PerdureError
from contracts.events import FinishReason
from contracts.ids import step_turn_id
from contracts.parts import Message, TextPart, ToolCallPart, ToolResultPart
from contracts.pipelines.agents import Agent, ModelWork
from contracts.requests import FunctionTool, Tool
from contracts.routing import Capability
from contracts.turns import TurnRequest, TurnState
from domain.entitling import entitled
from domain.runs.asking import HAND_OVER, Said
from domain.runs.choosing import Chosen, chosen
from domain.structured.asking import corrected, instructed, native_output
from domain.structured.judging import Invalid, Valid, judge
from domain.tokens import roughly
from storage import messages, run_turns, turns
from storage.accepting import accept_turn
from storage.turns import whole_request


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is asked what. `said` renders the prompt, when it is needed. `most` bounds the turns; `tools` are offered."""

    thread: str
    work: ModelWork
    named: Agent | None
    said: Callable[[], Awaitable[Said]]
    most: int
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """A turn has to be answered."""

    turn_id: UUID


@dataclass(frozen=True, slots=True)
class Calling:
    """Tools have to be called: calls by the key under which their results are stored."""

    calls: Mapping[str, ToolCallPart]


@dataclass(frozen=True, slots=True)
class Answered:
    """The thread is over, with this value; `turns` were needed."""

    value: Any
    turns: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The thread is over without an answer."""

    error: PerdureError


Standing = Pending | Calling | Answered | Lost


async def advance(present: Present, asking: Asking) -> Standing:
    """Bring the thread as far as can be without waiting."""
    threads: dict[str, Any] = present.progress.setdefault("threads", {})
    state = threads.get(asking.thread)
    if state is None:
        said = await asking.said()
        native = said.output is not None and await _holds_to_schemas(present, asking)
        state = threads[asking.thread] = {"number": 0, "schema": said.output, "native": native}
        return await _ask(present, asking, state, _request(said, asking, native=native))
    if "value" in state:
        return Answered(await present.run.value(bytes.fromhex(state["value"])), state["number"])
    if "error" in state:
        return Lost(StepFailedError(ErrorKind(state["error"][0]), state["error"][1]))
    return await _heard(present, asking, state)


async def _heard(present: Present, asking: Asking, state: dict[str, Any]) -> Standing:
    turn = await turns.find(present.connection, UUID(state["turn"]))
    if not turn.state.finished or turn.result is None:
        return Pending(turn.id)
    if turn.state is not TurnState.COMPLETED:
        kind = turn.result.error_kind or ErrorKind.CANCELLED
        if kind is ErrorKind.INVALID_REQUEST and state.get("native"):
            # The vendor may not take this schema; in words it will. That is no answer that was wrong.
            state |= {"native": False, "spared": state.get("spared", 0) + 1}
            request = whole_request(turn, None)
            told = {"messages": instructed(request.messages, state["schema"]), "output": None}
            return await _ask(present, asking, state, request.model_copy(update=told))
        return _lost(state, kind, turn.result.error_message or "The turn was cancelled.")
    stored = await messages.of_turn(present.connection, turn.id)
    said = [one.message for one in stored if one.step is not None]
    answer = said[-1] if said else Message(role="assistant", parts=())
    request = whole_request(turn, None)
    calls = [part for part in answer.parts if isinstance(part, ToolCallPart)]
    if calls:
        keyed = {f"{asking.thread}/{state['number']}/{one.id}": one for one in calls}
        # Models also name tools that they were not offered, and may be told to by what they read.
        offered = {one.name for one in request.tools if isinstance(one, FunctionTool)} | {HAND_OVER}
        results = [
            _result(present, key, one) if one.name in offered else _not_offered(one) for key, one in keyed.items()
        ]
        if any(one is None for one in results):
            return Calling({key: one for key, one in keyed.items() if one.name in offered})
        following = Message(role="tool", parts=tuple(one for one in results if one is not None))
        return await _ask(present, asking, state, _after(request, (*request.messages, answer, following)))
    text, schema = text_of(stored), state["schema"]
    if schema is None:
        return await _answered(present, state, text)
    cut_off = turn.result.finish_reason is FinishReason.LENGTH
    # Mending a long answer takes a while, in which other steps go on.
    match await asyncio.to_thread(judge, text, schema, cut_off=cut_off):
        case Valid(data=value):
            return await _answered(present, state, value)
        case Invalid(errors, correction):
            if state["number"] - state.get("spared", 0) >= asking.most:
                listed = "; ".join(errors[:3])
                said_last = f"No answer followed the schema in {state['number']} turns. In the last: {listed}."
                return _lost(state, ErrorKind.UNFIT_ANSWER, said_last)
            return await _ask(present, asking, state, _after(request, corrected(request.messages, text, correction)))


async def _answered(present: Present, state: dict[str, Any], value: Any) -> Answered:
    state["value"] = (await present.put(value, "An answer")).hex()
    return Answered(value, state["number"])


async def _ask(present: Present, asking: Asking, state: dict[str, Any], request: TurnRequest) -> Standing:
    if state["number"] - state.get("spared", 0) >= asking.most:
        return _lost(
            state, ErrorKind.INTERNAL, f"There was no answer in {asking.most} turns; `max_steps` allows no more."
        )
    await afford(present)
    run = present.run
    who = await _who(present, asking)
    tokens = roughly(request.messages)
    if who.max_input_tokens is not None and tokens > who.max_input_tokens:
        said = f"The prompt has about {tokens:,} tokens; `max_input_tokens` allows {who.max_input_tokens:,}."
        raise StepFailedError(ErrorKind.CONTEXT_OVERFLOW, said, final=True)
    number = state["number"] + 1
    turn_id = step_turn_id(run.id, present.key, present.row.attempt, asking.thread, number)
    key = await run.key()
    request = request.model_copy(
        update={
            "models": who.models,
            "routing": who.routing,
            "knobs": who.knobs.model_copy(update={"user": run.row.end_user}),
            "metadata": {**_tags(run.row.metadata), "run_id": str(run.id), "step": present.key},
            "run": str(run.id),
            "within": counted_by(present),
        }
    )
    if key is not None:
        rights = key.rights
        request = entitled(request, user_tier=rights.user_tier, allowed_models=rights.allowed_models)
    await accept_turn(
        present.connection,
        request,
        turn_id=turn_id,
        workspace_id=run.row.workspace_id,
        conversation_id=None,
        idempotency_key=None,
        now=present.now,
        key_id=key.spends_as if key is not None else None,
    )
    await run_turns.add(
        present.connection,
        turn_id,
        run_id=run.id,
        step_id=present.row.step_id,
        place=present.row.place,
        thread=asking.thread,
    )
    state["number"], state["turn"] = number, str(turn_id)
    return Pending(turn_id)


async def _who(present: Present, asking: Asking) -> Chosen:
    run, world = present.run, present.world
    catalog = await world.planner.catalog(run.row.workspace_id)
    defaults = run.program.definition.defaults
    return chosen(asking.work, asking.named, defaults, catalog, default_model=world.default_model)


async def _holds_to_schemas(present: Present, asking: Asking) -> bool:
    """Whether vendors are asked to hold the models to the schema. They differ in whether tools and a schema go together."""
    if asking.tools:
        return False
    catalog = await present.world.planner.catalog(present.run.row.workspace_id)
    who = await _who(present, asking)
    return all(Capability.JSON_SCHEMA in catalog.entry(model).capabilities for model in who.models)


def _request(said: Said, asking: Asking, *, native: bool) -> TurnRequest:
    if said.output is None:
        return TurnRequest(messages=said.messages, tools=asking.tools)
    if native:
        return TurnRequest(messages=said.messages, output=native_output(AnswerWish(definition=said.output)))
    return TurnRequest(messages=instructed(said.messages, said.output), tools=asking.tools)


def _after(request: TurnRequest, said: tuple[Message, ...]) -> TurnRequest:
    return request.model_copy(update={"messages": said})


def _tags(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Of a run's metadata what can be a tag: texts, numbers and the like."""
    plain = {name: value for name, value in metadata.items() if isinstance(value, str | int | float)}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in plain.items()}


def _result(present: Present, key: str, call: ToolCallPart) -> ToolResultPart | None:
    stored = present.progress.get("calls", {}).get(key, {}).get("part")
    if stored is not None:
        return ToolResultPart.model_validate(stored)
    failure = present.told.tool_failures.get(key)
    if failure is None:
        return None
    return ToolResultPart(call_id=call.id, name=call.name, content=(TextPart(text=failure.message),), is_error=True)


def _not_offered(call: ToolCallPart) -> ToolResultPart:
    said = f"There is no tool {call.name!r} here. Use one of those that you were given, or answer."
    return ToolResultPart(call_id=call.id, name=call.name, content=(TextPart(text=said),), is_error=True)


def _lost(state: dict[str, Any], kind: ErrorKind, message: str) -> Lost:
    state["error"] = [kind.value, message]
    return Lost(StepFailedError(kind, message))
