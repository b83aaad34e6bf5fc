"""A conversation goes on with another model: what it keeps, what is lost, and who is told."""

from typing import Any

import httpx2
import pytest

from tests.fixtures.house import Running

pytestmark = pytest.mark.real

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
NOWHERE = "01900000-0000-7000-8000-000000000000"
TOOL = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


async def begin(http: httpx2.AsyncClient, model: str) -> str:
    return str((await http.post("/api/conversations", json={"models": [model]})).raise_for_status().json()["id"])


async def say(http: httpx2.AsyncClient, conversation: str, said: Any, **fields: Any) -> dict[str, Any]:
    """A turn of the conversation; `said` is text, or messages."""
    body = {"content": said} if isinstance(said, str) else {"messages": said}
    answer = await http.post(f"/api/conversations/{conversation}/turns?wait=30", json={**body, **fields})
    turn: dict[str, Any] = answer.raise_for_status().json()
    assert turn["state"] == "completed", turn
    return turn


async def switch(http: httpx2.AsyncClient, conversation: str, model: str, **fields: Any) -> dict[str, Any]:
    body = {"conversation_id": conversation, "new_model_id": model, **fields}
    shown: dict[str, Any] = (await http.post("/api/chat/switch-model", json=body)).raise_for_status().json()
    return shown


async def send(http: httpx2.AsyncClient, message: str, **fields: Any) -> dict[str, Any]:
    answer = await http.post("/api/chat/send-with-model", json={"message": message, **fields})
    assert answer.status_code == httpx2.codes.OK, answer.text
    turn: dict[str, Any] = answer.json()
    return turn


def served(turn: dict[str, Any]) -> str:
    return f"{turn['result']['model']['provider']}:{turn['result']['model']['model']}"


def inputs(house: Running) -> list[int]:
    """Tokens of each prompt, as the provider counted them."""
    return [call["input"] for call in house.asked()]


async def test_the_next_turn_is_the_new_models_with_everything_said(house: Running) -> None:
    async with house.http() as http:
        talk = await begin(http, "openai:gpt-4o")
        await say(http, talk, "word " * 300)
        shown = await switch(http, talk, "anthropic:claude-sonnet-4-5")
        turn = await say(http, talk, "And now?")
        kept = (await http.get(f"/api/conversations/{talk}")).json()
    assert shown == {
        "conversation_id": talk,
        "model": "anthropic:claude-sonnet-4-5",
        "previous_models": ["openai:gpt-4o"],
        "preserve_context": True,
        "messages": 2,
        "dropped": [],
        "left_out": 0,
    }
    assert served(turn) == "anthropic:claude-sonnet-4-5"
    assert inputs(house)[1] > 300
    assert turn["result"].get("dropped", []) == []
    assert kept["models"] == ["anthropic:claude-sonnet-4-5"]


async def test_tool_calls_and_results_go_along(house: Running) -> None:
    async with house.http() as http:
        talk = await begin(http, "openai:gpt-4o")
        called = await say(http, talk, "call weather", tools=[TOOL])
        (call,) = [part for part in called["message"]["parts"] if part["type"] == "tool_call"]
        shown = await switch(http, talk, "anthropic:claude-sonnet-4-5")
        result = {"type": "tool_result", "call_id": call["id"], "content": [{"type": "text", "text": "It rains."}]}
        turn = await say(http, talk, [{"role": "tool", "parts": [result]}], tools=[TOOL])
    assert shown["dropped"] == []
    # The simulator repeats a tool's result, and refuses one without its call, as the vendors do.
    assert "It rains." in turn["message"]["parts"][0]["text"]
    assert served(turn) == "anthropic:claude-sonnet-4-5"


async def test_images_are_left_out_for_a_model_without_sight(house: Running) -> None:
    seen = [{"type": "text", "text": "What is this?"}]
    seen.append({"type": "image", "source": {"type": "bytes", "media_type": "image/png", "content": PIXEL}})  # type: ignore[dict-item]
    async with house.http() as http:
        blind = {"models": {"sim:sim-echo": {"capabilities": {"images": False}}}}
        (await http.put("/api/policies", json=blind)).raise_for_status()
        talk = await begin(http, "sim:sim-fast")
        await say(http, talk, [{"role": "user", "parts": seen}])
        shown = await switch(http, talk, "sim:sim-echo")
        turn = await say(http, talk, "And now?")
        refused = await http.post(
            f"/api/conversations/{talk}/turns?wait=30", json={"messages": [{"role": "user", "parts": seen}]}
        )
        await switch(http, talk, "sim:sim-fast")
        again = await say(http, talk, "Look again.")
    assert shown["dropped"] == ["1 image"]
    assert turn["result"]["dropped"] == ["1 image of earlier messages, which the model does not take"]
    assert refused.json()["result"]["error_kind"] == "invalid_request"
    assert "lacks images" in refused.json()["result"]["error_message"]
    assert again["result"].get("dropped", []) == []


async def test_foreign_reasoning_is_dropped_and_said(house: Running) -> None:
    async with house.http() as http:
        talk = await begin(http, "anthropic:sim-reasoning")
        thought = await say(http, talk, "Think.")
        shown = await switch(http, talk, "openai:gpt-4o")
        back = await switch(http, talk, "anthropic:claude-sonnet-4-5")
        turn = await say(http, talk, "And now?", model="openai:gpt-4o")
    assert "reasoning" in {part["type"] for part in thought["message"]["parts"]}
    assert shown["dropped"] == ["1 piece of reasoning by anthropic"]
    assert back["dropped"] == []
    assert served(turn) == "openai:gpt-4o"


