"""Chat completions, through OpenAI's client."""

import json

import openai
import pytest
from pydantic import BaseModel

from providers.simulator.control import Simulator
from providers.simulator.pieces import count
from tests.simulator.asking import openai_client

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CLOCK = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}}}
HELLO = [{"role": "user", "content": "Hello there"}]


async def test_whole_and_streamed_answers_are_the_same_and_bill_the_same(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        whole = await client.chat.completions.create(model="gpt-4o", messages=HELLO)
        text, usage, finish = "", None, None
        async for chunk in await client.chat.completions.create(
            model="gpt-4o", messages=HELLO, stream=True, stream_options={"include_usage": True}
        ):
            if chunk.choices:
                text += chunk.choices[0].delta.content or ""
                finish = chunk.choices[0].finish_reason or finish
            else:
                usage = chunk.usage
    assert whole.choices[0].message.content == text
    assert text.startswith("Simulated answer")
    assert whole.usage == usage
    assert usage is not None
    assert usage.completion_tokens == count(text)
    assert finish == whole.choices[0].finish_reason == "stop"
    assert 20 <= usage.completion_tokens <= 45


async def test_no_usage_chunk_unless_asked_for(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        chunks = [chunk async for chunk in await client.chat.completions.create(model="m", messages=HELLO, stream=True)]
    assert all(chunk.choices for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_two_tools_are_called_in_parallel(simulator: Simulator, stream: bool) -> None:
    messages = [{"role": "user", "content": "please call get_weather and get_time"}]
    async with openai_client(simulator) as client:
        if stream:
            async with client.chat.completions.stream(model="m", messages=messages, tools=[WEATHER, CLOCK]) as events:
                said = (await events.get_final_completion()).choices[0]
        else:
            said = (await client.chat.completions.create(model="m", messages=messages, tools=[WEATHER, CLOCK])).choices[
                0
            ]
    calls = said.message.tool_calls
    assert said.finish_reason == "tool_calls"
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == [
        ("get_weather", {"city": "simulated"}),
        ("get_time", {}),
    ]
    assert len({call.id for call in calls}) == 2


async def test_a_tool_result_is_mentioned_and_the_call_not_repeated(simulator: Simulator) -> None:
    messages = [{"role": "user", "content": "call get_weather"}]
    async with openai_client(simulator) as client:
        first = (await client.chat.completions.create(model="m", messages=messages, tools=[WEATHER])).choices[0].message
        messages += [
            first.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "17 degrees"},
        ]
        second = await client.chat.completions.create(model="m", messages=messages, tools=[WEATHER])
    assert "17 degrees" in second.choices[0].message.content
    assert second.choices[0].message.tool_calls is None


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("required", ["get_weather"]),
        ({"type": "function", "function": {"name": "get_time"}}, ["get_time"]),
        ("none", []),
        ("auto", []),
    ],
)
async def test_tool_choice(simulator: Simulator, choice: object, called: list[str]) -> None:
    async with openai_client(simulator) as client:
        said = await client.chat.completions.create(
            model="m", messages=HELLO, tools=[WEATHER, CLOCK], tool_choice=choice
        )
    assert [call.function.name for call in said.choices[0].message.tool_calls or []] == called


async def test_one_call_where_parallel_calls_are_off(simulator: Simulator) -> None:
    messages = [{"role": "user", "content": "call get_weather and get_time"}]
    async with openai_client(simulator) as client:
        said = await client.chat.completions.create(
            model="m", messages=messages, tools=[WEATHER, CLOCK], parallel_tool_calls=False
        )
    assert len(said.choices[0].message.tool_calls) == 1


async def test_custom_tool(simulator: Simulator) -> None:
    messages = [{"role": "user", "content": "call shell"}]
    tools = [{"type": "custom", "custom": {"name": "shell"}}]
    async with openai_client(simulator) as client:
        said = await client.chat.completions.create(model="m", messages=messages, tools=tools)
    call = said.choices[0].message.tool_calls[0]
    assert (call.type, call.custom.name, call.custom.input) == ("custom", "shell", "simulated input for shell")


