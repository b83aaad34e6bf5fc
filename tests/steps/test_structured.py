"""Data that follows a schema, through the whole house: repaired, corrected, bounded, streamed, agreed upon."""

import json
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from tests.fixtures.house import Running
from tests.steps.asking import ENDPOINT, GOOD, events_of

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

MODEL = "sim:sim-fast"
BODY: dict[str, Any] = {"prompt": "Describe the endpoint that lists orders.", "schema": ENDPOINT, "model": MODEL}


def says(house: Running, *texts: str, **more: Any) -> None:
    """The next answers, in order."""
    for at, text in enumerate(texts):
        last = at == len(texts) - 1
        house.simulator.scenario({"text": text, **more}, times=None if last else 1)


async def generated(house: Running, status: int = 200, **body: Any) -> dict[str, Any]:
    async with house.http() as http:
        answer = await http.post("/api/generate/structured", json={**BODY, **body})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_model_that_can_is_held_to_the_schema(house: Running) -> None:
    """The simulator writes an instance of the schema that it is sent, so nothing else could have made it."""
    simple = {**ENDPOINT, "properties": {**ENDPOINT["properties"], "path": {"type": "string"}}}
    step = await generated(house, schema=simple)
    assert step["state"] == "completed"
    assert set(step["data"]) <= {"path", "method", "tags"}
    assert step["data"]["method"] in ("GET", "POST")
    assert (step["attempts"], step["samples"], step["confidence"], step["repaired"]) == (1, 1, None, False)
    assert json.loads(step["content"]) == step["data"]
    assert float(step["cost_usd"]) > 0
    assert step["usage"]["total_tokens"] == step["usage"]["prompt_tokens"] + step["usage"]["completion_tokens"]
    assert step["model"] == MODEL


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        (json.dumps(GOOD), False),
        (f"Here it is:\n```json\n{json.dumps(GOOD)}\n```\nAnything else?", True),
        (f"Sure! {json.dumps(GOOD)} That is all.", True),
        ("{'path': '/orders', 'method': 'GET', 'tags': ['orders',],}", True),
        ('{"path": "/orders", "method": "GET", "tags": ["orders"]', True),
    ],
    ids=["plain", "fenced", "among words", "python", "unclosed"],
)
async def test_broken_json_is_mended_without_asking_again(house: Running, text: str, repaired: bool) -> None:
    says(house, text)
    step = await generated(house, mode="prompt")
    assert (step["data"], step["repaired"], step["attempts"]) == (GOOD, repaired, 1)
    assert len(house.asked()) == 1


async def test_what_is_wrong_goes_back_to_the_model(house: Running) -> None:
    says(house, '{"path": "orders", "method": "FETCH"}', json.dumps(GOOD))
    step = await generated(house)
    assert (step["data"], step["attempts"]) == (GOOD, 2)
    async with house.http() as http:
        turns = [(await http.get(f"/api/turns/{one}")).json() for one in step["turn_ids"]]
        told = (await http.get(f"/api/steps/{step['id']}")).json()
    assert [turn["state"] for turn in turns] == ["completed", "completed"]
    assert told == step
    total = sum(float(one["cost_usd"]) for turn in turns for one in turn["attempts"])
    assert float(step["cost_usd"]) == pytest.approx(total)


async def test_corrections_are_bounded_and_the_failure_says_why(house: Running) -> None:
    says(house, '{"path": 5}')
    problem = await generated(house, 422, corrections=1)
    assert problem["kind"] == "unfit_answer"
    assert "$.path: 5 is not of type 'string'" in problem["detail"]
    assert len(house.asked()) == 2
    async with house.http() as http:
        step = (await http.get(f"/api/steps/{problem['step_id']}")).json()
    assert (step["state"], step["attempts"], step["data"]) == ("failed", 2, None)
    assert step["error"]["errors"]


async def test_an_answer_that_was_cut_off_is_not_taken_for_whole(house: Running) -> None:
    says(house, '{"path": "/orders", "method": "GET", "tags": ["a"', finish_reason="length")
    problem = await generated(house, 422, corrections=0)
    assert "cut off" in problem["detail"]


async def test_a_schema_that_a_vendor_refuses_is_said_in_words(house: Running) -> None:
    house.simulator.scenario({"error": {"kind": "invalid_request"}}, times=1)
    says(house, json.dumps(GOOD))
    step = await generated(house)
    assert (step["data"], step["attempts"]) == (GOOD, 2)


async def test_samples_agree_more_or_less(house: Running) -> None:
    other = {**GOOD, "method": "POST"}
    says(house, json.dumps(GOOD), json.dumps(other), json.dumps(GOOD))
    step = await generated(house, samples=3)
    assert step["data"] == GOOD
    assert (step["samples"], step["attempts"]) == (3, 3)
    # Of the two others one is equal, and one in two of its three fields.
    assert step["confidence"] == pytest.approx((1 + 2 / 3) / 2)


