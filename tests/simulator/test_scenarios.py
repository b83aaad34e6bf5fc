"""The control door: which calls a scenario is for, how often, and how answers are bent and held."""

import asyncio
import time

import httpx2
import pytest

from providers.simulator.control import Simulator
from tests.simulator.asking import CLIENT_ERRORS, KEY, WIRES, ask, listen, openai_client
from tests.simulator.waiting import until, until_held

DOWN = {"error": {"kind": "unavailable"}}


async def fails(simulator: Simulator, wire: str = "chat", **knobs: str) -> bool:
    try:
        await ask(simulator, wire, **knobs)
    except CLIENT_ERRORS:
        return True
    return False


async def test_times_and_skip(simulator: Simulator) -> None:
    simulator.scenario(DOWN, times=2, skip=2)
    assert [await fails(simulator) for _ in range(5)] == [False, False, True, True, False]


async def test_the_first_that_matches_and_is_not_used_up_applies(simulator: Simulator) -> None:
    simulator.scenario({"text": "first"}, times=1)
    simulator.scenario({"text": "second"}, times=1)
    said = [(await ask(simulator, "chat")).text for _ in range(3)]
    assert said[:2] == ["first", "second"]
    assert said[2].startswith("Simulated answer")
    assert [row["scenario"] is not None for row in simulator.calls()] == [True, True, False]


async def test_matching(simulator: Simulator) -> None:
    simulator.scenario(DOWN, match={"vendor": "anthropic"})
    simulator.scenario(DOWN, match={"model": "gpt-4o"})
    simulator.scenario(DOWN, match={"key": "another-key"})
    simulator.scenario(DOWN, match={"contains": "secret"})
    simulator.scenario(DOWN, match={"endpoint": "responses"})
    assert not await fails(simulator)
    assert not await fails(simulator, "google")
    assert await fails(simulator, "anthropic")
    assert await fails(simulator, model="gpt-4o")
    assert await fails(simulator, key="another-key")
    assert await fails(simulator, prompt="this is secret")
    assert await fails(simulator, "responses")


async def test_a_health_probe_does_not_use_up_a_scenario(simulator: Simulator) -> None:
    simulator.scenario(DOWN, times=1)
    async with openai_client(simulator) as client:
        await client.models.list()
        simulator.scenario(DOWN, match={"endpoint": "models"}, times=1)
        with pytest.raises(CLIENT_ERRORS):
            await client.models.list()
    assert await fails(simulator)


async def test_removing(simulator: Simulator) -> None:
    first = simulator.scenario({"text": "gone"})
    simulator.scenario({"text": "kept"})
    async with httpx2.AsyncClient() as client:
        assert (await client.delete(f"{simulator.url}/control/scenarios/{first}")).status_code == 200
        assert (await client.delete(f"{simulator.url}/control/scenarios/{first}")).status_code == 404
    assert (await ask(simulator, "chat")).text == "kept"
    simulator.clear_scenarios()
    assert (await ask(simulator, "chat")).text.startswith("Simulated answer")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"behaviour": {"error": {"kind": "bored"}}}, "behaviour.error.kind"),
        ({"behaviour": {"tokens": -1}}, "behaviour.tokens"),
        ({"behaviour": {"tokns": 1}}, "behaviour.tokns"),
        ({"behaviour": {"cut_clean": True}}, "behaviour"),
        ({"behaviour": {"stall_seconds": 1}}, "behaviour"),
        ({"behaviour": {}, "match": {"vendor": "acme"}}, "match.vendor"),
        ({"behaviour": {}, "times": 0}, "times"),
        ({}, "behaviour"),
    ],
)
async def test_a_scenario_that_is_not_valid(simulator: Simulator, body: dict[str, object], field: str) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.post(f"{simulator.url}/control/scenarios", json=body)
    assert answer.status_code == 400
    assert answer.json()["faults"][0]["field"].startswith(field)
    assert not await fails(simulator)


