"""The clients that people have: OpenAI's retries, LangChain's tools and structured output, through a whole house."""

from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI
from pydantic import BaseModel

from tests.fixtures.house import Running

pytestmark = pytest.mark.real

HELLO: Any = [{"role": "user", "content": "Say something."}]


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"It rains in {city}."


class Count(BaseModel):
    """A number."""

    n: int


def chat(house: Running, model: str = "gpt-4o-mini", **options: Any) -> ChatOpenAI:
    return ChatOpenAI(model=model, base_url=f"{house.url}/v1", api_key=house.key, max_retries=0, **options)


async def test_a_failed_turn_is_not_bought_again_by_the_clients_own_retries(house: Running) -> None:
    house.simulator.scenario({"error": {"kind": "unavailable"}})
    async with AsyncOpenAI(base_url=f"{house.url}/v1", api_key=house.key, max_retries=2) as client:
        with pytest.raises(openai.APIStatusError) as raised:
            await client.chat.completions.create(
                model="sim:sim-fast", messages=HELLO, extra_body={"limits": {"only_candidate": 1}}
            )
    assert raised.value.status_code == 502
    assert raised.value.code == "unavailable"
    assert raised.value.response.headers["x-perdure-turn-id"] in str(raised.value.body)
    assert len(house.asked()) == 1


async def test_langchain_calls_tools_and_goes_on(house: Running) -> None:
    model = chat(house).bind_tools([weather])
    asked = [SystemMessage("Be brief."), HumanMessage("call weather")]
    answer = await model.ainvoke(asked)
    assert isinstance(answer, AIMessage)
    (call,) = answer.tool_calls
    result = ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"])
    final = await model.ainvoke([*asked, answer, result])
    assert "It rains" in str(final.content)
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] > 0


async def test_langchain_streams_tool_calls(house: Running) -> None:
    whole: AIMessageChunk | None = None
    async for piece in chat(house, stream_usage=True).bind_tools([weather]).astream("call weather"):
        assert isinstance(piece, AIMessageChunk)
        whole = piece if whole is None else whole + piece
    assert whole is not None
    (call,) = whole.tool_calls
    assert (call["name"], set(call["args"])) == ("weather", {"city"})
    assert whole.usage_metadata is not None


async def test_langchain_reads_structured_output(house: Running) -> None:
    counted = await chat(house).with_structured_output(Count).ainvoke("Count.")
    assert isinstance(counted, Count)


async def test_openais_parse_helper_reads_structured_output(house: Running) -> None:
    answer = await house.openai().chat.completions.parse(model="gpt-4o-mini", messages=HELLO, response_format=Count)
    assert isinstance(answer.choices[0].message.parsed, Count)


async def test_openais_stream_helper_folds_the_answer(house: Running) -> None:
    async with house.openai().chat.completions.stream(
        model="anthropic:sim-reasoning", messages=HELLO, stream_options={"include_usage": True}
    ) as stream:
        final = await stream.get_final_completion()
    whole = await house.openai().chat.completions.create(model="anthropic:sim-reasoning", messages=HELLO)
    assert final.choices[0].message.content == whole.choices[0].message.content
    assert final.usage == whole.usage
    assert getattr(whole.choices[0].message, "reasoning_content", None)
