"""Gemini, through Google's client."""

import httpx2
import pytest
from google.genai import errors, types
from pydantic import BaseModel

from providers.simulator.control import Simulator
from tests.simulator.asking import KEY, google_client

WEATHER = types.FunctionDeclaration(
    name="get_weather",
    parameters=types.Schema(
        type="OBJECT", properties={"city": types.Schema(type="STRING", enum=["Oslo"])}, required=["city"]
    ),
)
CLOCK = types.FunctionDeclaration(name="get_time", parameters_json_schema={"type": "object", "properties": {}})
TOOLS = [types.Tool(function_declarations=[WEATHER, CLOCK])]


def config(**fields: object) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(automatic_function_calling={"disable": True}, **fields)


async def test_whole_and_streamed_answers_are_the_same(simulator: Simulator) -> None:
    async with google_client(simulator).aio as client:
        whole = await client.models.generate_content(model="m", contents="Hello")
        chunks = [chunk async for chunk in await client.models.generate_content_stream(model="m", contents="Hello")]
    assert "".join(chunk.text or "" for chunk in chunks) == whole.text
    assert whole.text.startswith("Simulated answer")
    assert chunks[-1].candidates[0].finish_reason == whole.candidates[0].finish_reason == types.FinishReason.STOP
    assert all(chunk.candidates[0].finish_reason is None for chunk in chunks[:-1])
    assert chunks[-1].usage_metadata == whole.usage_metadata
    usage = whole.usage_metadata
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count


async def test_a_stream_without_events_is_one_array(simulator: Simulator) -> None:
    async with httpx2.AsyncClient(headers={"x-goog-api-key": KEY}) as client:
        answer = await client.post(
            f"{simulator.google_url}/v1beta/models/m:streamGenerateContent",
            json={"contents": [{"parts": [{"text": "Hello"}]}]},
        )
    chunks = answer.json()
    assert chunks[0]["candidates"][0]["content"]["parts"] == [{"text": "Simulated"}]
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"


@pytest.mark.parametrize("stream", [False, True])
async def test_thoughts_are_shown_counted_and_signed(simulator: Simulator, stream: bool) -> None:
    wanted = config(thinking_config={"thinking_budget": 512, "include_thoughts": True})
    async with google_client(simulator).aio as client:
        if stream:
            chunks = [
                chunk
                async for chunk in await client.models.generate_content_stream(model="m", contents="x", config=wanted)
            ]
        else:
            chunks = [await client.models.generate_content(model="m", contents="x", config=wanted)]
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
    assert "".join(part.text for part in parts if part.thought).startswith("Simulated reasoning")
    assert next(part for part in parts if not part.thought).thought_signature
    assert chunks[-1].usage_metadata.thoughts_token_count == 16
    if stream:
        totals = [chunk.usage_metadata.total_token_count for chunk in chunks]
        assert totals[:-1] == list(range(totals[0], totals[-1] + 1))


async def test_thoughts_that_are_not_included_are_counted(simulator: Simulator) -> None:
    async with google_client(simulator).aio as client:
        said = await client.models.generate_content(
            model="m", contents="x", config=config(thinking_config={"thinking_level": "low"})
        )
    assert not any(part.thought for part in said.candidates[0].content.parts)
    assert said.usage_metadata.thoughts_token_count == 16


@pytest.mark.parametrize("stream", [False, True])
async def test_parallel_tools_and_their_results(simulator: Simulator, stream: bool) -> None:
    prompt = types.Content(role="user", parts=[types.Part(text="call get_weather and get_time")])
    async with google_client(simulator).aio as client:
        wanted = config(tools=TOOLS)
        if stream:
            chunks = [
                chunk
                async for chunk in await client.models.generate_content_stream(
                    model="m", contents=[prompt], config=wanted
                )
            ]
        else:
            chunks = [await client.models.generate_content(model="m", contents=[prompt], config=wanted)]
        calls = [call for chunk in chunks for call in chunk.function_calls or []]
        assert [(call.name, call.args) for call in calls] == [("get_weather", {"city": "Oslo"}), ("get_time", {})]
        asked = types.Content(role="model", parts=[types.Part(function_call=call) for call in calls])
        results = [
            types.Part.from_function_response(name=call.name, response={"result": f"it is {call.name}"})
            for call in calls
        ]
        done = await client.models.generate_content(
            model="m", contents=[prompt, asked, types.Content(role="user", parts=results)], config=wanted
        )
        with pytest.raises(errors.ClientError, match="number of function response parts"):
            await client.models.generate_content(
                model="m", contents=[prompt, asked, types.Content(role="user", parts=results[:1])], config=wanted
            )
    assert "it is get_weather" in done.text
    assert "it is get_time" in done.text