async def test_control_bodies_that_are_not_valid(simulator: Simulator) -> None:
    async with httpx2.AsyncClient() as client:
        assert (await client.post(f"{simulator.url}/control/scenarios", content=b"{")).status_code == 400
        assert (await client.get(f"{simulator.url}/control/calls?after=x")).status_code == 400
    with pytest.raises(ValueError, match="kind"):
        simulator.scenario({"error": {"kind": "bored"}})


@pytest.mark.parametrize("wire", WIRES)
async def test_exact_text_usage_and_finish(simulator: Simulator, wire: str) -> None:
    simulator.scenario(
        {"text": "Exactly — this.\nNo more.", "cached_tokens": 2, "reasoning_tokens": 9, "finish_reason": "length"}
    )
    heard = await ask(simulator, wire)
    assert heard.text == "Exactly — this.\nNo more."
    assert (heard.cached, heard.reasoning_tokens) == (2, 9)
    assert heard.finish in ("length", "max_output_tokens", "max_tokens", "MAX_TOKENS")
    assert "".join([piece async for piece in listen(simulator, wire)]) == heard.text
    plain, streamed = simulator.calls()
    for row in (plain, streamed):
        assert (row["input"], row["output"], row["cached"], row["reasoning"]) == (heard.input, heard.output, 2, 9)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_number_of_tokens(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"tokens": 7})
    assert (await ask(simulator, wire)).output == 7
    assert len([piece async for piece in listen(simulator, wire)]) == 7


async def test_tool_calls_as_told(simulator: Simulator) -> None:
    simulator.scenario(
        {
            "text": "Let me see.",
            "tool_calls": [{"name": "a", "arguments": {"x": 1}}, {"name": "b", "arguments": "{broken"}],
        }
    )
    async with openai_client(simulator) as client:
        said = (await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])).choices[0]
    assert said.message.content == "Let me see."
    assert [(call.function.name, call.function.arguments) for call in said.message.tool_calls] == [
        ("a", '{"x":1}'),
        ("b", "{broken"),
    ]


@pytest.mark.parametrize("wire", WIRES)
async def test_pace(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"tokens": 11, "tokens_per_second": 50, "first_token_delay": 0.1})
    for streamed in (True, False):
        started = time.monotonic()
        if streamed:
            first = None
            async for _ in listen(simulator, wire):
                first = first or time.monotonic() - started
            assert first is not None
            assert first >= 0.1
        else:
            await ask(simulator, wire)
        assert 0.29 <= time.monotonic() - started < 3


async def test_hold_before_the_first_token(simulator: Simulator) -> None:
    simulator.scenario({"hold_until_released": True})
    calls = [asyncio.ensure_future(ask(simulator, wire)) for wire in ("chat", "anthropic")]
    await until_held(simulator, 2)
    assert simulator.release(1) == 1
    await until_held(simulator, 1)
    assert simulator.release() == 1
    assert all(heard.text.startswith("Simulated") for heard in await asyncio.gather(*calls))
    assert simulator.release() == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_hold_after_some_tokens(simulator: Simulator, wire: str) -> None:
    simulator.scenario({"hold_until_released": True, "hold_after": 3})
    heard: list[str] = []

    async def read() -> None:
        async for piece in listen(simulator, wire):
            heard.append(piece)

    reading = asyncio.ensure_future(read())
    await until_held(simulator, 1)
    await until(lambda: len(heard) >= 3, "three pieces came")
    assert "".join(heard) == "Simulated answer:"
    simulator.release()
    await reading
    assert len(heard) > 3


async def test_a_held_call_whose_caller_leaves(simulator: Simulator) -> None:
    simulator.scenario({"hold_until_released": True})
    call = asyncio.ensure_future(ask(simulator, "chat"))
    await until_held(simulator, 1)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await until_held(simulator, 0)
    assert simulator.calls()[0]["outcome"] == "disconnected"


def test_the_key_is_not_told(simulator: Simulator) -> None:
    asyncio.run(ask(simulator, "chat"))
    name = simulator.calls()[0]["key"]
    assert KEY not in name
    assert name.endswith(KEY[-4:])
