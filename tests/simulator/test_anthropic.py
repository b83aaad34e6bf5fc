"""Messages, through Anthropic's client."""

from typing import Any

import anthropic
import pytest

from providers.simulator.control import Simulator
from tests.simulator.asking import anthropic_client

HELLO = [{"role": "user", "content": "Hello there"}]
TOOLS = [
    {
        "name": "get_weather",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string", "enum": ["Oslo"]}}},
    },
    {"name": "get_time", "input_schema": {"type": "object", "properties": {}}},
]
THINKING = {"type": "enabled", "budget_tokens": 1024}


async def test_events_fold_to_the_whole_answer(simulator: Simulator) -> None:
    async with anthropic_client(simulator) as client:
        whole = await client.messages.create(model="m", max_tokens=500, messages=HELLO)
        async with client.messages.stream(model="m", max_tokens=500, messages=HELLO) as stream:
            kinds = [event.type async for event in stream if event.type not in ("text", "content_block_delta")]
            final = await stream.get_final_message()
        raw = await client.messages.with_streaming_response.create(
            model="m", max_tokens=9, messages=HELLO, stream=True
        ).__aenter__()
        lines = [line async for line in raw.iter_lines()]
        await raw.close()
    assert whole.content[0].text == final.content[0].text
    assert whole.content[0].text.startswith("Simulated answer")
    assert whole.stop_reason == final.stop_reason == "end_turn"
    assert whole.usage == final.usage
    assert kinds == ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]
    assert lines[0] == "event: message_start"
    assert "event: ping" in lines
    assert lines[-2].startswith('data: {"type":"message_stop"')


@pytest.mark.parametrize("stream", [False, True])
async def test_thinking_is_signed_and_its_signature_is_checked(simulator: Simulator, stream: bool) -> None:
    async with anthropic_client(simulator) as client:
        if stream:
            async with client.messages.stream(model="m", max_tokens=2000, messages=HELLO, thinking=THINKING) as events:
                said = await events.get_final_message()
        else:
            said = await client.messages.create(model="m", max_tokens=2000, messages=HELLO, thinking=THINKING)
        thought, answer = said.content
        assert thought.thinking.startswith("Simulated reasoning")
        assert said.usage.output_tokens_details.thinking_tokens == 16
        more = {"role": "user", "content": "On"}
        history: list[dict[str, Any]] = [
            *HELLO,
            {"role": "assistant", "content": [thought.model_dump(), answer.model_dump(include={"type", "text"})]},
            more,
        ]
        await client.messages.create(model="m", max_tokens=2000, messages=history, thinking=THINKING)
        history[1]["content"][0]["thinking"] += "!"
        with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
            await client.messages.create(model="m", max_tokens=2000, messages=history, thinking=THINKING)


async def test_omitted_thinking_is_billed_and_not_shown(simulator: Simulator) -> None:
    thinking = {"type": "adaptive", "display": "omitted"}
    async with anthropic_client(simulator) as client:
        said = await client.messages.create(model="m", max_tokens=2000, messages=HELLO, thinking=thinking)
    assert said.content[0].thinking == ""
    assert said.content[0].signature
    assert said.usage.output_tokens_details.thinking_tokens == 16


@pytest.mark.parametrize("stream", [False, True])
async def test_parallel_tools_and_their_results(simulator: Simulator, stream: bool) -> None:
    messages = [{"role": "user", "content": "call get_weather and get_time"}]
    async with anthropic_client(simulator) as client:
        if stream:
            async with client.messages.stream(model="m", max_tokens=500, messages=messages, tools=TOOLS) as events:
                said = await events.get_final_message()
        else:
            said = await client.messages.create(model="m", max_tokens=500, messages=messages, tools=TOOLS)
        assert said.stop_reason == "tool_use"
        assert [(block.name, block.input) for block in said.content] == [
            ("get_weather", {"city": "Oslo"}),
            ("get_time", {}),
        ]
        calls = [block.model_dump(include={"type", "id", "name", "input"}) for block in said.content]
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": f"it is {block.name}"} for block in said.content
        ]
        history = [*messages, {"role": "assistant", "content": calls}]
        done = await client.messages.create(
            model="m", max_tokens=500, messages=[*history, {"role": "user", "content": results}], tools=TOOLS
        )
        with pytest.raises(anthropic.BadRequestError, match="without `tool_result`"):
            await client.messages.create(
                model="m", max_tokens=500, messages=[*history, {"role": "user", "content": results[:1]}], tools=TOOLS
            )
    assert "it is get_weather" in done.content[0].text
    assert "it is get_time" in done.content[0].text


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ({"type": "any"}, ["get_weather"]),
        ({"type": "tool", "name": "get_time"}, ["get_time"]),
        ({"type": "none"}, []),
        ({"type": "any", "disable_parallel_tool_use": True}, ["get_weather"]),
    ],
)
async def test_tool_choice(simulator: Simulator, choice: dict[str, object], called: list[str]) -> None:
    async with anthropic_client(simulator) as client:
        said = await client.messages.create(model="m", max_tokens=99, messages=HELLO, tools=TOOLS, tool_choice=choice)
    assert [block.name for block in said.content if block.type == "tool_use"] == called