@pytest.mark.parametrize(
    ("calling", "called"),
    [
        ({"mode": "ANY"}, ["get_weather"]),
        ({"mode": "ANY", "allowed_function_names": ["get_time"]}, ["get_time"]),
        ({"mode": "NONE"}, []),
    ],
)
async def test_tool_config(simulator: Simulator, calling: dict[str, object], called: list[str]) -> None:
    async with google_client(simulator).aio as client:
        said = await client.models.generate_content(
            model="m", contents="Hello", config=config(tools=TOOLS, tool_config={"function_calling_config": calling})
        )
    assert [call.name for call in said.function_calls or []] == called


async def test_structured_output(simulator: Simulator) -> None:
    class Person(BaseModel):
        name: str
        born: int

    async with google_client(simulator).aio as client:
        said = await client.models.generate_content(
            model="m", contents="Hello", config=config(response_mime_type="application/json", response_schema=Person)
        )
    assert isinstance(said.parsed, Person)


async def test_finish_reasons_and_prefill(simulator: Simulator) -> None:
    async with google_client(simulator).aio as client:
        full = await client.models.generate_content(model="m", contents="Hello")
        cut = await client.models.generate_content(model="m", contents="Hello", config=config(max_output_tokens=3))
        stopped = await client.models.generate_content(model="m", contents="Hello", config=config(stop_sequences=[":"]))
        refused = await client.models.generate_content(model="sim-refuse", contents="Hello")
        history = [
            {"role": "user", "parts": [{"text": "Hello"}]},
            {"role": "model", "parts": [{"text": full.text[:25]}]},
        ]
        rest = await client.models.generate_content(model="m", contents=history)
    assert cut.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS
    assert cut.usage_metadata.candidates_token_count == 3
    assert (stopped.candidates[0].finish_reason, stopped.text) == (types.FinishReason.STOP, "Simulated answer")
    assert refused.candidates[0].finish_reason == types.FinishReason.SAFETY
    assert refused.candidates[0].safety_ratings[0].blocked
    assert full.text[:25] + rest.text == full.text


async def test_counting_embeddings_and_models(simulator: Simulator) -> None:
    picture = types.Part.from_bytes(data=b"abc", mime_type="image/png")
    async with google_client(simulator).aio as client:
        plain = await client.models.count_tokens(model="m", contents="Hello there")
        rich = await client.models.count_tokens(model="m", contents=["Hello there", picture])
        used = await client.models.generate_content(model="m", contents=["Hello there", picture])
        made = await client.models.embed_content(
            model="gemini-embedding-001", contents=["one text", "two texts"], config={"output_dimensionality": 64}
        )
        listed = [model.name async for model in await client.models.list()]
        shown = await client.models.get(model="sim-echo")
    assert rich.total_tokens == plain.total_tokens + 258 == used.usage_metadata.prompt_token_count
    assert [len(one.values) for one in made.embeddings] == [64, 64]
    assert "models/sim-echo" in listed
    assert shown.name == "models/sim-echo"


async def test_single_embedding(simulator: Simulator) -> None:
    async with httpx2.AsyncClient(headers={"x-goog-api-key": KEY}) as client:
        answer = await client.post(
            f"{simulator.google_url}/v1beta/models/m:embedContent", json={"content": {"parts": [{"text": "hello"}]}}
        )
    assert len(answer.json()["embedding"]["values"]) == 3072


async def test_what_the_api_would_not_take(simulator: Simulator) -> None:
    async with google_client(simulator).aio as client:
        for contents in ([{"role": "wizard", "parts": [{"text": "x"}]}], [{"role": "user", "parts": []}]):
            with pytest.raises(errors.ClientError) as caught:
                await client.models.generate_content(model="m", contents=contents)
            assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
