"""One attempt of one step: open the ledger row, call the candidate, commit what came of it."""

import asyncio
import sys
from collections import Counter
from functools import partial

from temporalio.exceptions import ApplicationError

from activities import budgeting
from activities.bounding import AnswerBound
from activities.budgeting import BudgetShortError
from activities.calling import Call, call
from activities.continuing import SaidSoFar, join_continuation, prefix_to_keep, said_so_far
from activities.errors import failure
from activities.guarding import Guard, counted, guarded
from activities.lost import settle_lost
from activities.observing import observed_call
from activities.opening import open_attempt
from activities.recording import Recorder
from activities.refusing import refusal_of
from activities.settling import Settling
from activities.showing import show_end
from activities.taking import takeable
from activities.world import World
from contracts.activities import Complete, Completed
from contracts.errors import ErrorKind, PerdureError, ProviderError
from contracts.events import Finished, FinishReason
from contracts.ids import call_id
from contracts.parts import Message, ToolCallPart
from contracts.requests import ModelRequest
from contracts.streams import AttemptOpened, RecordKind, StreamRecord
from contracts.usage import Usage
from domain.estimates import estimate
from domain.fitting import Fitted, fit
from domain.retries import GiveUp
from domain.routing.limits import limits_at
from domain.switching import how_many, taken_by
from domain.tokens import count_messages
from domain.windows import context_window
from providers.protocol import Provider
from storage import messages as stored_messages
from storage import turns
from storage.attempts import OpenedAttempt, StoredAnswer
from storage.reservations import AttemptKey
from storage.streams.log import StreamWriter

SQUEEZE = 0.6
"""The part of a conversation that is sent again to a model whose window it did not fit."""
_NOTHING_SAID = SaidSoFar("", True)


async def attempt(world: World, request: Complete) -> Completed:
    """Find the stored answer, or call the candidate and store what it says.

    Raises Temporal's `ApplicationError` whose type is the error kind, retryable as the retry rules decide.
    """
    # Listening begins before the turn's row is read, so that a stop is either seen in the row or heard.
    async with world.streams.stops(request.turn_id) as stop:
        async with guarded(world, request) as guard:
            return await _attempt(world, request, stop, guard)


async def _attempt(world: World, request: Complete, stop: asyncio.Event, guard: Guard) -> Completed:
    try:
        provider = _provider(world, request)
        if request.on_new_attempt == "fail":
            await _forbid_second_telling(world, request)
        opened, bound = await open_attempt(world, request, provider)
    except BudgetShortError as error:
        raise await budgeting.refused(world, request, error) from error
    except PerdureError as error:
        raise failure(error, GiveUp("nothing was called"), final=error.kind is ErrorKind.CANCELLED) from error
    if isinstance(opened, StoredAnswer):
        return await _found(world, request, opened)
    world.load.calls += 1
    try:
        return await _ask(world, request, provider, opened, stop, guard, bound)
    finally:
        world.load.calls -= 1


def _provider(world: World, request: Complete) -> Provider:
    name = request.candidate.model.provider
    if name not in world.providers:
        raise ProviderError(
            ErrorKind.NOT_FOUND,
            f"No provider {name!r} is configured at this worker. Give it a key or an entry in PERDURE_PROVIDERS.",
            provider=name,
        )
    return world.providers[name]


async def _forbid_second_telling(world: World, request: Complete) -> None:
    """Where text was shown already and the policy is `fail`, end before anything is called again."""
    if not said_so_far(await world.streams.records(request.turn_id)).anything:
        return
    async with world.database.begin() as connection:
        turn = await turns.find(connection, request.turn_id)
    if not turn.state.finished:
        error = PerdureError(
            ErrorKind.UNAVAILABLE,
            f"The stream of turn {request.turn_id} was cut after text was shown, and on_new_attempt is fail.",
        )
        raise failure(error, GiveUp("the stream policy forbids another attempt"), final=True)


