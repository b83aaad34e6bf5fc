"""One attempt over real parts: what it stores, bills and streams, whatever the provider does."""

import asyncio
from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError

from contracts.activities import CloseTurn
from contracts.errors import ErrorKind
from contracts.events import FinishReason
from contracts.streams import RecordKind
from contracts.turns import Limits, TurnState
from providers.simulator.control import Simulator
from tests.activities.conftest import Place
from tests.activities.watching import answer_text, complete, environment, rows, shown_text, streamed, turn

pytestmark = pytest.mark.real

WIRES = ["openai:gpt-4o-mini", "openai:gpt-5-mini", "anthropic:claude-sonnet-4-5", "google:gemini-2.5-flash"]


@pytest.mark.parametrize("model", WIRES)
async def test_an_answer_is_stored_billed_and_streamed_once(place: Place, simulator: Simulator, model: str) -> None:
    turn_id = await place.accept(model)
    done = await complete(place, await place.request(turn_id))
    records = await streamed(place, turn_id)
    (row,), (call,) = await rows(place, turn_id), simulator.calls()
    assert done.result.state is TurnState.COMPLETED
    assert done.result.simulated
    assert shown_text(records) == await answer_text(place, turn_id)
    assert [record.kind for record in records][0 :: len(records) - 1] == [RecordKind.START, RecordKind.END]
    assert (row.usage.input, row.usage.output) == (call["input"], call["output"])
    assert row.cost == done.result.cost.total > 0  # type: ignore[union-attr]
    assert call["client_request_id"] == f"{turn_id}/0/1"


async def test_a_stored_answer_is_found_and_not_bought_again(place: Place, simulator: Simulator) -> None:
    turn_id = await place.accept("sim:sim-fast")
    request = await place.request(turn_id)
    first = await complete(place, request)
    again = await complete(place, request)
    assert (again.found, again.result) == (True, first.result)
    assert len(simulator.calls()) == 1
    assert len(await rows(place, turn_id)) == 1


@pytest.mark.parametrize(
    ("kind", "retryable"),
    [
        (ErrorKind.RATE_LIMITED, True),
        (ErrorKind.OVERLOADED, True),
        (ErrorKind.CONTEXT_OVERFLOW, False),
        (ErrorKind.AUTHENTICATION, False),
        (ErrorKind.INVALID_REQUEST, False),
        (ErrorKind.CONTENT_REFUSED, False),
    ],
)
@pytest.mark.parametrize("model", WIRES)
async def test_failures_carry_their_kind(
    place: Place, simulator: Simulator, model: str, kind: ErrorKind, retryable: bool
) -> None:
    simulator.scenario({"error": {"kind": kind.value}})
    turn_id = await place.accept(model)
    with pytest.raises(ApplicationError) as raised:
        await complete(place, await place.request(turn_id))
    assert (raised.value.type, raised.value.non_retryable) == (kind.value, not retryable)
    (row,) = await rows(place, turn_id)
    assert (row.state, row.error_kind) == ("failed", kind.value)
    assert (await turn(place, turn_id)).state is TurnState.RUNNING


async def test_a_wish_to_wait_becomes_temporals_delay(place: Place, simulator: Simulator) -> None:
    simulator.scenario({"error": {"kind": "rate_limited", "retry_after": 3}})
    turn_id = await place.accept("openai:gpt-4o-mini")
    with pytest.raises(ApplicationError) as raised:
        await complete(place, await place.request(turn_id))
    assert raised.value.next_retry_delay is not None
    assert 2.9 <= raised.value.next_retry_delay.total_seconds() <= 3.1


@pytest.mark.parametrize("fault", [{"cut_after": 5}, {"cut_after": 5, "cut_clean": True}, {"omit_finish": True}])
@pytest.mark.parametrize("model", WIRES)
async def test_a_stream_without_its_end_is_never_a_success(
    place: Place, simulator: Simulator, model: str, fault: dict[str, object]
) -> None:
    simulator.scenario(fault)
    turn_id = await place.accept(model)
    with pytest.raises(ApplicationError) as raised:
        await complete(place, await place.request(turn_id))
    assert raised.value.type == ErrorKind.UNAVAILABLE.value
    (row,) = await rows(place, turn_id)
    assert row.state == "failed"
    assert row.usage.output > 0
    assert row.cost > 0
    assert await answer_text(place, turn_id) == ""


@pytest.mark.parametrize(
    ("fault", "said"),
    [({"first_token_delay": 30}, "no token within"), ({"stall_after": 4}, "stalled for")],
)
async def test_silence_has_limits(place: Place, simulator: Simulator, fault: dict[str, object], said: str) -> None:
    simulator.scenario(fault)
    turn_id = await place.accept("sim:sim-fast", limits=Limits(first_token=0.3, idle=0.3))
    with pytest.raises(ApplicationError, match=said) as raised:
        await complete(place, await place.request(turn_id))
    assert raised.value.type == ErrorKind.TIMEOUT.value
    (row,), (call,) = await rows(place, turn_id), simulator.calls()
    assert (row.usage.estimated, row.usage.input >= call["input"] > 0) == (True, True)


async def test_a_refused_call_used_nothing(place: Place, simulator: Simulator) -> None:
    simulator.scenario({"error": {"kind": "overloaded"}})
    turn_id = await place.accept("sim:sim-fast")
    with pytest.raises(ApplicationError):
        await complete(place, await place.request(turn_id))
    (row,) = await rows(place, turn_id)
    assert (row.usage.total, row.cost) == (0, 0)


