"""The responses API, through OpenAI's client."""

import json
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from providers.simulator.control import Simulator
from tests.simulator.asking import openai_client

TOOLS = [
    {
        "type": "function",
        "name": name,
        "parameters": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 9}}, "required": ["n"]},
    }
    for name in ("add", "take")
]


async def test_events_are_numbered_and_fold_to_the_whole_answer(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        whole = await client.responses.create(model="m", input="Hello")
        events = [event async for event in await client.responses.create(model="m", input="Hello", stream=True)]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [events[0].type, events[1].type] == ["response.created", "response.in_progress"]
    assert events[-1].type == "response.completed"
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == whole.output_text == events[-1].response.output_text
    assert text.startswith("Simulated answer")
    assert events[-1].response.usage == whole.usage
    assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens


async def test_reasoning_with_summary_and_encrypted_content_goes_back(simulator: Simulator) -> None:
    wanted = {
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }
    async with openai_client(simulator) as client:
        async with client.responses.stream(model="m", input="Hello", **wanted) as stream:
            kinds = [event.type async for event in stream]
            first = await stream.get_final_response()
        history = [{"role": "user", "content": "Hello"}, *(item.model_dump() for item in first.output)]
        second = await client.responses.create(model="m", input=[*history, {"role": "user", "content": "On"}], **wanted)
        thought = history[1]
        forged = [
            history[0],
            {**thought, "encrypted_content": "Zm9yZ2Vk"},
            *history[2:],
            {"role": "user", "content": "On"},
        ]
        with pytest.raises(openai.BadRequestError, match="could not be verified"):
            await client.responses.create(model="m", input=forged, **wanted)
        with pytest.raises(openai.BadRequestError, match="without its required following item"):
            await client.responses.create(model="m", input=[history[0], thought, {"role": "user", "content": "On"}])
    assert "response.reasoning_summary_text.delta" in kinds
    assert first.output[0].summary[0].text.startswith("Simulated reasoning")
    assert first.usage.output_tokens_details.reasoning_tokens == 16
    assert second.status == "completed"


async def test_hidden_reasoning_is_counted(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        said = await client.responses.create(model="m", input="Hello", reasoning={"effort": "high"})
    assert said.output[0].summary == []
    assert said.usage.output_tokens_details.reasoning_tokens == 16


@pytest.mark.parametrize("stream", [False, True])
async def test_parallel_tools_and_their_results(simulator: Simulator, stream: bool) -> None:
    async with openai_client(simulator) as client:
        if stream:
            async with client.responses.stream(model="m", input="call add and take", tools=TOOLS) as events:
                said = await events.get_final_response()
        else:
            said = await client.responses.create(model="m", input="call add and take", tools=TOOLS)
        assert [(item.name, json.loads(item.arguments)) for item in said.output] == [
            ("add", {"n": 9}),
            ("take", {"n": 9}),
        ]
        results = [
            {"type": "function_call_output", "call_id": item.call_id, "output": f"got {item.name}"}
            for item in said.output
        ]
        calls = [item.model_dump(exclude={"parsed_arguments"}) for item in said.output]
        history = [{"role": "user", "content": "call add and take"}, *calls]
        done = await client.responses.create(model="m", input=[*history, *results], tools=TOOLS)
        with pytest.raises(openai.BadRequestError, match="No tool output found"):
            await client.responses.create(model="m", input=[*history, results[0]], tools=TOOLS)
        with pytest.raises(openai.BadRequestError, match="No tool call found"):
            await client.responses.create(model="m", input=[history[0], results[0]], tools=TOOLS)
    assert "got add" in done.output_text
    assert "got take" in done.output_text


async def test_custom_tool_streams_its_input(simulator: Simulator) -> None:
    tools = [{"type": "custom", "name": "shell"}]
    async with openai_client(simulator) as client:
        stream = await client.responses.create(model="m", input="call shell", tools=tools, stream=True)
        events = [event async for event in stream]
    text = "".join(event.delta for event in events if event.type == "response.custom_tool_call_input.delta")
    assert text == events[-1].response.output[0].input == "simulated input for shell"


async def test_structured_output(simulator: Simulator) -> None:
    class Point(BaseModel):
        x: float
        label: str | None

    async with openai_client(simulator) as client:
        said = await client.responses.parse(model="m", input="Hello", text_format=Point)
    assert isinstance(said.output_parsed, Point)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_is_too_long_is_incomplete(simulator: Simulator, stream: bool) -> None:
    async with openai_client(simulator) as client:
        if stream:
            events = [
                event
                async for event in await client.responses.create(
                    model="m", input="x", max_output_tokens=16, stream=True
                )
            ]
            assert events[-1].type == "response.incomplete"
            said = events[-1].response
        else:
            said = await client.responses.create(model="m", input="x", max_output_tokens=16)
    assert (said.status, said.incomplete_details.reason, said.usage.output_tokens) == (
        "incomplete",
        "max_output_tokens",
        16,
    )


async def test_refusal_is_a_part_of_its_own(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        said = await client.responses.create(model="sim-refuse", input="x")
        async with client.responses.stream(model="sim-refuse", input="x") as stream:
            kinds = {event.type async for event in stream}
    assert said.output[0].content[0].type == "refusal"
    assert {"response.refusal.delta", "response.refusal.done"} <= kinds


async def test_what_the_api_would_not_take(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        bodies: tuple[dict[str, Any], ...] = (
            {"input": []},
            {"input": [{"role": "wizard", "content": "x"}]},
            {"input": "x", "previous_response_id": "resp_1"},
            {"input": "x", "max_output_tokens": 1},
            {"input": "x", "tool_choice": "required"},
            {"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        )
        for body in bodies:
            with pytest.raises(openai.BadRequestError):
                await client.responses.create(model="m", **body)
