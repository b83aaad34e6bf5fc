"""Batches through the vendors' own batch APIs, over the simulator and the real SDKs."""

from decimal import Decimal
from typing import Any

import pytest

from tests.batches.sending import answers, created, done, ended, results, send, turn, until_part
from tests.fixtures.house import Running

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

CHAT, RESPONSES = "openai:gpt-4o-mini", "openai:gpt-5-mini"
CLAUDE, GEMINI = "anthropic:claude-haiku-4-5", "google:gemini-2.5-flash"
VENDORS = {"openai": CHAT, "anthropic": CLAUDE, "google": GEMINI}


async def live_cost(house: Running, model: str, content: str) -> Decimal:
    async with house.http() as http:
        sent = await http.post("/api/turns", json={"model": model, "content": content}, params={"wait": 20})
        turn_id = sent.json()["turn_id"] if "turn_id" in sent.json() else sent.json()["id"]
        told = (await http.get(f"/api/turns/{turn_id}", params={"wait": 20})).json()
    return Decimal(told["result"]["cost"]["total"] if "result" in told else told["cost"]["total"])


async def test_every_vendor_answers_at_half_the_price(house: Running) -> None:
    models = [CHAT, RESPONSES, CLAUDE, GEMINI]
    lines = [turn(f"{model}/{n}", model, f"Say number {n}.") for model in models for n in range(3)]
    batch, told = await done(house, lines)
    assert batch["state"] == "completed"
    assert batch["counts"] == {"total": 12, "completed": 12, "failed": 0, "cancelled": 0, "unfinished": 0}
    assert list(told) == [line["custom_id"] for line in lines]
    assert all(one["state"] == "completed" and one["content"] and one["error"] is None for one in told.values())
    assert [part["state"] for part in batch["parts"]] == ["collected"] * 4
    # One batch for each model, and each request answered once, in a batch.
    assert created(house) == 4
    assert len(answers(house)) == 12
    assert all(call["batch"] for call in answers(house))
    assert batch["cost_usd"] == batch["cost_at_batch_prices_usd"]
    for model in models:
        assert Decimal(told[f"{model}/1"]["cost_usd"]) * 2 == await live_cost(house, model, "Say number 1.")


@pytest.mark.parametrize("vendor", list(VENDORS))
async def test_what_failed_or_expired_is_asked_by_itself(house: Running, vendor: str) -> None:
    house.simulator.scenario({"batch_answered": 3}, match={"endpoint": "batches"}, times=1)
    house.simulator.scenario({"error": {"kind": "overloaded"}}, match={"contains": "number 1."}, times=1)
    lines = [turn(str(n), VENDORS[vendor], f"Say number {n}.") for n in range(5)]
    batch, told = await done(house, lines)
    assert batch["counts"]["completed"] == 5
    in_batches = {call["client_request_id"].rpartition("-")[2] for call in answers(house) if call["batch"]}
    assert in_batches == {"0", "1", "2"}
    live = [call for call in answers(house) if not call["batch"]]
    # Gemini keeps no answers of a batch that expired.
    assert len(live) == (5 if vendor == "google" else 3)
    assert [told[str(n)]["attempts"] for n in range(5)] == ([2] * 5 if vendor == "google" else [1, 2, 1, 2, 2])


async def test_a_batch_that_the_vendor_refuses_is_asked_live(house: Running) -> None:
    house.simulator.scenario({"error": {"kind": "not_found"}}, match={"endpoint": "batches"})
    batch, told = await done(house, [turn("a", CHAT, "Hello."), turn("b", CHAT, "Good day.")])
    assert batch["parts"][0]["state"] == "live"
    assert batch["parts"][0]["message"]
    assert [one["attempts"] for one in told.values()] == [1, 1]
    assert len(answers(house)) == 2
    assert not any(call["batch"] for call in answers(house))


