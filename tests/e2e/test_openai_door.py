"""OpenAI's own client, unchanged, through the whole house."""

import asyncio
import json
from decimal import Decimal

import openai
import pytest
from langchain_openai import ChatOpenAI
from sqlalchemy import text

from tests.fixtures.house import Running

pytestmark = pytest.mark.real

HELLO: list[dict[str, str]] = [{"role": "user", "content": "Say something."}]


async def test_a_plain_completion(house: Running) -> None:
    raw = await house.openai().chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=HELLO)  # type: ignore[arg-type]
    answer = raw.parse()
    (call,) = house.simulator.calls()
    assert answer.choices[0].message.content.startswith("Simulated answer")
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (call["input"], call["output"])
    assert raw.headers["x-perdure-simulated"] == "true"
    assert raw.headers["x-perdure-attempts"] == "1"
    assert Decimal(raw.headers["x-perdure-cost"]) > 0
    assert raw.headers["x-perdure-turn-id"] in answer.id


async def test_a_stream_says_the_same_as_the_stored_answer(house: Running) -> None:
    stream = await house.openai().chat.completions.create(
        model="sim:sim-fast",
        messages=HELLO,
        stream=True,
        stream_options={"include_usage": True},  # type: ignore[arg-type]
    )
    said, reasons, usage, turn_id = "", [], None, ""
    async for chunk in stream:
        turn_id = chunk.id.removeprefix("chatcmpl-")
        usage = chunk.usage or usage
        for choice in chunk.choices:
            said += choice.delta.content or ""
            reasons += [choice.finish_reason] if choice.finish_reason else []
    async with house.http() as http:
        turn = (await http.get(f"/api/turns/{turn_id}")).json()
    assert said == turn["message"]["parts"][0]["text"]
    assert reasons == ["stop"]
    assert usage is not None
    assert usage.total_tokens == sum(house.simulator.calls()[0][name] for name in ("input", "output"))


async def test_tools_pass_through(house: Running) -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    asked = [{"role": "user", "content": "call weather"}]
    client = house.openai()
    answer = await client.chat.completions.create(model="gpt-4o-mini", messages=asked, tools=[tool])  # type: ignore[arg-type, list-item]
    call = answer.choices[0].message.tool_calls[0]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "weather"
    assert "city" in json.loads(call.function.arguments)
    rest = [
        *asked,
        answer.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "It rains."},
    ]
    final = await client.chat.completions.create(model="gpt-4o-mini", messages=rest, tools=[tool])  # type: ignore[arg-type, list-item]
    assert "It rains." in (final.choices[0].message.content or "")


async def test_tool_calls_stream_whole(house: Running) -> None:
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
    stream = await house.openai().chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "call weather"}],
        tools=[tool],  # type: ignore[list-item]
        stream=True,
    )
    names, arguments, reason = [], "", None
    async for chunk in stream:
        for choice in chunk.choices:
            reason = choice.finish_reason or reason
            for call in choice.delta.tool_calls or ():
                names += [call.function.name] if call.function.name else []
                arguments += call.function.arguments or ""
    assert (names, reason) == (["weather"], "tool_calls")
    assert isinstance(json.loads(arguments), dict)


async def test_json_schema_output(house: Running) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    answer = await house.openai().chat.completions.create(
        model="gpt-4o-mini",
        messages=HELLO,  # type: ignore[arg-type]
        response_format={"type": "json_schema", "json_schema": {"name": "count", "schema": schema, "strict": True}},
    )
    assert isinstance(json.loads(answer.choices[0].message.content or "")["n"], int)


async def test_langchain_works_unchanged(house: Running) -> None:
    model = ChatOpenAI(model="gpt-4o-mini", base_url=f"{house.url}/v1", api_key=house.key, max_retries=0)  # type: ignore[arg-type]
    answer = await model.ainvoke("Say something.")
    assert str(answer.content).startswith("Simulated answer")
    pieces = [piece.content async for piece in model.astream("Say something.")]
    assert "".join(str(piece) for piece in pieces) == answer.content
    await model.root_async_client.close()