async def test_prefill_is_gone_on_from(simulator: Simulator) -> None:
    async with anthropic_client(simulator) as client:
        full = (await client.messages.create(model="m", max_tokens=99, messages=HELLO)).content[0].text
        prefill = {"role": "assistant", "content": full[:30].rstrip()}
        rest = await client.messages.create(model="m", max_tokens=99, messages=[*HELLO, prefill])
        with pytest.raises(anthropic.BadRequestError, match="trailing whitespace"):
            await client.messages.create(
                model="m", max_tokens=99, messages=[*HELLO, {"role": "assistant", "content": "So "}]
            )
    assert prefill["content"] + rest.content[0].text == full


async def test_a_marked_prefix_is_written_to_the_cache_and_then_read(simulator: Simulator) -> None:
    system = [{"type": "text", "text": "Be kind. " * 40, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    async with anthropic_client(simulator) as client:
        first = (await client.messages.create(model="m", max_tokens=9, messages=HELLO, system=system)).usage
        other = [{"role": "user", "content": "Something else"}]
        second = (await client.messages.create(model="m", max_tokens=9, messages=other, system=system)).usage
    assert first.cache_creation_input_tokens == first.cache_creation.ephemeral_1h_input_tokens > 100
    assert first.cache_read_input_tokens == 0
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens
    assert second.cache_creation_input_tokens == 0
    rows = simulator.calls()
    assert [(row["cache_write"], row["cached"]) for row in rows] == [
        (first.cache_creation_input_tokens, 0),
        (0, second.cache_read_input_tokens),
    ]
    assert rows[0]["input"] == first.input_tokens + first.cache_creation_input_tokens


async def test_finish_reasons(simulator: Simulator) -> None:
    async with anthropic_client(simulator) as client:
        cut = await client.messages.create(model="m", max_tokens=3, messages=HELLO)
        stopped = await client.messages.create(model="m", max_tokens=99, messages=HELLO, stop_sequences=[":"])
        refused = await client.messages.create(model="sim-refuse", max_tokens=99, messages=HELLO)
    assert (cut.stop_reason, cut.usage.output_tokens) == ("max_tokens", 3)
    assert (stopped.stop_reason, stopped.stop_sequence, stopped.content[0].text) == (
        "stop_sequence",
        ":",
        "Simulated answer",
    )
    assert (refused.stop_reason, refused.content, refused.stop_details.type) == ("refusal", [], "refusal")


async def test_counting_images_documents_and_models(simulator: Simulator) -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hello"}}
    text = {"type": "text", "text": "Hello there"}
    rich = [{"role": "user", "content": [text, image, document]}]
    async with anthropic_client(simulator) as client:
        plain = await client.messages.count_tokens(model="m", messages=HELLO)
        counted = await client.messages.count_tokens(model="m", messages=rich)
        used = await client.messages.create(model="m", max_tokens=9, messages=rich)
        listed = [model.id async for model in client.models.list()]
        shown = await client.models.retrieve("sim-echo")
    assert counted.input_tokens == used.usage.input_tokens == plain.input_tokens + 258 + 512
    assert "sim-echo" in listed
    assert shown.id == "sim-echo"
    assert [row["billable"] for row in simulator.calls()] == [False, False, True, False, False]


async def test_structured_output(simulator: Simulator) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 3}}, "required": ["n"]}
    async with anthropic_client(simulator) as client:
        said = await client.messages.create(
            model="m",
            max_tokens=99,
            messages=HELLO,
            output_config={"format": {"type": "json_schema", "schema": schema}},
        )
    assert said.content[0].text == '{"n":3}'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": ""}]}, "non-empty content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}]},
            "unexpected `tool_use_id`",
        ),
        ({"messages": HELLO, "max_tokens": 0}, "max_tokens"),
        ({"messages": HELLO, "max_tokens": 1024, "thinking": THINKING}, "budget_tokens"),
        ({"messages": HELLO, "tool_choice": {"type": "any"}}, "tool_choice"),
        ({"messages": HELLO, "tools": [{"name": "x"}]}, "input_schema"),
    ],
)
async def test_what_the_api_would_not_take(simulator: Simulator, body: dict[str, object], words: str) -> None:
    async with anthropic_client(simulator) as client:
        with pytest.raises(anthropic.BadRequestError, match=words):
            await client.messages.create(**{"model": "m", "max_tokens": 99, **body})


async def test_a_system_message_may_stand_between_others(simulator: Simulator) -> None:
    messages = [*HELLO, {"role": "system", "content": "Be brief."}]
    async with anthropic_client(simulator) as client:
        alone = await client.messages.create(model="m", max_tokens=99, messages=HELLO)
        guided = await client.messages.create(model="m", max_tokens=99, messages=messages)
    assert guided.content[0].text == alone.content[0].text
    assert guided.usage.input_tokens > alone.usage.input_tokens