async def test_structured_output_is_parsed_by_the_client(simulator: Simulator) -> None:
    class Person(BaseModel):
        name: str
        age: int
        tags: list[str]

    async with openai_client(simulator) as client:
        said = await client.chat.completions.parse(model="m", messages=HELLO, response_format=Person)
    assert isinstance(said.choices[0].message.parsed, Person)


async def test_limits_and_stop_sequences(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        cut = await client.chat.completions.create(model="m", messages=HELLO, max_completion_tokens=4)
        stopped = await client.chat.completions.create(model="m", messages=HELLO, stop=["answer", "never"])
    assert (cut.choices[0].finish_reason, cut.usage.completion_tokens) == ("length", 4)
    assert (stopped.choices[0].finish_reason, stopped.choices[0].message.content) == ("stop", "Simulated ")


async def test_prefill_is_gone_on_from(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        full = (await client.chat.completions.create(model="m", messages=HELLO)).choices[0].message.content
        part = full[: len(full) // 2]
        rest = await client.chat.completions.create(
            model="m", messages=[*HELLO, {"role": "assistant", "content": part}]
        )
        other = await client.chat.completions.create(
            model="m", messages=[*HELLO, {"role": "assistant", "content": "Well,"}]
        )
    assert part + rest.choices[0].message.content == full
    assert other.choices[0].message.content == " " + full


async def test_reasoning_is_counted_and_only_a_scenario_shows_it(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        quiet = await client.chat.completions.create(model="m", messages=HELLO, reasoning_effort="low")
        simulator.scenario({"reasoning": "I think so."})
        loud = await client.chat.completions.create(model="m", messages=HELLO)
    assert quiet.usage.completion_tokens_details.reasoning_tokens == 16
    assert not hasattr(quiet.choices[0].message, "reasoning_content")
    assert loud.choices[0].message.reasoning_content == "I think so."


async def test_images_and_files_are_counted(simulator: Simulator) -> None:
    text = {"type": "text", "text": "Hello there"}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}}
    async with openai_client(simulator) as client:
        plain = await client.chat.completions.create(model="m", messages=HELLO)
        rich = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": [text, image, file]}]
        )
    assert rich.usage.prompt_tokens == plain.usage.prompt_tokens + 258 + 512
    assert rich.choices[0].message.content == plain.choices[0].message.content


async def test_embeddings(simulator: Simulator) -> None:
    async with openai_client(simulator) as client:
        made = await client.embeddings.create(
            model="text-embedding-3-small", input=["the red cat sat", "the red cat sat down", "prices rose sharply"]
        )
        plain = await client.embeddings.create(
            model="e", input="the red cat sat", dimensions=1536, encoding_format="float"
        )
        listed = [model.id async for model in client.models.list()]
        shown = await client.models.retrieve("gpt-4o")
    first, near, far = (row.embedding for row in made.data)
    assert len(first) == 1536
    assert first == pytest.approx(plain.data[0].embedding, abs=1e-6)
    closeness = [sum(a * b for a, b in zip(first, other, strict=True)) for other in (first, near, far)]
    assert closeness[0] == pytest.approx(1, abs=1e-5)
    assert closeness[0] > closeness[1] > closeness[2]
    assert {"sim-echo", "sim-flaky", "gpt-4o"} <= set(listed)
    assert shown.id == "gpt-4o"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]}, "messages[0].role"),
        ({"messages": HELLO, "n": 2}, "n"),
        ({"messages": HELLO, "max_tokens": 0}, "max_tokens"),
        ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "messages[0].content[0].type"),
        ({"messages": ["hello"]}, "messages[0].role"),
        ({"messages": HELLO, "response_format": {"type": "json_object"}}, "messages"),
    ],
)
async def test_what_the_api_would_not_take(simulator: Simulator, body: dict[str, object], param: str) -> None:
    async with openai_client(simulator) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(model="m", **body)
    assert caught.value.param == param
    assert simulator.calls()[-1]["status"] == 400


async def test_an_unanswered_call_is_refused(simulator: Simulator) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
    messages = [*HELLO, {"role": "assistant", "tool_calls": [call]}, {"role": "user", "content": "and?"}]
    async with openai_client(simulator) as client:
        with pytest.raises(openai.BadRequestError, match="c1"):
            await client.chat.completions.create(model="m", messages=messages)