@pytest.mark.parametrize("vendor", list(VENDORS))
async def test_a_batch_whose_creation_was_not_heard_of_is_found_again(house: Running, vendor: str) -> None:
    house.simulator.scenario({"drop_connection": True}, match={"endpoint": "batches"}, times=1)
    batch, _ = await done(house, [turn(str(n), VENDORS[vendor], f"Count {n}.") for n in range(3)])
    assert batch["counts"]["completed"] == 3
    assert batch["parts"][0]["state"] == "collected"
    assert created(house) == 1
    assert len(answers(house)) == 3


async def test_live_mode_and_providers_without_batches_ask_each_turn(house: Running) -> None:
    _, told = await done(house, [turn(str(n), CHAT, f"Say {n}.") for n in range(30)], mode="live")
    assert all(one["state"] == "completed" for one in told.values())
    assert created(house) == 0
    assert len(answers(house)) == 30


async def test_a_turn_that_cannot_be_answered_says_so_in_its_line(house: Running) -> None:
    house.simulator.scenario({"error": {"kind": "content_refused"}}, match={"contains": "the bad one"})
    batch, told = await done(house, [turn("good", CHAT, "Hello."), turn("bad", CHAT, "This is the bad one.")])
    assert batch["state"] == "completed"
    assert batch["counts"]["failed"] == 1
    assert told["bad"]["error"]["kind"] == "content_refused"
    assert told["good"]["content"]


async def test_the_same_key_names_the_same_batch(house: Running) -> None:
    lines = [turn("one", CHAT, "Hello.")]
    async with house.http() as http:
        first = await send(http, lines, key="monday")
        again = await send(http, lines, key="monday")
        other = await send(http, [turn("one", CHAT, "Good day.")], key="monday")
        assert (first.status_code, again.status_code, other.status_code) == (202, 200, 409)
        assert first.json()["id"] == again.json()["id"]
        await ended(http, first.json()["id"])
    assert len(answers(house)) == 1


async def test_a_cancelled_batch_stops_at_the_vendor(house: Running) -> None:
    house.simulator.scenario({"batch_seconds": 3600}, match={"endpoint": "batches"})
    async with house.http() as http:
        sent = await send(http, [turn(str(n), CLAUDE, f"Say {n}.") for n in range(4)])
        batch_id = sent.json()["id"]
        await until_part(http, batch_id, "submitted")
        assert (await http.post(f"/api/batches/{batch_id}/cancel")).status_code == 202
        batch = await ended(http, batch_id)
        told = await results(http, batch_id)
    assert batch["state"] == "cancelled"
    assert batch["counts"]["cancelled"] == 4
    assert {one["error"]["kind"] for one in told.values()} == {"cancelled"}
    assert answers(house) == []


async def test_lines_of_openai_batches_are_taken(house: Running) -> None:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello."}]}
    line = {"custom_id": "theirs", "method": "POST", "url": "/v1/chat/completions", "body": body}
    _, told = await done(house, [line])
    assert told["theirs"]["model"] == CHAT
    assert told["theirs"]["content"]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"custom_id": "x"}, "line 2"),
        ({"custom_id": "good", "turn": {"content": "Hello."}}, "line 2: custom_id"),
        ({"turn": {"content": " "}}, "line 2: content"),
        ({"turn": {"content": "Hello.", "model": "openai:gtp-4o-mini"}}, "line 2: model"),
        ({"run": {"pipeline": "nothing"}}, None),
    ],
    ids=["nothing", "twice", "empty", "model", "pipeline"],
)
async def test_a_bad_line_is_named_and_nothing_is_accepted(
    house: Running, line: dict[str, Any], field: str | None
) -> None:
    async with house.http() as http:
        before = (await http.get("/api/batches")).json()["data"]
        refused = await send(http, [turn("good", CHAT, "Hello."), line])
        assert refused.status_code in (400, 404)
        if field is not None:
            assert refused.json()["field"] == field
        assert (await http.get("/api/batches")).json()["data"] == before