async def test_one_key_is_one_step_and_paid_once(house: Running) -> None:
    says(house, json.dumps(GOOD))
    async with house.http() as http:
        headers = {"Idempotency-Key": "structured-1"}
        first = (await http.post("/api/generate/structured", json=BODY, headers=headers)).raise_for_status().json()
        again = (await http.post("/api/generate/structured", json=BODY, headers=headers)).raise_for_status().json()
        other = await http.post("/api/generate/structured", json={**BODY, "prompt": "Else"}, headers=headers)
    assert first == again
    assert len(house.asked()) == 1
    assert (other.status_code, other.json()["kind"]) == (409, "conflict")


async def test_partial_objects_are_streamed(house: Running) -> None:
    says(house, json.dumps({**GOOD, "tags": [f"tag {number}" for number in range(40)]}), tokens_per_second=200)
    async with house.http() as http:
        events = await events_of(http, "POST", "/api/generate/structured?stream=true", json=BODY)
        again = await events_of(http, "GET", f"/api/steps/{events[0][1]['id']}/events")
    names = [name for name, _ in events]
    partials = [data["data"] for name, data in events if name == "partial"]
    assert (names[0], names[1], names[-1]) == ("start", "attempt", "end")
    assert len(partials) > 3
    assert all(len(one.get("tags", [])) <= len(two.get("tags", [])) for one, two in pairwise(partials))
    assert len(partials[0].get("tags", [])) < 40
    assert len(events[-1][1]["data"]["tags"]) == 40
    assert again[-1] == events[-1]


async def test_a_schema_can_be_named(house: Running) -> None:
    async with house.http() as http:
        stored = await http.put("/api/schemas/endpoint", json=ENDPOINT)
        same = await http.put("/api/schemas/endpoint", json=ENDPOINT)
        assert (stored.status_code, same.status_code, same.json()["version"]) == (201, 200, 1)
        assert [one["name"] for one in (await http.get("/api/schemas")).json()["data"]] == ["endpoint"]
    says(house, json.dumps(GOOD))
    assert (await generated(house, schema="endpoint"))["data"] == GOOD
    assert (await generated(house, schema="endpoint@1"))["data"] == GOOD
    assert (await generated(house, 404, schema="endpoint@2"))["field"] == "schema"


async def test_the_api_documentation_of_a_codebase(house: Running) -> None:
    """The example that the requirements give for structured data."""
    text = {"type": "string"}
    named = {"name": text, "description": text}
    parameter = {"type": "object", "properties": {**named, "type": text, "required": {"type": "boolean"}}}
    response = {"type": "object", "properties": {"status": {"type": "number"}, "description": text, "schema": {}}}
    endpoint = {
        "path": text,
        "method": text,
        "description": text,
        "parameters": {
            "type": "array",
            "items": {**parameter, "required": ["name", "type", "required", "description"]},
        },
        "responses": {"type": "array", "items": {**response, "required": ["status", "description"]}},
    }
    schema = {
        "type": "object",
        "properties": {
            "endpoints": {
                "type": "array",
                "items": {"type": "object", "properties": endpoint, "required": list(endpoint)},
            },
            "schemas": {
                "type": "array",
                "items": {"type": "object", "properties": {**named, "properties": {"type": "object"}}},
            },
        },
        "required": ["endpoints", "schemas"],
    }
    prompt = "Generate API documentation for this fastapi codebase: @app.get('/orders') def orders(limit: int): ..."
    knobs = {"temperature": 0.3, "max_output_tokens": 4000}
    step = await generated(house, prompt=prompt, schema=schema, knobs=knobs)
    assert step["data"]["endpoints"][0]["parameters"][0]["required"] in (True, False)
    assert step["data"]["schemas"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"schema": {"type": "strin"}}, 400, "schema.type"),
        ({"schema": 5}, 400, "schema"),
        ({"schema": {"$ref": "https://evil.example/schema"}}, 400, "schema"),
        ({"schema": {"$ref": "#/$defs/none"}}, 400, "schema"),
        ({"schema": "nowhere"}, 404, "schema"),
        ({"samples": 11}, 400, "samples"),
        ({"corrections": 6}, 400, "corrections"),
        ({"model": "sim:nope-nope"}, 404, "model"),
        ({"prompt": " "}, 400, "prompt"),
        ({"mode": "magic"}, 400, "mode"),
    ],
    ids=range(10),
)
async def test_bad_requests_ask_nobody(house: Running, body: dict[str, Any], status: int, field: str) -> None:
    problem = await generated(house, status, **body)
    assert problem["field"] == field, problem
    assert house.asked() == []


async def test_a_limit_of_cost_keeps_dear_models_out(house: Running) -> None:
    problem = await generated(house, 400, model="openai:gpt-4o", cost_limit="0.000001")
    assert "max_price" in problem["detail"] or "price" in problem["detail"], problem
    assert house.asked() == []


async def test_another_workspace_s_step_is_not_there(house: Running) -> None:
    async with house.http() as http:
        for path in ("0198c0de-0000-7000-8000-000000000001", "nonsense"):
            assert (await http.get(f"/api/steps/{path}")).status_code == httpx2.codes.NOT_FOUND
