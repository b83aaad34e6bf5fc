"""Going on from what a run has: retried in place, forked from a step, compared, watched."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from tests.runs.acting import Document, Runs, states

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]


def agent(name: str, prompt: str, **more: Any) -> Document:
    return {"id": name, "kind": "agent", "prompt": prompt, **more}


async def fork(runs: Runs, run_id: str, body: Document) -> Document:
    answer = await runs.http.post(f"/api/runs/{run_id}/fork", json=body)
    assert answer.status_code == httpx2.codes.ACCEPTED, answer.text
    return await runs.completed(answer.json()["id"])


async def test_a_failed_run_goes_on_where_it_failed(runs: Runs) -> None:
    away = runs.house.simulator.scenario({"error": {"kind": "invalid_request"}}, match={"contains": "second 1"})
    inner = [agent("a", "first {{ item }}"), agent("b", "second {{ item }} {{ a.result }}")]
    steps = [
        agent("before", "before"),
        {"id": "m", "kind": "map", "over": [0, 1, 2], "concurrency": 1, "needs": ["before"], "steps": inner},
        agent("after", "after", needs=["m"]),
    ]
    run = await runs.run(steps)
    assert (run["state"], run["error"]["step"]) == ("failed", "m")
    # Item 0 whole, item 1 up to what failed.
    assert run["turns"] == 1 + 2 + 2
    runs.house.simulator.remove_scenario(away)
    await runs.act(run["id"], "retry")
    again = await runs.completed(run["id"])
    assert again["generation"] == 2
    assert again["turns"] == run["turns"] + 1 + 2 + 1
    assert states(again) == {"before": "completed", "m": "completed", "a": None, "b": None, "after": "completed"}
    assert {one["id"]: one.get("states") for one in again["steps"]}["b"] == {"completed": 3}
    assert (await runs.step(run["id"], "b.1"))["attempt"] == 2
    assert (await runs.act(run["id"], "retry", status=409))["kind"] == "conflict"


async def test_a_run_that_was_stopped_goes_on(runs: Runs) -> None:
    steps = [agent("a", "said once"), {"id": "ok", "kind": "approval", "needs": ["a"], "value": "{{ a.result }}"}]
    run_id = await runs.begin(steps)
    await runs.awaits(run_id, "ok")
    await runs.act(run_id, "cancel")
    await runs.ended(run_id)
    await runs.act(run_id, "retry")
    await runs.awaits(run_id, "ok")
    await runs.act(run_id, "approve")
    assert (await runs.completed(run_id))["turns"] == 1


async def test_a_budget_is_raised_and_the_run_goes_on(runs: Runs) -> None:
    run = await runs.run([agent("a", "one"), agent("b", "two {{ a.result }}")], budget={"calls": 1})
    assert run["error"]["kind"] == "budget_exceeded"
    answer = await runs.http.patch(f"/api/runs/{run['id']}", json={"budget": {"calls": 2}})
    assert answer.status_code == 202, answer.text
    await runs.act(run["id"], "retry")
    assert (await runs.completed(run["id"]))["calls"] == 2


async def test_a_fork_uses_what_came_before(runs: Runs) -> None:
    steps = [
        agent("a", "first {{ topic }}"),
        agent("b", "second {{ a.result }}"),
        agent("c", "third {{ b.result }}"),
        agent("side", "aside {{ a.result }}"),
    ]
    outputs = {name: "{{ " + name + ".result }}" for name in ("a", "b", "c", "side")}
    run = await runs.run(steps, {"topic": "tea"}, inputs={"topic": "string"}, outputs=outputs)
    edits = {"b": {"prompt": "otherwise {{ a.result }}", "model": "sim:sim-echo"}}
    other = await fork(runs, run["id"], {"step": "b", "edits": edits})
    assert other["forked_from"] == {"run": run["id"], "step": "b"}
    assert other["turns"] == 2
    assert {one["id"]: one["reused"] for one in other["steps"]} == {"a": True, "b": False, "c": False, "side": True}
    assert other["output"]["a"] == run["output"]["a"]
    assert other["output"]["b"] == f"Simulated answer: otherwise {run['output']['a']}"
    compared = (await runs.http.get(f"/api/runs/{run['id']}/compare/{other['id']}")).json()
    assert {one["step"]: one["same"] for one in compared["steps"]}["a"]
    assert not {one["step"]: one["same"] for one in compared["steps"]}["b"]
    assert not compared["output"]["same"]
    corrected = await fork(runs, other["id"], {"step": "b", "result": "as I say"})
    assert corrected["turns"] == 1
    assert corrected["output"]["b"] == "as I say"


async def test_a_fork_from_within_a_map_runs_the_map_anew(runs: Runs) -> None:
    inner = [{"id": "x", "kind": "transform", "template": "{{ item }}{{ a.result | length > 0 }}"}]
    steps = [agent("a", "first"), {"id": "m", "kind": "map", "over": "{{ many }}", "steps": inner}]
    run = await runs.run(steps, {"many": [1]}, inputs={"many": "array"})
    other = await fork(runs, run["id"], {"step": "x", "input": {"many": [1, 2]}})
    assert (other["turns"], other["output"]["result"]) == (0, ["1true", "2true"])


async def test_an_edit_has_to_fit(runs: Runs) -> None:
    run = await runs.run([agent("a", "one"), agent("b", "two {{ a.result }}")])
    for body, field in (
        ({"step": "nobody"}, "step"),
        ({"step": "b", "edits": {"a": {"prompt": "x"}}}, "edits.a"),
        ({"step": "b", "edits": {"b": {"prompt": "{{ nobody.result }}"}}}, "steps.1.prompt"),
        ({"step": "b", "edits": {"b": {"colour": "x"}}}, "edits.b.colour"),
        ({"step": "b", "input": {"x": 1}}, "input.x"),
    ):
        answer = await runs.http.post(f"/api/runs/{run['id']}/fork", json=body)
        assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text


async def _events(runs: Runs, run_id: str, after: str = "", *, most: int = 10_000) -> list[tuple[str, Document, str]]:
    """(name, data, id) of the events to the end, or so many."""
    found: list[tuple[str, Document, str]] = []
    headers = {"Last-Event-ID": after} if after else {}
    name = position = ""
    async with asyncio.timeout(60), runs.http.stream("GET", f"/api/runs/{run_id}/events", headers=headers) as answer:
        assert answer.status_code == httpx2.codes.OK
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                position = line[4:]
            elif line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                found.append((name, json.loads(line[6:]), position))
                if len(found) >= most:
                    break
    return found


async def test_a_run_can_be_watched_and_the_watching_resumed(runs: Runs) -> None:
    steps = [
        agent("a", "first", model="sim:sim-tokens-40-rate-60"),
        {"id": "ok", "kind": "approval", "value": "{{ a.result }}"},
        {"id": "m", "kind": "map", "over": [1, 2], "needs": ["ok"], "steps": [agent("b", "in {{ item }}")]},
    ]
    run_id = await runs.begin(steps)
    first = await _events(runs, run_id, most=8)
    assert {name for name, _, _ in first} >= {"run", "step", "turn"}
    watching = asyncio.create_task(_events(runs, run_id, first[-1][2]))
    await runs.awaits(run_id, "ok")
    await runs.act(run_id, "approve")
    run = await runs.completed(run_id)
    rest = await watching
    every = first + rest
    assert every[-1][0] == "end"
    assert every[-1][1]["state"] == "completed"
    told = [(one["key"], one["state"]) for name, one, _ in every if name == "step"]
    assert told == list(dict.fromkeys(told))
    assert {
        ("a", "completed"),
        ("ok", "waiting"),
        ("ok", "completed"),
        ("b.0", "completed"),
        ("m", "completed"),
    } <= set(told)
    said = dict.fromkeys((one["turn"] for name, one, _ in every if name == "turn"), "")
    for name, one, _ in every:
        if name == "turn" and one["event"] == "text":
            said[one["turn"]] += one["text"]
    items = (await runs.step(run_id, "m"))["output"]["result"]
    whole = [(await runs.step(run_id, "a"))["output"]["result"], *items]
    assert sorted(said.values()) == sorted(whole), "of every agent all of it, once, however short"
    assert [one["action"] for name, one, _ in every if name == "act"] == ["approved"]
    answer = await runs.http.get(f"/api/runs/{run['id']}/events", headers={"Last-Event-ID": every[-1][2]})
    assert answer.status_code == httpx2.codes.NO_CONTENT
    wrong = await runs.http.get(f"/api/runs/{run['id']}/events", params={"after": "x~y"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "after")
