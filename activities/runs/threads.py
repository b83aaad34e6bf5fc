"""One agent's or sample's thread in a step: turn after turn until it has an answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from activities.runs.ending import StepFailedError
from activities.runs.present import Present
from activities.runs.spending import afford
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import step_turn_id
from contracts.parts import Message, TextPart, ToolCallPart, ToolResultPart
from contracts.pipelines.agents import Agent, ModelWork
from contracts.requests import Tool
from contracts.turns import TurnRequest, TurnState
from domain.runs.answers import read_answer, text_in
from domain.runs.asking import Said, correction
from domain.runs.choosing import chosen
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
        state = threads[asking.thread] = {"number": 0, "schema": said.output}
        return await _ask(present, asking, state, _request(said, asking))
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
        return _lost(state, kind, turn.result.error_message or "The turn was cancelled.")
    said = [one.message for one in await messages.of_turn(present.connection, turn.id) if one.step is not None]
    answer = said[-1] if said else Message(role="assistant", parts=())
    request = whole_request(turn, None)
    calls = [part for part in answer.parts if isinstance(part, ToolCallPart)]
    if calls:
        keyed = {f"{asking.thread}/{state['number']}/{one.id}": one for one in calls}
        results = [_result(present, key, one) for key, one in keyed.items()]
        if any(one is None for one in results):
            return Calling(keyed)
        following = Message(role="tool", parts=tuple(one for one in results if one is not None))
        return await _ask(present, asking, state, _after(request, answer, following))
    read = read_answer(text_in(answer.parts), state["schema"])
    if read.faults:
        if state["number"] >= asking.most:
            listed = "; ".join(read.faults[:3])
            said_last = f"No answer followed the schema in {state['number']} turns. In the last: {listed}."
            return _lost(state, ErrorKind.INTERNAL, said_last)
        return await _ask(present, asking, state, _after(request, answer, correction(list(read.faults))))
    state["value"] = (await present.put(read.value, "An answer")).hex()
    return Answered(read.value, state["number"])


async def _ask(present: Present, asking: Asking, state: dict[str, Any], request: TurnRequest) -> Standing:
    if state["number"] >= asking.most:
        return _lost(
            state, ErrorKind.INTERNAL, f"There was no answer in {asking.most} turns; `max_steps` allows no more."
        )
    await afford(present)
    run = present.run
    catalog = await present.world.planner.catalog(run.row.workspace_id)
    who = chosen(
        asking.work,
        asking.named,
        run.program.definition.defaults,
        catalog,
        default_model=present.world.default_model,
    )
    tokens = roughly(request.messages)
    if who.max_input_tokens is not None and tokens > who.max_input_tokens:
        said = f"The prompt has about {tokens:,} tokens; `max_input_tokens` allows {who.max_input_tokens:,}."
        raise StepFailedError(ErrorKind.CONTEXT_OVERFLOW, said, final=True)
    number = state["number"] + 1
    turn_id = step_turn_id(run.id, present.key, present.row.attempt, asking.thread, number)
    await accept_turn(
        present.connection,
        request.model_copy(
            update={
                "models": who.models,
                "routing": who.routing,
                "knobs": who.knobs,
                "metadata": {"run_id": str(run.id), "step": present.key},
            }
        ),
        turn_id=turn_id,
        workspace_id=run.row.workspace_id,
        conversation_id=None,
        idempotency_key=None,
        now=present.now,
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


def _request(said: Said, asking: Asking) -> TurnRequest:
    # Vendors differ in whether tools and a schema go together: with tools the prompt alone says the schema.
    output = None if asking.tools else said.output_format
    return TurnRequest(messages=said.messages, tools=asking.tools, output=output)


def _after(request: TurnRequest, answer: Message, following: Message) -> TurnRequest:
    return request.model_copy(update={"messages": (*request.messages, answer, following)})


def _result(present: Present, key: str, call: ToolCallPart) -> ToolResultPart | None:
    stored = present.progress.get("calls", {}).get(key, {}).get("part")
    if stored is not None:
        return ToolResultPart.model_validate(stored)
    failure = present.told.tool_failures.get(key)
    if failure is None:
        return None
    return ToolResultPart(call_id=call.id, name=call.name, content=(TextPart(text=failure.message),), is_error=True)


def _lost(state: dict[str, Any], kind: ErrorKind, message: str) -> Lost:
    state["error"] = [kind.value, message]
    return Lost(StepFailedError(kind, message))
