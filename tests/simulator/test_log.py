"""The log and the totals are the truth: they equal what the clients were told, and what was sent to those that left."""

import asyncio

import pytest

from providers.simulator.calls import key_name
from providers.simulator.control import Simulator
from tests.simulator.asking import CLIENT_ERRORS, KEY, WIRES, ask, listen, openai_client
from tests.simulator.waiting import ended, until, until_held


@pytest.mark.parametrize("wire", WIRES)
async def test_the_log_equals_the_usage_told(simulator: Simulator, wire: str) -> None:
    heard = await ask(simulator, wire)
    [piece async for piece in listen(simulator, wire)]
    plain, streamed = simulator.calls()
    assert (plain["input"], plain["output"]) == (heard.input, heard.output)
    assert (streamed["input"], streamed["output"]) == (heard.input, heard.output)
    assert [plain["stream"], streamed["stream"]] == [False, True]
    assert {plain["outcome"], streamed["outcome"]} == {"completed"}
    assert plain["ended"] >= plain["monotonic"]


async def test_totals_per_model_and_key(simulator: Simulator) -> None:
    heard = [await ask(simulator, "chat", f"prompt {number}", model="a") for number in range(3)]
    await ask(simulator, "chat", model="a", key="sk-another-key-9999")
    with pytest.raises(CLIENT_ERRORS):
        await ask(simulator, "chat", model="sim-down")
    async with openai_client(simulator) as client:
        await client.models.list()
    totals = {(row["model"], row["key"]): row for row in simulator.totals()}
    mine = totals["a", key_name(KEY)]
    assert (mine["requests"], mine["completed"], mine["failed"], mine["running"]) == (3, 3, 0, 0)
    assert (mine["input"], mine["output"]) == (sum(one.input for one in heard), sum(one.output for one in heard))
    assert totals["a", key_name("sk-another-key-9999")]["requests"] == 1
    failed = totals["sim-down", key_name(KEY)]
    assert (failed["requests"], failed["failed"], failed["output"]) == (1, 1, 0)
    assert len(totals) == 3
    assert len(simulator.calls()) == 6
    assert len(simulator.calls(after=simulator.calls()[3]["seq"])) == 2


@pytest.mark.parametrize("wire", WIRES)
async def test_a_caller_that_leaves_is_billed_what_was_sent(simulator: Simulator, wire: str) -> None:
    stream = listen(simulator, wire, model="sim-tokens-2000-rate-40")
    for _ in range(3):
        await anext(stream)
    await stream.aclose()
    row = await ended(simulator)
    assert row["outcome"] == "disconnected"
    assert 3 <= row["output"] < 200
    assert row["input"] > 0
    assert simulator.totals()[0]["output"] == row["output"]


async def test_a_caller_that_leaves_before_a_whole_answer(simulator: Simulator) -> None:
    call = asyncio.ensure_future(ask(simulator, "chat", model="sim-tokens-2000-rate-40"))
    await until(lambda: bool(simulator.calls()), "the call was accepted")
    assert simulator.calls()[0]["outcome"] == "running"
    assert simulator.totals()[0]["running"] == 1
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert (await ended(simulator))["outcome"] == "disconnected"


async def test_the_callers_request_id_is_kept(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "x"}], extra_headers={"X-Client-Request-Id": "attempt-7"}
        )
    assert simulator.calls()[0]["client_request_id"] == "attempt-7"


async def test_a_hundred_streams_at_once(simulator: Simulator) -> None:
    async def one(number: int) -> int:
        return len(
            [
                piece
                async for piece in listen(
                    simulator, WIRES[number % 4], f"number {number}", model="sim-tokens-30-rate-200"
                )
            ]
        )

    heard = await asyncio.gather(*(one(number) for number in range(100)))
    assert heard == [30] * 100
    rows = simulator.calls()
    assert len({row["seq"] for row in rows}) == 100
    assert sum(row["output"] for row in rows) == sum(row["output"] for row in simulator.totals()) == 3000


async def test_reset_forgets_calls_that_are_running(simulator: Simulator) -> None:
    simulator.scenario({"hold_until_released": True})
    call = asyncio.ensure_future(ask(simulator, "chat"))
    await until_held(simulator, 1)
    simulator.reset()
    assert (await call).text
    assert simulator.calls() == []
    assert simulator.totals() == []