async def test_a_fresh_beginning_keeps_the_instructions(house: Running) -> None:
    async with house.http() as http:
        talk = await begin(http, "sim:sim-fast")
        instructed = [
            {"role": "system", "parts": [{"type": "text", "text": "rule " * 100}]},
            {"role": "user", "parts": [{"type": "text", "text": "word " * 1000}]},
        ]
        await say(http, talk, instructed)
        shown = await switch(http, talk, "sim:sim-echo", preserveContext=False)
        await say(http, talk, "And now?")
        later = await switch(http, talk, "sim:sim-fast")
        everything = (await http.get(f"/api/conversations/{talk}/messages")).json()["data"]
    assert (shown["messages"], shown["preserve_context"]) == (1, False)
    assert 100 <= inputs(house)[1] < 400
    # Since the fresh beginning: the instructions, what was said, and its answer.
    assert later["messages"] == 3
    assert len(everything) == 5


async def test_what_is_beyond_the_window_is_counted(house: Running) -> None:
    async with house.http() as http:
        talk = await begin(http, "anthropic:claude-sonnet-4-5")
        for _ in range(2):
            await say(http, talk, "word " * 6_000)
        shown = await switch(http, talk, "openai:gpt-4")
    assert shown["left_out"] == 2


async def test_auto_lets_routing_choose_from_now_on(house: Running) -> None:
    async with house.http() as http:
        talk = await begin(http, "sim:sim-echo")
        await say(http, talk, "Hi")
        shown = await switch(http, talk, "auto")
        turn = await say(http, talk, "Say something.")
    assert (shown["model"], shown["dropped"]) == ("auto", [])
    assert turn["plan"]["strategy"] == "balanced"
    assert served(turn) != "sim:sim-echo"


async def test_sending_begins_a_conversation_and_goes_on_with_it(house: Running) -> None:
    async with house.http() as http:
        first = await send(http, "word " * 300, modelId="sim:sim-fast")
        talk = first["conversation_id"]
        second = await send(http, "And now?", conversationId=talk)
        third = await send(http, "And you?", conversation_id=talk, model_id="openai:gpt-4o")
        fresh = await send(http, "Forget it.", conversation_id=talk, preserve_context=False)
        routed = await send(http, "Hi", conversation_id=talk, model="auto:cost")
    assert [served(turn) for turn in (first, second, third, fresh)] == [
        "sim:sim-fast",
        "sim:sim-fast",
        "openai:gpt-4o",
        "sim:sim-fast",
    ]
    assert routed["plan"]["strategy"] == "cost"
    sizes = inputs(house)
    assert sizes[1] > 300
    assert sizes[2] > 300
    assert sizes[3] < 50
    assert sizes[4] > 300


async def test_a_key_finds_the_conversation_that_it_began(house: Running) -> None:
    async with house.http() as http:
        body = {"message": "Hi", "model_id": "sim:sim-fast"}
        path, key = "/api/chat/send-with-model", {"Idempotency-Key": "first-words"}
        one = (await http.post(path, json=body, headers=key)).raise_for_status().json()
        two = (await http.post(path, json=body, headers=key)).raise_for_status().json()
        other = await http.post(path, json={**body, "message": "Ho"}, headers=key)
        talks = (await http.get("/api/conversations")).json()["data"]
    assert one == two
    assert (other.status_code, other.json()["field"]) == (409, "Idempotency-Key")
    assert [talk["id"] for talk in talks] == [one["conversation_id"]]
    assert len(house.asked()) == 1


@pytest.mark.parametrize(
    ("door", "body", "status", "field"),
    [
        ("switch-model", {"new_model_id": "sim:sim-fast"}, 400, "conversation_id"),
        ("switch-model", {"conversation_id": NOWHERE}, 400, "new_model_id"),
        ("switch-model", {"conversation_id": NOWHERE, "new_model_id": "sim:sim-fast"}, 404, None),
        ("switch-model", {"conversation_id": "x", "new_model_id": "sim:sim-fast"}, 404, "conversation_id"),
        ("switch-model", {"conversation_id": NOWHERE, "new_model_id": "gpt-4o-mni"}, 404, "new_model_id"),
        ("switch-model", {"conversation_id": NOWHERE, "newModelId": "auto:cost"}, 400, "new_model_id"),
        ("send-with-model", {}, 400, "message"),
        ("send-with-model", {"message": ""}, 400, "message"),
        ("send-with-model", {"message": " "}, 400, "message"),
        ("send-with-model", {"message": "Hi", "model_id": "gpt-4o-mni"}, 404, "model_id"),
        ("send-with-model", {"message": "Hi", "modelId": "auto:nope"}, 400, "model_id"),
        ("send-with-model", {"message": "Hi", "conversationId": NOWHERE}, 404, None),
        ("send-with-model", {"message": "Hi", "modle": "x"}, 400, "modle"),
        ("send-with-model?wait=-1", {"message": "Hi"}, 400, "wait"),
    ],
    ids=[
        "no-conversation",
        "no-model",
        "gone",
        "no-id",
        "near-model",
        "strategy",
        "nothing",
        "empty",
        "blank",
        "send-near",
        "send-auto",
        "send-gone",
        "unknown",
        "wait",
    ],
)
async def test_bad_requests_begin_nothing(
    house: Running, door: str, body: dict[str, Any], status: int, field: str | None
) -> None:
    async with house.http() as http:
        answer = await http.post(f"/api/chat/{door}", json=body)
        talks = (await http.get("/api/conversations")).json()["data"]
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
    assert talks == []
    assert house.asked() == []
