"""What model names ask for, on every wire."""

import asyncio
import time

import httpx2
import pytest

from providers.simulator.control import Simulator
from tests.simulator.asking import CLIENT_ERRORS, WIRES, ask, headers_of, listen, openai_client, status_of
from tests.simulator.waiting import silent


@pytest.mark.parametrize("wire", WIRES)
async def test_echo(simulator: Simulator, wire: str) -> None:
    heard = await ask(simulator, wire, "Grüße, 世界 🌍!", model="sim-echo")
    assert heard.text == "Simulated answer: Grüße, 世界 🌍!"
    assert (
        "".join([piece async for piece in listen(simulator, wire, "Grüße, 世界 🌍!", model="sim-echo")]) == heard.text
    )


@pytest.mark.parametrize("wire", WIRES)
async def test_sized(simulator: Simulator, wire: str) -> None:
    assert (await ask(simulator, wire, model="sim-tokens-123")).output == 123
    assert (await ask(simulator, wire, model="sim-long")).output == 2000
    started = time.monotonic()
    assert (await ask(simulator, wire, model="sim-tokens-20-rate-100")).output == 20
    assert time.monotonic() - started >= 0.19


@pytest.mark.parametrize("wire", WIRES)
async def test_flaky_fails_twice_for_every_prompt(simulator: Simulator, wire: str) -> None:
    for prompt in ("one", "two"):
        for _ in range(2):
            with pytest.raises(CLIENT_ERRORS) as caught:
                await ask(simulator, wire, prompt, model="sim-flaky")
            assert status_of(caught.value) in (503, 529)
        assert (await ask(simulator, wire, prompt, model="sim-flaky")).text.startswith("Simulated answer")


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("model", "statuses"),
    [
        ("sim-down", (503, 529)),
        ("sim-limited", (429,)),
        ("sim-overflow", (400,)),
        ("sim-auth", (401, 400)),
        ("sim-missing", (404, 400)),
        ("sim-window-2", (400,)),
    ],
)
async def test_failing_names(simulator: Simulator, wire: str, model: str, statuses: tuple[int, ...]) -> None:
    with pytest.raises(CLIENT_ERRORS) as caught:
        await ask(simulator, wire, "one two three four", model=model)
    assert status_of(caught.value) in statuses
    if model == "sim-limited":
        assert headers_of(caught.value)["retry-after"] == "1"


async def test_a_window_that_is_wide_enough(simulator: Simulator) -> None:
    assert (await ask(simulator, "chat", "one two", model="sim-window-50")).text


@pytest.mark.parametrize("wire", WIRES)
async def test_cut_and_stall(simulator: Simulator, wire: str) -> None:
    with pytest.raises((*CLIENT_ERRORS, httpx2.TransportError)):
        [piece async for piece in listen(simulator, wire, model="sim-cut")]
    stream = listen(simulator, wire, model="sim-stall")
    for _ in range(5):
        await anext(stream)
    await silent(asyncio.ensure_future(anext(stream)))


@pytest.mark.parametrize("wire", WIRES)
async def test_reasoning(simulator: Simulator, wire: str) -> None:
    assert (await ask(simulator, wire, model="sim-reasoning")).reasoning_tokens == 16


async def test_tools(simulator: Simulator) -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    messages = [{"role": "user", "content": "Hello"}]
    async with openai_client(simulator) as client:
        said = await client.chat.completions.create(model="sim-tools", messages=messages, tools=[tool])
    assert said.choices[0].message.tool_calls[0].function.name == "look"


async def test_the_same_words_on_every_wire_and_a_longer_answer_begins_with_the_shorter(simulator: Simulator) -> None:
    said = [(await ask(simulator, wire, "the same")).text for wire in WIRES]
    assert len(set(said)) == 1
    longer = (await ask(simulator, "chat", "the same", model="sim-long")).text
    assert longer.startswith(said[0])
    assert (await ask(simulator, "chat", "another")).text != said[0]