async def _ask(
    world: World,
    request: Complete,
    provider: Provider,
    opened: OpenedAttempt,
    stop: asyncio.Event,
    guard: Guard,
    bound: int | None,
) -> Completed:
    turn_id = opened.turn.id
    # Opening fences older attempts off; only then is what they said final.
    writer = await world.streams.open(turn_id, opened.number)
    said, records = _NOTHING_SAID, list[StreamRecord]()
    if opened.number > 1:
        records = await world.streams.records(turn_id)
        said = said_so_far(records)
    if opened.lost:
        lost = [AttemptKey(turn_id, request.step, number) for number in opened.lost]
        await settle_lost(world, opened.turn, opened.request, lost, records)
    prefix = prefix_to_keep(
        said,
        request.on_new_attempt,
        prefill=provider.capabilities(request.candidate.model.model).prefill,
        from_start=request.from_start,
    )
    _announce(writer, request, opened, prefix)
    fitted = _fitted(world, request, opened)
    sent, left_out = fitted.messages, Counter[str]()
    if opened.turn.conversation_id is not None:
        catalog = await world.planner.catalog(opened.turn.workspace_id)
        model = request.candidate.model
        sent, left_out = takeable(sent, wire=provider.capabilities(model.model), known=taken_by(catalog.entry(model)))
    model_request = _model_request(request, opened, sent, prefix, bound)
    began = world.clock()
    with counted(world, request.candidate.model, guard):
        outcome = await call(
            provider,
            model_request,
            call_id=call_id(turn_id, request.step, opened.number),
            limits=limits_at(provider.config.first_token_seconds, request.limits),
            writer=writer,
            recorder=Recorder(writer, continuing=bool(prefix)),
            stop=stop,
            bound=None if bound is None else AnswerBound(bound, model=request.candidate.model.model),
        )
        if outcome.abandoned is None:
            guard.seen = observed_call(
                request.candidate.model,
                began=began,
                ended=world.clock(),
                error=outcome.error,
                stopped=outcome.stopped,
                first_token_ms=outcome.first_token_ms,
                usage=outcome.collector.usage,
            )
    settling = Settling(world, request, provider, opened, writer, outcome.first_token_ms)
    parts = join_continuation(prefix, outcome.collector.parts())
    finished = outcome.collector.finished
    if outcome.error is None and finished is not None and request.refusal_fails:
        outcome.error = refusal_of(finished, parts, provider=provider.config.name)
    if outcome.error is None and finished is not None:
        if finished.usage is None:
            finished = finished.with_usage(_usage_so_far(outcome, model_request))
        if fitted.left_out:
            finished = finished.with_dropped(
                f"the {fitted.left_out} oldest messages, which do not fit the model's window"
            )
        for name, number in sorted(left_out.items()):
            finished = finished.with_dropped(
                f"{how_many(number, name)} of earlier messages, which the model does not take"
            )
        return await settling.store(parts, finished)
    usage = _usage_so_far(outcome, model_request)
    if outcome.stopped:
        return await settling.store(parts, Finished(FinishReason.CANCELLED, usage, model=_served(outcome)))
    if outcome.cut:
        return await settling.store(parts, Finished(FinishReason.LENGTH, usage, model=_served(outcome)))
    raise await settling.fail(
        outcome.error,
        usage,
        served=_served(outcome),
        interrupted=outcome.abandoned,
        squeezable=opened.turn.conversation_id is not None and fitted.squeezable,
    )


def _announce(writer: StreamWriter, request: Complete, opened: OpenedAttempt, prefix: str) -> None:
    kind = RecordKind.START
    if opened.number > 1:
        kind = RecordKind.CONTINUE if prefix else RecordKind.RESET
    body = AttemptOpened(
        step=request.step, model=request.candidate.model, cause=opened.last_error, keep_chars=len(prefix)
    )
    writer.append(kind, body=body)


def _fitted(world: World, request: Complete, opened: OpenedAttempt) -> Fitted:
    """A conversation is fitted to the model's window; a prompt that the caller sends whole is the caller's own."""
    messages, model = opened.request.messages, request.candidate.model
    if opened.turn.conversation_id is None:
        return Fitted(messages, 0)
    count = partial(count_messages, model=model.model)
    # The plan knows what the policy says of the model.
    window = request.candidate.window or context_window(model, world.price_lists.get(model.provider))
    if request.squeezed:
        # The model counted more than we did, or its window was not known.
        window = int(min(window or sys.maxsize, count(messages)) * SQUEEZE)
    return fit(messages, window=window, answer_room=opened.request.knobs.max_output_tokens, count=count)


def _model_request(
    request: Complete, opened: OpenedAttempt, messages: tuple[Message, ...], prefix: str, bound: int | None
) -> ModelRequest:
    """What is sent. `bound`: no longer answer was reserved, so none is asked for."""
    asked = opened.request
    knobs = asked.knobs if bound is None else asked.knobs.model_copy(update={"max_output_tokens": bound})
    return ModelRequest(
        model=request.candidate.model,
        messages=messages,
        tools=asked.tools,
        tool_choice=asked.tool_choice,
        output=asked.output,
        knobs=knobs,
        provider_options=asked.provider_options,
        prefill=prefix or None,
    )


def _served(outcome: Call) -> str | None:
    return outcome.collector.started.model if outcome.collector.started else None


def _usage_so_far(outcome: Call, model_request: ModelRequest) -> Usage:
    """What the call used as far as can be known. A call that was refused used nothing; one that was left may have been billed."""
    collector = outcome.collector
    refused = outcome.error is not None and outcome.error.kind is not ErrorKind.TIMEOUT
    if collector.started is None and refused:
        return Usage()
    return estimate(
        model_request.messages, collector.parts(), model=model_request.model.model, reported=collector.usage
    )


async def _found(world: World, request: Complete, stored: StoredAnswer) -> Completed:
    """An earlier attempt stored the answer and died before it could say so: nothing is bought again."""
    async with world.database.begin() as connection:
        turn = await turns.find(connection, request.turn_id)
        fence = await turns.fence(connection, turn.id)
        said = await stored_messages.of_turn(connection, turn.id)
        following = await turns.next_in_lane(connection, turn.id)
    if turn.result is None:
        raise ApplicationError(f"Turn {turn.id} has an answer and no result.", type=ErrorKind.INTERNAL.value)
    parts = next(message.message.parts for message in said if message.id == stored.message_id)
    await show_end(world.streams, turn.id, attempt=fence, result=turn.result, parts=parts)
    return Completed(
        result=turn.result,
        tool_call_ids=tuple(part.id for part in parts if isinstance(part, ToolCallPart)),
        found=True,
        next_turn_id=following,
    )