async def test_a_stop_keeps_and_bills_the_partial_text(place: Place, simulator: Simulator) -> None:
    simulator.scenario({"tokens": 30, "hold_until_released": True, "hold_after": 5})
    turn_id = await place.accept("sim:sim-fast")
    running = asyncio.create_task(complete(place, await place.request(turn_id)))
    seen = 0
    async for record in place.world.streams.read(turn_id):
        seen += record.kind is RecordKind.TEXT
        if seen == 3:
            await place.world.streams.stop(turn_id)
    done = await running
    assert (done.result.state, done.result.finish_reason) == (TurnState.CANCELLED, FinishReason.CANCELLED)
    kept = await answer_text(place, turn_id)
    (row,) = await rows(place, turn_id)
    assert kept.startswith("Simulated")
    assert row.state == "cancelled"
    assert row.usage.estimated
    assert row.cost > 0


async def test_temporals_cancellation_keeps_the_partial_text_too(place: Place, simulator: Simulator) -> None:
    simulator.scenario({"tokens": 30, "hold_until_released": True, "hold_after": 5})
    turn_id = await place.accept("sim:sim-fast")
    env = environment()
    running = asyncio.create_task(complete(place, await place.request(turn_id), env))
    async for record in place.world.streams.read(turn_id):
        if record.kind is RecordKind.TEXT:
            env.cancel()
    assert (await running).result.state is TurnState.CANCELLED
    assert (await rows(place, turn_id))[0].state == "cancelled"


async def test_a_second_attempt_resets_what_the_first_said(place: Place, simulator: Simulator) -> None:
    simulator.scenario({"cut_after": 5}, times=1)
    turn_id = await place.accept("sim:sim-fast")
    request = await place.request(turn_id)
    with pytest.raises(ApplicationError):
        await complete(place, request)
    done = await complete(place, request)
    records = await streamed(place, turn_id)
    assert [record.kind for record in records if record.kind in (RecordKind.START, RecordKind.RESET)] == [
        RecordKind.START,
        RecordKind.RESET,
    ]
    assert shown_text(records) == await answer_text(place, turn_id)
    assert done.result.attempts == 2
    assert done.result.cost is not None
    assert done.result.cost.total == sum(row.cost for row in await rows(place, turn_id))


@pytest.mark.parametrize("model", ["sim:sim-fast", "anthropic:claude-sonnet-4-5"])
async def test_a_second_attempt_goes_on_where_the_model_can(place: Place, simulator: Simulator, model: str) -> None:
    simulator.scenario({"cut_after": 7}, times=1)
    turn_id = await place.accept(model, on_new_attempt="continue")
    request = await place.request(turn_id)
    with pytest.raises(ApplicationError):
        await complete(place, request)
    await complete(place, request)
    records = await streamed(place, turn_id)
    whole = await place.accept(model)
    await complete(place, await place.request(whole))
    assert RecordKind.CONTINUE in [record.kind for record in records]
    assert shown_text(records) == await answer_text(place, turn_id)
    assert await answer_text(place, turn_id) == await answer_text(place, whole)


async def test_the_fail_policy_calls_nobody_again(place: Place, simulator: Simulator) -> None:
    simulator.scenario({"cut_after": 5}, times=1)
    turn_id = await place.accept("sim:sim-fast", on_new_attempt="fail")
    request = await place.request(turn_id)
    for _ in range(2):
        with pytest.raises(ApplicationError) as raised:
            await complete(place, request)
    assert raised.value.non_retryable
    assert len(simulator.calls()) == 1


async def test_a_lost_attempt_is_settled_by_estimate(place: Place, simulator: Simulator) -> None:
    simulator.scenario({"tokens": 30, "hold_until_released": True, "hold_after": 5}, times=1)
    turn_id = await place.accept("sim:sim-fast")
    request = await place.request(turn_id)
    dying = asyncio.create_task(complete(place, request))
    async for record in place.world.streams.read(turn_id):
        if record.kind is RecordKind.TEXT:
            break
    heir = await complete(place, request)
    with pytest.raises(ApplicationError):
        await dying
    lost, answered = await rows(place, turn_id)
    assert (lost.state, answered.state) == ("interrupted", "completed")
    assert lost.usage.estimated
    assert lost.cost > Decimal(0)
    assert heir.result.attempts == 2


async def test_an_unknown_provider_is_named(place: Place) -> None:
    turn_id = await place.accept("nobody:model")
    with pytest.raises(ApplicationError, match="No provider 'nobody'") as raised:
        await complete(place, await place.request(turn_id))
    assert raised.value.type == ErrorKind.NOT_FOUND.value


async def test_closing_tells_the_readers(place: Place) -> None:
    turn_id = await place.accept("sim:sim-fast")
    close = CloseTurn(
        turn_id=turn_id, state=TurnState.FAILED, error_kind=ErrorKind.OVERLOADED, error_message="everybody is busy"
    )
    closed = await place.activities.close_turn(close)
    assert await place.activities.close_turn(close) == closed
    (end,) = await streamed(place, turn_id)
    assert end.body == closed.result
    assert (await turn(place, turn_id)).state is TurnState.FAILED