async def test_one_key_sent_twenty_times_at_once_is_one_turn_one_call(house: Running) -> None:
    client = house.openai()
    answers = await asyncio.gather(
        *(
            client.chat.completions.create(
                model="sim:sim-fast",
                messages=HELLO,  # type: ignore[arg-type]
                extra_headers={"Idempotency-Key": "order-17"},
            )
            for _ in range(20)
        )
    )
    assert len({(answer.id, answer.choices[0].message.content) for answer in answers}) == 1
    assert len(house.simulator.calls()) == 1


async def test_a_failover_mid_stream_is_never_spliced(house: Running) -> None:
    house.simulator.scenario({"cut_after": 6}, match={"model": "sim-fast"})
    stream = await house.openai().chat.completions.create(
        model="sim:sim-fast",
        messages=HELLO,
        stream=True,
        extra_body={"models": ["sim:sim-echo"]},  # type: ignore[arg-type]
    )
    said = ""

    async def read() -> None:
        nonlocal said
        async for chunk in stream:
            said += "".join(choice.delta.content or "" for choice in chunk.choices)

    with pytest.raises(openai.APIError, match="began differently") as raised:
        await read()
    assert raised.value.code == "stream_diverged"
    assert said.startswith("Simulated")


async def test_a_repeated_answer_goes_on_where_it_was_cut(house: Running) -> None:
    house.simulator.scenario({"cut_after": 6}, times=1)
    stream = await house.openai().chat.completions.create(model="sim:sim-fast", messages=HELLO, stream=True)  # type: ignore[arg-type]
    said = ""
    async for chunk in stream:
        said += "".join(choice.delta.content or "" for choice in chunk.choices)
    whole = await house.openai().chat.completions.create(model="sim:sim-fast", messages=HELLO)  # type: ignore[arg-type]
    assert said == whole.choices[0].message.content


async def test_leaving_cancels_only_without_a_key(house: Running) -> None:
    client = house.openai()
    turns = []
    for headers in ({}, {"Idempotency-Key": "kept"}):
        stream = await client.chat.completions.create(
            model="sim:sim-tokens-60-rate-30",
            messages=HELLO,
            stream=True,
            extra_headers=headers,  # type: ignore[arg-type]
        )
        async for chunk in stream:
            turns.append(chunk.id.removeprefix("chatcmpl-"))
            if chunk.choices and chunk.choices[0].delta.content:
                break
        await stream.close()
    states = []
    async with house.http() as http:
        for turn_id in (turns[0], turns[-1]):
            async with http.stream("GET", f"/api/turns/{turn_id}/events") as events:
                async for _ in events.aiter_lines():
                    continue
            states.append((await http.get(f"/api/turns/{turn_id}")).json()["state"])
    assert states == ["cancelled", "completed"]


async def test_errors_have_openais_shape(house: Running) -> None:
    client = house.openai()
    with pytest.raises(openai.NotFoundError, match="Did you mean openai:gpt-4o-mini"):
        await client.chat.completions.create(model="gpt-4o-mni", messages=HELLO)  # type: ignore[arg-type]
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(model="sim:sim-refuse", messages=HELLO, extra_body={"n": 2})  # type: ignore[arg-type]
    assert refused.value.param == "n"
    with pytest.raises(openai.AuthenticationError):
        await house.openai("wrong").models.list()
    with pytest.raises(openai.BadRequestError) as overflow:
        await client.chat.completions.create(model="sim:sim-overflow", messages=HELLO)  # type: ignore[arg-type]
    assert overflow.value.code == "context_overflow"


async def test_models_are_listed(house: Running) -> None:
    models = [model.id async for model in house.openai().models.list()]
    assert {"openai:gpt-4o-mini", "anthropic:claude-sonnet-4-5", "google:gemini-2.5-flash", "sim:sim-fast"} <= set(
        models
    )
    assert (await house.openai().models.retrieve("gpt-4o-mini")).id == "openai:gpt-4o-mini"


async def test_nothing_is_left_running(house: Running) -> None:
    client = house.openai()
    await asyncio.gather(
        *(client.chat.completions.create(model="sim:sim-fast", messages=HELLO) for _ in range(20))  # type: ignore[arg-type]
    )
    async with house.house.database.begin() as connection:
        left = await connection.execute(text("SELECT count(*) FROM turns WHERE state IN ('accepted', 'running')"))
        rows = await connection.execute(text("SELECT count(*) FROM model_usage WHERE state = 'completed'"))
        assert (left.scalar_one(), rows.scalar_one()) == (0, len(house.simulator.calls()))
